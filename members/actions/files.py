"""Keep a checked file, add a version, change who reads it, withdraw it.

The bytes are on the disk before their row is written: a row never points to a missing file. What a crash or a rolled
back transaction leaves behind is swept after a day.
"""

from __future__ import annotations

import logging
import uuid

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, Model
from django.forms import BaseForm
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.activity.log import record
from iwg_portal.base.uploads import Checked, storage
from iwg_portal.base.uploads.detector import detectors_in
from members import access
from members.access import Viewer
from members.enums import Audience
from members.models import FileVersion, State, StoredFile

STRAY_AFTER = 86_400  # seconds
_NARROWEST_FIRST = [str(audience) for audience in Audience]

logger = logging.getLogger(__name__)


@transaction.atomic
def store_file(
    *,
    checked: Checked,
    title: str,
    by: Viewer,
    audience: str = Audience.SECRETARIAT,
    language: str = "",
    state: State | None = None,
    parent: Model | None = None,
) -> StoredFile:
    """Keep a file of ``state`` (None: the group), attached to ``parent`` (a record with an audience) or on its own.

    Raises ``PermissionDenied``, ``ValidationError`` (also where it would be wider than its parent), ``OSError`` (disk).
    Side effects: a file on the disk; an event.
    """
    if not access.can_store_file(by, state):
        raise PermissionDenied
    return attach_file(
        checked=checked, title=title, by=by, audience=audience, language=language, state=state, parent=parent
    )


@transaction.atomic
def attach_file(
    *,
    checked: Checked,
    title: str,
    by: Viewer,
    audience: str,
    language: str = "",
    state: State | None = None,
    parent: Model | None = None,
) -> StoredFile:
    """The same for the action of a record whose own rules say who may attach files to it: it has checked the right and
    holds the transaction."""
    if by.person is None:
        raise PermissionDenied
    file = StoredFile(
        state=state,
        audience=audience,
        title=title,
        language=language,
        parent_type=parent._meta.label_lower if parent else "",
        parent_id=str(parent.pk) if parent else "",
        uploaded_by=by.person,
    )
    _check_parent(file)
    file.full_clean()
    file.save()
    _append(file, checked, by)
    record("file.stored", by=by.person, target=file, state=state, audience=audience)
    return file


@transaction.atomic
def add_version(*, file: StoredFile, checked: Checked, by: Viewer) -> FileVersion:
    """The next version. Raises ``PermissionDenied``, ``ValidationError`` (the same bytes again), ``OSError``. Side
    effects: a file on the disk; an event."""
    file = _locked(file, by)
    newest = file.versions.order_by("-number").first()
    if newest and newest.sha256 == checked.sha256:
        raise ValidationError(_("This is the same file as version %(number)s."), "same", {"number": newest.number})
    version = _append(file, checked, by)
    record("file.version_added", by=by.person, target=file, state=file.state, version=version.number)
    return version


@transaction.atomic
def set_file_audience(*, file: StoredFile, audience: str, by: Viewer) -> None:
    """Raises ``PermissionDenied``, ``ValidationError`` (wider than its parent). Side effects: an event."""
    file = _locked(file, by)
    if file.audience == audience:
        return
    before, file.audience = file.audience, audience
    _check_parent(file)
    file.full_clean()
    file.save(update_fields=["audience"])
    record("file.audience_changed", by=by.person, target=file, state=file.state, before=before, audience=audience)


@transaction.atomic
def narrow_files_of(*, parent: Model, audience: str, by: Viewer) -> int:
    """For the action that narrows a record: no file of it stays wider than ``audience``. The caller has checked the
    right and holds the transaction. Returns how many were narrowed. Side effects: events."""
    files = StoredFile.objects.select_for_update(of=("self",)).filter(
        parent_type=parent._meta.label_lower,
        parent_id=str(parent.pk),
        audience__in=_NARROWEST_FIRST[_NARROWEST_FIRST.index(audience) + 1 :],
    )
    count = 0
    for file in files.order_by("pk"):
        before, file.audience = file.audience, audience
        file.save(update_fields=["audience"])
        record("file.audience_changed", by=by.person, target=file, state=file.state, before=before, audience=audience)
        count += 1
    return count


