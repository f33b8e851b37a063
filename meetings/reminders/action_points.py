"""Action points: before they are due, on the day, and while they are late. Who holds the row is reminded; where nobody
does, the focal points of the state; and these too after two reminders that were not answered by a report."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from django.db.models import Max
from django.utils.translation import gettext_lazy

from iwg_portal.base.dates import date_format
from iwg_portal.reminders import clock, ledger, plans
from iwg_portal.reminders.registry import Due, Line, Steps, reminds
from meetings.access import replies
from meetings.access.action_points import in_office, visible_owners, with_holding
from meetings.models import ActionOwner, ActionReport
from meetings.notices.meetings import address
from meetings.queries.action_points import shared_only, unfinished
from members.access import viewer_for
from members.enums import Role
from members.models import Person

KIND = replies.ACTION
STEPS = Steps((-14, -3, 0, 7, 14, 21, 28), 30, highest=90)  # days from the due date
SILENCES = 2
REMEMBERED = dt.timedelta(days=120)

Place = tuple[int | None, int | None]  # the ids of a state, or of an organisation


@dataclass
class Office:
    """Who sits in one delegation or works for one organisation today."""

    people: set[int] = field(default_factory=set)
    focal_points: set[int] = field(default_factory=set)

    @property
    def chiefs(self) -> set[int]:
        """Who answers for a row that nobody holds. Observers and organisations have no focal point: all of them."""
        return self.focal_points or self.people


def action_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    """It names no meeting and no word of a record, as every mail about action points. Three queries."""
    viewer = viewer_for(person)
    rows = with_holding(unfinished(visible_owners(viewer).filter(pk__in=targets))).order_by("pk")
    today, by_mail, say = clock.today(now), replies.answers_by_mail(viewer), plans.sayings(KIND)
    found = {}
    for row in rows:
        name = ("own" if row.holder_id == person.pk else "others") + ("_late" if row.due < today else "")
        text = say(name, day=date_format(row.due, "DATE_FORMAT"))
        answers = by_mail and replies.can_answer_for(viewer, row)
        found[str(row.pk)] = Line(text, address("action", row.action_id), row.due, answers)
    return found


SAYS = {
    "own": gettext_lazy("An action point that you hold is due on %(day)s."),
    "own_late": gettext_lazy("An action point that you hold is overdue since %(day)s."),
    "others": gettext_lazy("An action point that your state or organisation owns is due on %(day)s."),
    "others_late": gettext_lazy("An action point that your state or organisation owns is overdue since %(day)s."),
}


@reminds(
    KIND,
    about=ActionOwner,
    lines=action_lines,
    says=SAYS,
    title=gettext_lazy("Action point"),
    rule=gettext_lazy(
        "To who holds it, else to the focal points of the owner; after two reminders without a report to the focal "
        "points too. Counted from the day on which it is due."
    ),
    steps=STEPS,
)
def action_points(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """Unfinished rows of records that were put to the members. A date in the past counts too. Five queries."""
    today, steps = clock.today(now), plans.steps(KIND)
    rows = unfinished(ActionOwner.objects.filter(is_removed=False, action__block__is_removed=False))
    rows = shared_only(rows).filter(due__lte=today - dt.timedelta(days=steps.offsets[0]))
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = list(rows.order_by("pk").values_list("pk", "due", "state", "organisation", "holder"))
    if not found:
        return
    offices, silent = _offices(), _Silence(now)
    for pk, due, state, organisation, holder in found:
        offset = clock.reached(due, today, steps.offsets, steps.every)
        office = offices.get((state, organisation))
        if offset is None or office is None:
            continue
        step = clock.step_key(due, offset)
        people = {holder} if holder in office.people else office.chiefs
        if offset > 0 and silent.about(str(pk), step):
            people = people | office.focal_points
        for person in people:
            yield Due(str(pk), person, step)


def _offices() -> dict[Place, Office]:
    found: dict[Place, Office] = defaultdict(Office)
    for person, role, state, organisation in in_office().values_list("person", "role", "state", "organisation"):
        office = found[state, organisation]
        office.people.add(person)
        if role == Role.FOCAL_POINT:
            office.focal_points.add(person)
    return found


class _Silence:
    """How many reminders, the step in question aside, went out since the owner last reported."""

    def __init__(self, now: dt.datetime) -> None:
        told = ledger.times_told(KIND, now - REMEMBERED)
        self.told = {target: times for target, times in told.items() if len(times) >= SILENCES}
        reports = ActionReport.objects.filter(owner__in=list(self.told)).values("owner").annotate(last=Max("at"))
        self.reports = {str(owner): last for owner, last in reports.values_list("owner", "last")}

    def about(self, target: str, step: str) -> bool:
        since = self.reports.get(target)
        unanswered = [at for told, at in self.told.get(target, ()) if told != step and (since is None or at > since)]
        return len(unanswered) >= SILENCES
