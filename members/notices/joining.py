"""Mail around a proposal: to administrators, to who proposed, and the invitation itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy

from iwg_portal.mail import kinds, outbox
from iwg_portal.mail.models import OutboxMail
from members.access import can_decide, viewer_for, visible_proposals
from members.enums import ProposalStatus, Role
from members.models import AccountLink, Person, Proposal, current


def proposed(proposal: Proposal) -> None:
    """To every administrator who may decide."""
    holders = Person.objects.filter(
        current(timezone.localdate(), "terms__"), terms__role=Role.ADMINISTRATOR, is_active=True
    )
    for person in holders.distinct().order_by("pk"):
        if can_decide(viewer_for(person), proposal):
            outbox.queue("members.proposed", target=proposal, to=person)


def decided(proposal: Proposal) -> None:
    outbox.queue("members.decided", target=proposal, to=proposal.proposed_by)


def invited(link: AccountLink) -> None:
    """To the bare address: there may be no account yet. Earlier mails about this link are not sent any more."""
    assert link.proposal is not None
    outbox.cancel(target=link)
    outbox.queue(
        "members.invitation",
        target=link,
        address=link.address,
        occurrence=link.occurrence,
        language=link.proposal.language,
        deadline=link.expires_at,
    )


def address_of(name: str, token: str = "") -> str:
    """The absolute address of a page; a token travels in the query, which no log holds."""
    query = f"?{urlencode({'key': token})}" if token else ""
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse(name)}{query}"


def _sample_invitation() -> dict[str, Any]:
    return {
        "name": "Adjoa Sample",
        "office": "delegate, Ghana",
        "link": address_of("join", "sample"),
        "until": timezone.now() + dt.timedelta(hours=72),
    }


@kinds.kind(
    "members.invitation", title=gettext_lazy("An invitation to the portal"), sample=_sample_invitation, insists=True
)
def invitation(mail: OutboxMail) -> dict[str, Any] | None:
    link = AccountLink.objects.select_related("proposal__state", "proposal__organisation").filter(pk=mail.target_id)
    found = link.first()
    if found is None or not found.works or found.occurrence != mail.occurrence or found.proposal is None:
        return None
    return {
        "name": found.proposal.full_name,
        "office": str(found.proposal),
        "link": address_of("join", found.token),
        "until": found.expires_at,
    }


def _sample_proposed() -> dict[str, Any]:
    return {"office": "focal point, Ghana", "link": address_of("proposals")}


@kinds.kind("members.proposed", title=gettext_lazy("A proposal waits for your decision"), sample=_sample_proposed)
def proposed_mail(mail: OutboxMail) -> dict[str, Any] | None:
    """Without the name: who is proposed is read in the portal."""
    proposal = _proposal(mail)
    if proposal is None or mail.recipient is None or not can_decide(viewer_for(mail.recipient), proposal):
        return None
    return {"office": str(proposal), "link": address_of("proposals")}


def _sample_decided() -> dict[str, Any]:
    return {
        "office": "focal point, Ghana",
        "granted": True,
        "link": address_of("proposals"),
    }


@kinds.kind("members.decided", title=gettext_lazy("Your proposal is decided"), sample=_sample_decided)
def decided_mail(mail: OutboxMail) -> dict[str, Any] | None:
    proposal = _proposal(mail)
    if proposal is None or proposal.status not in (ProposalStatus.GRANTED, ProposalStatus.DECLINED):
        return None
    if not visible_proposals(viewer_for(mail.recipient)).filter(pk=proposal.pk).exists():
        return None
    granted = proposal.status == ProposalStatus.GRANTED
    return {"office": str(proposal), "granted": granted, "link": address_of("proposals")}


def _proposal(mail: OutboxMail) -> Proposal | None:
    rows = Proposal.objects.select_related("state", "organisation", "proposed_by")
    return rows.filter(pk=mail.target_id).first()
