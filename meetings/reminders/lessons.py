"""Lessons that wait for the secretariat's approval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from django.db.models import Max
from django.utils.translation import gettext_lazy

from iwg_portal.activity.models import Event
from iwg_portal.reminders import clock, plans
from iwg_portal.reminders.registry import Due, Line, Steps, reminds, steps_of
from meetings.access.lessons import visible_lessons
from meetings.enums import LessonState
from meetings.models import Lesson
from meetings.notices.meetings import address
from members.access import viewer_for
from members.access.viewer import viewers
from members.models import Person

KIND = "meetings.lesson"
STEPS = Steps((3,), 7, lowest=1, highest=90)  # days since it was submitted, and then each week


def lesson_lines(person: Person, targets: Collection[str], now: dt.datetime) -> dict[str, Line]:
    """Neither which lesson, nor whose."""
    rows = visible_lessons(viewer_for(person)).filter(pk__in=targets, status=LessonState.SUBMITTED).order_by("pk")
    say = plans.sayings(KIND)
    return {str(row.pk): Line(say("waits"), address("lesson", row.pk), clock.today(now)) for row in rows}


@reminds(
    KIND,
    about=Lesson,
    lines=lesson_lines,
    says={"waits": gettext_lazy("A lesson waits for your approval.")},
    title=gettext_lazy("Lesson that waits for approval"),
    rule=gettext_lazy("To the secretariat; counted from the day on which the lesson was submitted."),
    steps=STEPS,
)
def lesson(now: dt.datetime, only: Collection[str] | None = None) -> Iterator[Due]:
    """To everybody in the secretariat. When it was submitted, the log knows; of older ones the day of their sharing."""
    rows = Lesson.objects.filter(status=LessonState.SUBMITTED)
    if only is not None:
        rows = rows.filter(pk__in=only)
    waiting = dict(rows.order_by("pk").values_list("pk", "shared_at"))
    if not waiting:
        return
    events = Event.objects.filter(
        kind="lesson.submitted", target_type=Lesson._meta.label_lower, target_id__in=[str(pk) for pk in waiting]
    )
    submitted = dict(events.values("target_id").annotate(at=Max("at")).values_list("target_id", "at"))
    everybody = viewers(clock.today(now))
    people = sorted(viewer.person.pk for viewer, _sent_by in everybody if viewer.person and viewer.in_secretariat)
    steps = plans.steps(KIND)
    for pk, shared_at in waiting.items():
        day = clock.today(submitted.get(str(pk), shared_at))
        yield from steps_of(pk, people, day, clock.today(now), steps)
