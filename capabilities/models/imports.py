"""An uploaded workbook between preview and confirmation. Its bytes are dropped once it is applied or discarded."""

import uuid

from django.conf import settings
from django.db import models

from capabilities.enums import ImportState


class StatusImport(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    year = models.PositiveSmallIntegerField()
    file_name = models.CharField(max_length=200)
    content = models.BinaryField(blank=True)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=ImportState.choices, default=ImportState.PENDING)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.file_name
