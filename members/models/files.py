"""Stored files: what is attached to anything, now and later. The bytes lie on the disk (base.uploads.storage)."""

from __future__ import annotations

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Prefetch, Q
from django.utils.translation import gettext_lazy as _

from members import enums
from members.models.states import State


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def documents_of(self, state: State) -> StoredFileQuerySet:
        """What the state has put beside its profile, newest first; attachments of other records are not there."""
        return self.filter(state=state, parent_type="").order_by("-created_at", "id")

    def with_versions(self) -> StoredFileQuerySet:
        """Each with its versions, newest first (``versions_shown``). One more query."""
        rows = FileVersion.objects.select_related("uploaded_by").order_by("-number")
        return self.prefetch_related(Prefetch("versions", rows, to_attr="versions_shown"))


class StoredFile(models.Model):
    """A file with its versions: one owner, one audience, one title. Never deleted; withdrawn, its bytes are.

    ``state`` is the owner, null for what belongs to the group. ``parent_type`` and ``parent_id`` name the record that
    it is attached to (label of the model in lower case, id as text), both empty for a document of its own: no foreign
    key points upward. A file is never wider than its parent; ``actions.files`` sees to that.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.ForeignKey(State, null=True, blank=True, on_delete=models.PROTECT, related_name="files")
    audience = models.CharField(max_length=11, choices=enums.Audience.choices, default=enums.Audience.SECRETARIAT)
    title = models.CharField(max_length=200)
    # Empty: another language than the portal's.
    language = models.CharField(max_length=2, choices=enums.Language.choices, blank=True)
    parent_type = models.CharField(max_length=60, blank=True)
    parent_id = models.CharField(max_length=60, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="file_audience_known",
                condition=Q(audience__in=enums.Audience.values),
                violation_error_message=_("Choose who may read the file."),
            ),
            models.CheckConstraint(
                name="file_of_a_delegation_has_a_state",
                condition=Q(state__isnull=False) | ~Q(audience=enums.Audience.DELEGATION),
                violation_error_message=_("A file of the group has no delegation that could read it."),
            ),
            models.CheckConstraint(
                name="file_parent_has_both_parts",
                condition=Q(parent_type="", parent_id="") | (~Q(parent_type="") & ~Q(parent_id="")),
            ),
            models.CheckConstraint(
                name="file_withdrawn_by_somebody",
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, withdrawn_at__gte=F("created_at")),
            ),
        ]
        indexes = [models.Index(fields=["parent_type", "parent_id"], name="file_by_parent")]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="only_audience_and_end", exclude=["audience", "withdrawn_at", "withdrawn_by"]),
        ]

    def __str__(self) -> str:
        """For the log: without the title, which has an audience."""
        return f"file {self.pk.hex[:8]}"


class FileVersion(models.Model):
    """The bytes of a file as they were uploaded at one time. Append-only; only the scanner's word changes.

    ``storage_name`` is where they lie, ``name`` what a reader's download is called, ``sha256`` that of the kept bytes.
    """

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    storage_name = models.UUIDField(unique=True)
    name = models.CharField(max_length=150)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    scan = models.CharField(max_length=11, choices=enums.ScanState.choices)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["file", "number"],
                name="file_version_once",
                violation_error_message=_("Somebody added a version meanwhile. Look at it and try again."),
            ),
            models.CheckConstraint(
                name="file_version_well_formed",
                condition=Q(number__gte=1, size__gte=1, sha256__regex="^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(name="file_scan_known", condition=Q(scan__in=enums.ScanState.values)),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="only_scan_changes", exclude=["scan"]),
        ]

    def __str__(self) -> str:
        return f"{self.file_id.hex[:8]} v{self.number}"

    @property
    def ending(self) -> str:
        """``PDF``, ``DOCX``, …: the kind in the word that readers know."""
        return self.name.rpartition(".")[2].upper()
