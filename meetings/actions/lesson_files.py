"""Files of a lesson. What its owner attaches is for the owner and the secretariat; the approval publishes copies.

A copy belongs to the group and bears a number for a name: nothing about it says which state sent it.
"""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from iwg_portal.base.uploads import Checked, Refused, check, storage
from meetings.access import lessons as access
from meetings.enums import LessonState
from meetings.models import Lesson
from members.access import Viewer
from members.actions.files import attach_file, withdraw_files_of
from members.enums import Audience
from members.models import StoredFile

MOST = 10


@transaction.atomic
def attach_to_lesson(*, lesson: Lesson, checked: Checked, title: str, language: str, by: Viewer) -> StoredFile:
    """To what is not approved yet. Raises ``PermissionDenied``, ``ValidationError`` (too many; code ``closed``: it
    went on meanwhile, and its files are not hers to add to any more), ``OSError`` (disk). Side effects: a file on the
    disk; an event."""
    lesson = Lesson.objects.select_for_update(of=("self",)).select_related("state").get(pk=lesson.pk)
    if not access.can_attach(by, lesson):
        if lesson.status != LessonState.DRAFT and access.reads_raw(by, lesson):
            raise ValidationError(_("The lesson was submitted meanwhile; its files are closed."), "closed")
        raise PermissionDenied
    if access.visible_lesson_files(by, lesson).count() >= MOST:
        raise ValidationError(_("A lesson has at most %(most)s files.") % {"most": MOST})
    return attach_file(
        checked=checked,
        title=title,
        by=by,
        audience=Audience.SECRETARIAT,
        language=language,
        state=lesson.state,
        parent=lesson,
    )


@transaction.atomic
def remove_from_lesson(*, lesson: Lesson, file: UUID, by: Viewer) -> None:
    """Raises ``PermissionDenied``. Side effects: an event; the file leaves the disk."""
    lesson = Lesson.objects.select_for_update(of=("self",)).get(pk=lesson.pk)
    held = access.visible_lesson_files(by, lesson).filter(pk=file).first()
    if held is None or not access.can_remove_file(by, lesson, held):
        raise PermissionDenied
    withdraw_files_of(parent=lesson, by=by, only=file)


@transaction.atomic
def publish_files(*, lesson: Lesson, titles: dict[str, str], by: Viewer) -> int:
    """For the action that approves a lesson, which has checked the right: copies of the newest versions of the files
    named by id, each with its title. Returns how many. Raises ``ValidationError``, ``OSError``. Side effects: files on
    the disk; events."""
    chosen = access.visible_lesson_files(by, lesson).filter(pk__in=titles).with_versions().order_by("created_at", "id")
    for number, file in enumerate(chosen, start=1):
        version = file.versions_shown[0]  # type: ignore[attr-defined]
        content = b"".join(storage.pieces(version.storage_name))
        try:
            checked = check(content, f"lesson-{lesson.pk}-{number}.{version.name.rpartition('.')[2]}")
        except Refused as refusal:
            raise ValidationError(str(refusal)) from None
        attach_file(
            checked=checked,
            title=titles[str(file.pk)],
            by=by,
            audience=lesson.audience,
            language=file.language,
            parent=lesson,
        )
    return len(chosen)
