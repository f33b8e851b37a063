"""Keep what somebody had typed when it came too late, and throw it away again."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from iwg_portal.activity.log import record
from members.models import PARKED_FOR, ParkedText, Person

LIFE = PARKED_FOR
MOST = 20  # for one person; the oldest goes


@transaction.atomic
def park_text(*, by: Person, path: str, fields: list[tuple[str, str]]) -> ParkedText:
    """``by`` is she who typed it; ``fields`` are those of ``iwg_portal.base.typed.keepable``. The same sent again is
    kept once."""
    same = ParkedText.objects.filter(person=by, path=path, fields=[list(pair) for pair in fields]).order_by("pk").last()
    if same:
        return same
    parked = ParkedText(person=by, path=path, fields=fields)
    parked.full_clean()
    parked.save()
    kept = ParkedText.objects.filter(person=by).order_by("-created_at", "-id").values_list("pk", flat=True)[:MOST]
    ParkedText.objects.filter(person=by).exclude(pk__in=list(kept)).delete()
    record("text.parked", by=by, target=by)
    return parked


@transaction.atomic
def discard_parked(*, by: Person, parked: ParkedText) -> None:
    if parked.person_id != by.pk:
        raise PermissionDenied
    parked.delete()
    record("text.discarded", by=by, target=by)


def discard_old_parked() -> int:
    """Delete what nobody has taken back in seven days; returns how many. Called once a day."""
    old = ParkedText.objects.filter(created_at__lt=timezone.now() - LIFE)
    return old.delete()[0]
