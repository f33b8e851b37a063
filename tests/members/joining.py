"""Shared by the tests of joining and leaving: open a proposal, grant it, read the link that the mail would carry."""

from typing import Any

from django.urls import reverse

from members import actions
from members.models import AccountLink, Proposal

PASSPHRASE = "seven blue turnips sing"


def granted(cast: Any, **values: Any) -> Proposal:
    """A proposal of the own focal point that the administrator has granted."""
    from tests.factories import ProposalFactory

    row = ProposalFactory(**{"state": cast.own, "proposed_by": cast.person("own_focal_point"), **values})
    actions.grant(proposal=row, by=cast.viewer("administrator"))
    return Proposal.objects.select_related("link", "state", "organisation").get(pk=row.pk)


def link_to(link: AccountLink, name: str = "join") -> str:
    return f"{reverse(name)}?key={link.token}"


def typed(**more: str) -> dict[str, str]:
    """What a new person types on the page behind the link."""
    return {"passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE, "language": "fr", "zone": "Africa/Dakar", **more}
