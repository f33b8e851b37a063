"""How often a digest comes."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Cadence(models.TextChoices):
    NONE = "none", _("No digest")
    WEEKLY = "weekly", _("Every week")
    MONTHLY = "monthly", _("Every month")
