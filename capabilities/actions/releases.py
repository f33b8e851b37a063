"""Release: what a state shares of each area, and for which use."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from capabilities import access
from capabilities.access import Record
from capabilities.actions.audiences import share_state
from capabilities.models import HEADLINE, Release
from capabilities.queries.releases import Released, Uses, released
from iwg_portal.activity.log import record
from members.access import Viewer
from members.actions.files import narrow_files_of
from members.enums import is_wider
from members.models import Person, State


@transaction.atomic
def release(*, state: State, uses: Mapping[str, Uses], by: Viewer, seen: str | None = None) -> Released:
    """Decide, per area code (``HEADLINE``: the status), who reads it and for what it may be used.

    For a focal point of the state alone. Areas that are not named stay as they are. ``seen`` is the ``digest`` of what
    the person saw before: when somebody decided otherwise meanwhile, a ``ValidationError`` with code ``overtaken``
    asks her to look again. Side effects: every answer, score and report of the state gets its new audience, the
    medians of its rounds are frozen anew, one event; nothing when nothing changes.
    """
    if not access.can_release(by, state):
        raise PermissionDenied
    State.objects.select_for_update(of=("self",), no_key=True).get(pk=state.pk)
    before = released(state.pk)
    if seen is not None and seen != before.digest:
        raise ValidationError(_("Somebody changed the release meanwhile. Compare and confirm again."), "overtaken")
    changed = {code: new for code, new in uses.items() if not new.same(before.of(code))}
    if changed:
        for narrowed in write_release(state=state, uses=changed, by=by.person):
            narrow_files_of(parent=narrowed, audience=narrowed.audience, by=by)
        wider = sum(is_wider(new.audience, before.of(code).audience) for code, new in changed.items())
        record("release.changed", by=by.person, target=state, state=state, areas=len(changed), wider=wider)
    return released(state.pk)


def write_release(*, state: State, uses: Mapping[str, Uses], by: Person | None) -> list[Record]:
    """Store the decisions and share anew. For actions only: the caller has checked the right and writes the event.

    Returns the records that are narrower than before.
    """
    now = timezone.now()
    for code, new in uses.items():
        row = Release.objects.filter(state=state, area_code=code).first() or Release(state=state, area_code=code)
        row.audience, row.named = new.audience, new.named
        row.in_average = new.in_average or code == HEADLINE
        row.since, row.by = now, by
        row.full_clean()
        row.save()
    return share_state(state, released(state.pk))
