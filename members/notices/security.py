"""Mail about a person's own account: a browser that is new to her, a second factor that came or went, a token made.

Neither names an address, a code or a key; each tells what to do if it was not she.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.usersessions.models import UserSession
from django.utils import timezone
from django.utils.translation import gettext_lazy

from iwg_portal.mail import kinds, outbox
from iwg_portal.mail.models import OutboxMail
from members.models import DataToken, FactorReset, Person

SOON = dt.timedelta(days=1)


def new_device(person: Person, session: UserSession) -> None:
    outbox.queue("members.new_device", target=session, to=person, deadline=timezone.now() + SOON)


def factor_changed(person: Person) -> None:
    """One mail per change, whatever it was: the page says what she has now."""
    occurrence = timezone.now().isoformat(timespec="seconds")
    outbox.queue("members.factor_changed", target=person, to=person, occurrence=occurrence)


def factor_reset(reset: FactorReset) -> None:
    outbox.queue("members.factor_reset", target=reset, to=reset.person)


def data_token_made(token: DataToken) -> None:
    outbox.queue("members.data_token_made", target=token, to=token.person)


def _sample_device() -> dict[str, Any]:
    return {"device": "Firefox · Windows", "network": "203.0.113.0", "at": timezone.now()}


@kinds.kind(
    "members.new_device",
    title=gettext_lazy("A new browser has signed in to your account"),
    sample=_sample_device,
    insists=True,
)
def new_device_mail(mail: OutboxMail) -> dict[str, Any] | None:
    """Also of a session that she has ended since: a stranger may have been quicker to end it than this mail."""
    session = UserSession.objects.filter(pk=mail.target_id).first()
    if session is None:
        return {"device": "", "network": "", "at": mail.planned_at}
    return {"device": session.user_agent, "network": session.ip, "at": session.created_at}


@kinds.kind(
    "members.factor_changed",
    title=gettext_lazy("Your second factor has changed"),
    sample=lambda: {"at": timezone.now()},
    insists=True,
)
def factor_changed_mail(mail: OutboxMail) -> dict[str, Any] | None:
    return {"at": mail.planned_at}


@kinds.kind(
    "members.factor_reset",
    title=gettext_lazy("Your second factor has been reset"),
    sample=lambda: {"at": timezone.now()},
    insists=True,
)
def factor_reset_mail(mail: OutboxMail) -> dict[str, Any] | None:
    reset = FactorReset.objects.filter(pk=mail.target_id).first()
    return {"at": reset.settled_at} if reset and reset.settled_at else None


@kinds.kind(
    "members.data_token_made",
    title=gettext_lazy("A token for reading data has been made"),
    sample=lambda: {"at": timezone.now(), "until": timezone.now()},
    insists=True,
)
def data_token_made_mail(mail: OutboxMail) -> dict[str, Any] | None:
    token = DataToken.objects.filter(pk=mail.target_id).first()
    return {"at": token.made_at, "until": token.expires_at} if token else None
