"""Where mail goes in the demonstration: into a table that the page "Mailbox" shows."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from iwg_portal.mail.models import DemoMail


class MailboxBackend(BaseEmailBackend):
    """Keeps the whole message for each address; a second one under the same Message-ID is not kept."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        rows = [
            DemoMail(
                message_id=message.extra_headers.get("Message-ID") or message.message()["Message-ID"],
                address=address.lower(),
                content=message.message().as_bytes(),
            )
            for message in email_messages
            for address in message.recipients()
        ]
        DemoMail.objects.bulk_create(rows, ignore_conflicts=True)
        return len(rows)
