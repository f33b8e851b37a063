"""Mail about passphrases: the link to a new one, and the word that it was changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy

from iwg_portal.mail import kinds, outbox
from iwg_portal.mail.models import OutboxMail
from members.models import AccountLink, Person
from members.notices.joining import address_of
from members.queries import person_of


def passphrase_link(link: AccountLink, language: str) -> None:
    outbox.queue("members.passphrase", target=link, address=link.address, language=language, deadline=link.expires_at)


def passphrase_changed(person: Person, occurrence: str) -> None:
    outbox.queue("members.passphrase_changed", target=person, to=person, occurrence=occurrence)


def _sample() -> dict[str, Any]:
    return {"link": address_of("passphrase_new", "sample"), "until": timezone.now() + dt.timedelta(hours=4)}


@kinds.kind("members.passphrase", title=gettext_lazy("A new passphrase for the portal"), sample=_sample, insists=True)
def passphrase(mail: OutboxMail) -> dict[str, Any] | None:
    """None where nobody with an open account has the address: then nothing is sent."""
    link = AccountLink.objects.filter(pk=mail.target_id).first()
    if link is None or not link.works or person_of(link) is None:
        return None
    return {"link": address_of("passphrase_new", link.token), "until": link.expires_at}


@kinds.kind(
    "members.passphrase_changed",
    title=gettext_lazy("Your passphrase was changed"),
    sample=lambda: {"link": address_of("passphrase_forgotten")},
    insists=True,
)
def passphrase_changed_mail(mail: OutboxMail) -> dict[str, Any] | None:
    return {"link": address_of("passphrase_forgotten")}