@transaction.atomic
def widen_files_of(*, parent: Model, before: str, audience: str, by: Viewer) -> int:
    """For the action that has widened a record: its files that everybody read who read the record (``before``) are read
    by its new readers too; narrower ones stay. The caller has checked the right. Returns how many. Side effects:
    events."""
    files = StoredFile.objects.select_for_update(of=("self",)).filter(
        parent_type=parent._meta.label_lower, parent_id=str(parent.pk), audience=before, withdrawn_at=None
    )
    count = 0
    for file in files.order_by("pk"):
        file.audience = audience
        _check_parent(file)
        file.save(update_fields=["audience"])
        record("file.audience_changed", by=by.person, target=file, state=file.state, before=before, audience=audience)
        count += 1
    return count


@transaction.atomic
def withdraw_files_of(*, parent: Model, by: Viewer, only: uuid.UUID | None = None) -> int:
    """For the action that withdraws a record (all its files), or takes one file from it (``only``). The caller has
    checked the right and holds the transaction. Returns how many. Side effects: events; files leave the disk."""
    files = StoredFile.objects.select_for_update(of=("self",)).filter(
        parent_type=parent._meta.label_lower, parent_id=str(parent.pk), withdrawn_at=None
    )
    if only is not None:
        files = files.filter(pk=only)
    count = 0
    for file in files.order_by("pk"):
        _withdraw(file, by)
        count += 1
    return count


@transaction.atomic
def withdraw_file(*, file: StoredFile, by: Viewer) -> None:
    """The row stays, the bytes of every version go after the commit. Raises ``PermissionDenied``. Side effects: an
    event; files leave the disk."""
    _withdraw(_locked(file, by), by)


def _withdraw(file: StoredFile, by: Viewer) -> None:
    file.withdrawn_at, file.withdrawn_by = timezone.now(), by.person
    file.full_clean()
    file.save(update_fields=["withdrawn_at", "withdrawn_by"])
    for name in file.versions.order_by("number").values_list("storage_name", flat=True):
        transaction.on_commit(lambda name=name: storage.remove(name), robust=True)  # type: ignore[misc]
    record("file.withdrawn", by=by.person, target=file, state=file.state)


@transaction.atomic
def note_refused_passenger_data(*, form: BaseForm, by: Viewer, target: Model, state: State | None = None) -> None:
    """Where passenger data were found in what somebody sent with ``form`` (bound and checked) for ``target``: one event
    with the detectors' names, and nothing else of what was sent. Without such an error nothing happens."""
    found = detectors_in(form.errors.as_data())
    if found:
        record("passenger_data.refused", by=by.person, target=target, state=state, detectors=sorted(found))


def sweep_strays() -> int:
    """Remove files of which no row knows (any more), a day old or older; returns how many. Called by the daily task."""
    count = 0
    for path, name in storage.strays(STRAY_AFTER):
        if name and FileVersion.objects.filter(storage_name=name, file__withdrawn_at=None).exists():
            continue
        path.unlink(missing_ok=True)
        count += 1
    if count:
        logger.warning("Files that belonged to no row were removed: %s", count)
    return count


def _locked(file: StoredFile, by: Viewer) -> StoredFile:
    """The row under lock: of two changes at once the second sees the first."""
    file = StoredFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    if by.person is None or not access.can_change_file(by, file):
        raise PermissionDenied
    return file


def _append(file: StoredFile, checked: Checked, by: Viewer) -> FileVersion:
    assert by.person is not None
    last = file.versions.aggregate(last=Max("number"))["last"] or 0
    name = storage.write(checked.content)
    try:
        version = FileVersion(
            file=file,
            number=last + 1,
            storage_name=name,
            name=checked.name,
            media_type=checked.kind.media_type,
            size=len(checked.content),
            sha256=checked.sha256,
            scan=checked.scan,
            uploaded_by=by.person,
        )
        version.full_clean()
        version.save()
    except Exception:
        storage.remove(name)
        raise
    return version


def _check_parent(file: StoredFile) -> None:
    """A child is never wider than its parent."""
    if not file.parent_type or file.audience not in _NARROWEST_FIRST:
        return
    rows = apps.get_model(file.parent_type)._default_manager.filter(pk=file.parent_id)
    widest = rows.values_list("audience", flat=True).first()
    if widest is None or _NARROWEST_FIRST.index(file.audience) > _NARROWEST_FIRST.index(widest):
        raise ValidationError({"audience": _("A file cannot be read by more people than what it is attached to.")})
