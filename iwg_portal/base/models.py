"""Tables of the floor."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone


class HeartbeatQuerySet(models.QuerySet):
    def beat(self, name: str = "beat") -> None:
        """Write "alive now" for a background process; one row per name."""
        self.update_or_create(name=name, defaults={"at": timezone.now()})

    def age(self, name: str = "beat") -> float | None:
        """Seconds since the last sign of life, None when there was none."""
        last = self.filter(name=name).values_list("at", flat=True).first()
        return None if last is None else max(0.0, (timezone.now() - last).total_seconds())


class Heartbeat(models.Model):
    """The last sign of life of a background process, written by the worker on beat's order (UTC)."""

    name = models.CharField(max_length=32, unique=True)
    at = models.DateTimeField()

    objects = HeartbeatQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name}: {self.at:%Y-%m-%d %H:%M:%S}"


class Change(models.Model):
    """One row per statement that wrote to a table which a kept page shows; made by trigger (see ``base.kept``)."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.pk)
