"""Which stored files a viewer reads, and who may add, change and withdraw them."""

from __future__ import annotations

from django.db.models import QuerySet

from members.access.audience import readable
from members.access.viewer import Viewer
from members.models import FileVersion, State, StoredFile
from members.models.files import StoredFileQuerySet


def visible_files(viewer: Viewer) -> StoredFileQuerySet:
    """By the audience; a withdrawn file is there for nobody."""
    return StoredFile.objects.filter(readable(viewer), withdrawn_at=None)


def visible_versions(viewer: Viewer) -> QuerySet[FileVersion]:
    """Every version of a file that she reads."""
    return FileVersion.objects.filter(readable(viewer, "file__audience", "file__state"), file__withdrawn_at=None)


def takes_files(viewer: Viewer) -> bool:
    """Whether a list is handed to her as a file: to somebody of the group, by name. The file and the log bear it."""
    return viewer.in_group and viewer.person is not None


def can_store_file(viewer: Viewer, state: State | None) -> bool:
    """The focal point for her state; for the group (None) the secretariat."""
    return viewer.in_secretariat if state is None else state.pk in viewer.focal_states


def can_change_file(viewer: Viewer, file: StoredFile) -> bool:
    """New version, audience, withdrawal: whoever could have stored it."""
    if file.withdrawn_at is not None:
        return False
    return viewer.in_secretariat if file.state_id is None else file.state_id in viewer.focal_states
