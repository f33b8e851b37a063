"""What focal points are reminded of: a status that is older than a year, and a round without their state. And what a
digest tells of status and figures."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capabilities.access import visible_assessments, visible_rounds, visible_status
from capabilities.enums import AssessmentState
from capabilities.models import Assessment, Round, StatusReport
from iwg_portal.reminders import clock, plans
from iwg_portal.reminders.digests import News, Only, address, followable, topic
from iwg_portal.reminders.registry import Due, Line, Steps, reminds, steps_of
from members.access import viewer_for, visible_member_states
from members.access.viewer import viewers
from members.enums import Audience
from members.models import Person

STATUS, ROUND = "capabilities.status", "capabilities.round"
OLD = 365  # days since the statement


def _focal_points(on: dt.date) -> dict[int, list[int]]:
    """Of each member state. One query."""
    found: dict[int, list[int]] = defaultdict(list)
    pairs = [(viewer.person, state) for viewer, _sent_by in viewers(on) for state in viewer.focal_states]
    for person, state in pairs:
        found[state] += [person.pk] if person else []
    return found


def status_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    """Not what the status is; of which states it speaks, she knows."""
    rows = visible_status(viewer_for(person)).filter(pk__in=targets).select_related("state").order_by("pk")
    say = plans.sayings(STATUS)
    return {
        str(row.pk): Line(
            say("old", kind=row.get_kind_display()),
            address("status_update", row.state.alpha2.lower(), row.kind),
            row.as_of,
        )
        for row in rows
    }


@reminds(
    STATUS,
    about=StatusReport,
    lines=status_lines,
    says={
        "old": gettext_lazy(
            "The %(kind)s status of your state was stated more than twelve months ago. Please say how it is now."
        )
    },
    title=gettext_lazy("Status that is older than a year"),
    rule=gettext_lazy("To the focal points of the state; counted from the day to which the status refers."),
    steps=Steps((OLD, OLD + 30), 90, lowest=OLD, highest=3 * OLD),
)
def status(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """Current reports whose statement is older than a year, for the focal points of their state. Three queries."""
    today, steps = clock.today(now), plans.steps(STATUS)
    rows = StatusReport.objects.filter(is_current=True, as_of__lte=today - dt.timedelta(days=steps.offsets[0]))
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = list(rows.order_by("pk").values_list("pk", "state", "as_of"))
    people = _focal_points(today) if found else {}
    for pk, state, as_of in found:
        yield from steps_of(pk, people.get(state, ()), as_of, today, steps)


def round_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    rows = visible_rounds(viewer_for(person)).filter(pk__in=targets)
    say = plans.sayings(ROUND)
    return {str(row.pk): Line(say("missing", year=row.year), address("region"), row.reference_date) for row in rows}


@reminds(
    ROUND,
    about=Round,
    lines=round_lines,
    says={"missing": gettext_lazy("Your state has given no answers to the round %(year)s yet.")},
    title=gettext_lazy("Round without data of a state"),
    rule=gettext_lazy("To the focal points of the state; counted from the day to which the round refers."),
    steps=Steps((-30, -7, 7, 30), highest=180),
)
def round_without_data(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """The newest round, for the focal points of each state that has not even a draft in it. Four queries."""
    today = clock.today(now)
    newest = Round.objects.filter(is_published=True).order_by("-year").first()
    if newest is None or (only is not None and str(newest.pk) not in only):
        return
    given = set(Assessment.objects.filter(round=newest).order_by().values_list("state", flat=True))
    owing = sorted(
        {person for state, people in _focal_points(today).items() if state not in given for person in people}
    )
    yield from steps_of(newest.pk, owing, newest.reference_date, today, plans.steps(ROUND))


# -- Digests ---------------------------------------------------------------------------------------------------------


@followable("states", title=gettext_lazy("Only some states (API and PNR status)"), order=30)
def states(person: Person) -> list[tuple[str, str]]:
    rows = visible_member_states(viewer_for(person)).order_by("sort_name", "alpha2")
    return [(state.alpha2, state.name) for state in rows]


@topic("capabilities.status", title=gettext_lazy("API and PNR status"), order=60, page="region")
def new_status(person: Person, since: dt.datetime, until: dt.datetime, only: Only) -> Iterator[News]:
    """States that reported anew, not what: named where the whole group reads their report."""
    rows = visible_status(viewer_for(person)).filter(is_current=True, recorded_at__gt=since, recorded_at__lte=until)
    if only.get("states"):
        rows = rows.filter(state__alpha2__in=sorted(only["states"]))
    kinds: dict[Any, list[str]] = defaultdict(list)
    hidden = False
    for row in rows.select_related("state").order_by("state__sort_name", "state_id", "kind"):
        if row.audience in (Audience.GROUP, Audience.PUBLIC):
            kinds[row.state].append(str(row.get_kind_display()))
        else:
            hidden = True
    for state, names in kinds.items():
        text = _("%(state)s reported its status anew (%(kinds)s).") % {"state": state.name, "kinds": ", ".join(names)}
        yield News(text, address("profile", state.alpha2.lower()))
    if hidden:
        yield News(_("There are new reports of status that are not for the whole group."), address("region"))


@topic("capabilities.figures", title=gettext_lazy("Figures"), order=70, page="region")
def new_figures(person: Person, since: dt.datetime, until: dt.datetime, only: Only) -> Iterator[News]:
    """Rounds of which an assessment was published that she reads; not whose."""
    rows = visible_assessments(viewer_for(person)).filter(
        status=AssessmentState.PUBLISHED, published_at__gt=since, published_at__lte=until
    )
    for year in sorted(set(rows.order_by().values_list("round__year", flat=True))):
        yield News(_("New figures of the round %(year)s were published.") % {"year": year}, address("region"))
