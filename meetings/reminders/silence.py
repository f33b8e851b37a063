"""Silence procedures: at half-time, and on the last day, which does not wait for the morning. That one has opened and
how it ended are mails of their own (``notices.silence``)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator

from django.utils import timezone
from django.utils.translation import gettext_lazy

from iwg_portal.base.dates import date_format
from iwg_portal.base.marks import zone as zone_word
from iwg_portal.reminders import clock, plans
from iwg_portal.reminders.registry import Due, Line, reminds
from meetings.access import replies
from meetings.access.silence import audience_when_circulated, visible_circulations
from meetings.enums import CirculationState
from meetings.models import Circulation, Position
from meetings.notices.meetings import address
from members.access import viewer_for
from members.access.viewer import viewers
from members.models import Person

LAST_DAY = dt.timedelta(hours=24)


def silence_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    """The hour by her clocks. It names no meeting, no state and no word of the record."""
    viewer, found, say = viewer_for(person), {}, plans.sayings(replies.SILENCE)
    answers = replies.speaks_for(viewer) is not None and replies.answers_by_mail(viewer)
    for row in visible_circulations(viewer).filter(pk__in=targets).select_related("record"):
        local = timezone.localtime(row.deadline)
        text = say("until", until=date_format(local, "DATETIME_FORMAT"), zone=zone_word(local))
        found[str(row.pk)] = Line(text, address("silence", row.record.meeting_id), local.date(), answers, row.deadline)
    return found


@reminds(
    replies.SILENCE,
    about=Circulation,
    lines=silence_lines,
    says={
        "until": gettext_lazy(
            "A record is adopted by silence on %(until)s %(zone)s. Your state has neither agreed nor objected so far."
        )
    },
    title=gettext_lazy("Silence procedure"),
    rule=gettext_lazy("To those concerned who have not answered, at half-time and on the last day."),
    may_be_urgent=True,
)
def silence(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """To the delegations that would read the record and have said nothing; who has, is left in peace. Three queries."""
    rows = Circulation.objects.filter(state=CirculationState.OPEN, opened_at__lte=now, deadline__gt=now)
    if only is not None:
        rows = rows.filter(pk__in=only)
    coming = [(row, step) for row in rows.select_related("record__meeting").order_by("pk") if (step := _step(row, now))]
    if not coming:
        return
    spoken: dict[int, set[int]] = defaultdict(set)
    said = Position.objects.filter(circulation__in=[row for row, _step in coming]).order_by()
    for circulation, state in said.values_list("circulation", "state"):
        spoken[circulation].add(state)
    everybody = [(viewer, viewer.person) for viewer, _sent_by in viewers(clock.today(now)) if viewer.own_states]
    for row, step in coming:
        audience, key = audience_when_circulated(row.record.meeting), f"{row.deadline:%Y-%m-%d %H:%M} {step}"
        for viewer, person in everybody:
            if person and audience in viewer.reads and not viewer.own_states <= spoken[row.pk]:
                yield Due(str(row.pk), person.pk, key, urgent=step == "last")


def _step(row: Circulation, now: dt.datetime) -> str:
    if now >= row.deadline - LAST_DAY:
        return "last"
    return "half" if now >= row.opened_at + (row.deadline - row.opened_at) / 2 else ""
