"""This floor's own kind of mail."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from iwg_portal.mail.kinds import kind
from iwg_portal.mail.models import OutboxMail


def _sample() -> dict[str, Any]:
    return {}


@kind("mail.test", title=gettext_lazy("A test mail"), sample=_sample, insists=True)
def test_mail(mail: OutboxMail) -> dict[str, Any]:
    """Asked for on the page of the outbox, to see that mail arrives and how it looks."""
    return {}
