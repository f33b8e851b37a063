"""Mail about action points: that somebody holds one now. It names no meeting and no word of a record, which may be for
the members alone; mail leaves the portal for good."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from iwg_portal.mail import kinds, outbox
from iwg_portal.mail.models import OutboxMail
from meetings.access.action_points import visible_owners
from meetings.enums import UNFINISHED
from meetings.models import ActionOwner
from members.access import viewer_for

KIND = "meetings.action_assigned"


def assigned(owner: ActionOwner) -> None:
    """To the holder, if she may read the action point by now."""
    if owner.holder is None or not _may_read(owner):
        return
    # Somebody who gets the row back is told again.
    outbox.queue(KIND, target=owner, to=owner.holder, occurrence=timezone.now().isoformat(timespec="seconds"))


def no_longer(owner: ActionOwner) -> None:
    """Whoever held the row is not told of it any more."""
    outbox.cancel(target=owner, kind=KIND)


def _link(action: int) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('action', args=[action])}"


@kinds.kind(KIND, title=gettext_lazy("You hold an action point of the group"), sample=lambda: {"link": _link(1)})
def assigned_mail(mail: OutboxMail) -> dict[str, Any] | None:
    """None when somebody else holds the row meanwhile, it is finished, or she may not read it any more."""
    owner = ActionOwner.objects.select_related("holder").filter(pk=mail.target_id, is_removed=False).first()
    if owner is None or owner.holder_id != mail.recipient_id or owner.status not in UNFINISHED:
        return None
    return {"link": _link(owner.action_id)} if _may_read(owner) else None


def _may_read(owner: ActionOwner) -> bool:
    return visible_owners(viewer_for(owner.holder)).filter(pk=owner.pk).exists()
