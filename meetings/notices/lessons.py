"""Mail about lessons: one waits for the secretariat; yours is approved. Neither says which lesson, or whose.

Both are about the row of the raw text, whose number stands on no page: who looks after the outgoing mail does not read
from it which state shared which lesson.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from iwg_portal.mail import kinds, outbox
from iwg_portal.mail.models import OutboxMail
from meetings.access import lessons as access
from meetings.enums import LessonState, TextKind
from meetings.models import Lesson, LessonText
from members.access import viewer_for
from members.enums import Role
from members.models import Person, current


def lesson_submitted(lesson: Lesson, by: Person | None) -> None:
    """To everybody in the secretariat who may approve it, but not to who submitted it."""
    holders = Person.objects.filter(
        current(timezone.localdate(), "terms__"), terms__role=Role.SECRETARIAT, is_active=True
    )
    for person in holders.distinct().order_by("pk"):
        if person != by and access.can_approve(viewer_for(person), lesson):
            outbox.queue(
                "meetings.lesson_submitted", target=_raw(lesson), to=person, occurrence=f"version {lesson.version}"
            )


def lesson_approved(lesson: Lesson, by: Person | None) -> None:
    """To who shared it, if she still sees it."""
    author = lesson.shared_by
    if author != by and access.visible_lessons(viewer_for(author)).filter(pk=lesson.pk).exists():
        outbox.queue("meetings.lesson_approved", target=_raw(lesson), to=author)


def lesson_cancelled(lesson: Lesson) -> None:
    """What is planned is not sent any more."""
    outbox.cancel(target=_raw(lesson))


def _raw(lesson: Lesson) -> LessonText:
    return lesson.texts.get(kind=TextKind.RAW)


def _lesson(mail: OutboxMail) -> Lesson | None:
    text = LessonText.objects.select_related("lesson").filter(pk=mail.target_id).first()
    return text.lesson if text else None


def _address(lesson: int) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('lesson', args=[lesson])}"


def _sample() -> dict[str, Any]:
    return {"link": _address(1)}


@kinds.kind("meetings.lesson_submitted", title=gettext_lazy("A lesson waits for your approval"), sample=_sample)
def submitted_mail(mail: OutboxMail) -> dict[str, Any] | None:
    lesson = _lesson(mail)
    if lesson is None or mail.recipient is None or not access.can_approve(viewer_for(mail.recipient), lesson):
        return None
    return {"link": _address(lesson.pk)}


@kinds.kind("meetings.lesson_approved", title=gettext_lazy("Your lesson is approved"), sample=_sample)
def approved_mail(mail: OutboxMail) -> dict[str, Any] | None:
    lesson = _lesson(mail)
    if lesson is None or lesson.status != LessonState.APPROVED or mail.recipient is None:
        return None
    visible = access.visible_lessons(viewer_for(mail.recipient)).filter(pk=lesson.pk)
    return {"link": _address(lesson.pk)} if visible.exists() else None
