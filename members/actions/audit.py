"""The log of events, watched: every day its whole chain is walked and its head leaves the portal by mail."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from iwg_portal.activity import chain
from members import notices

logger = logging.getLogger(__name__)


@transaction.atomic
def mail_audit_head() -> None:
    """Plan today's mail with the head of the log. Often; each mail is planned once a day."""
    notices.audit_head(timezone.localdate())


def verify_log() -> chain.Verdict:
    """Walk the whole chain. Side effect: an error in the server's log when it is broken. Daily."""
    verdict = chain.verify()
    if verdict.problem:
        logger.error("The log of events is broken: %s", verdict.problem)
    return verdict
