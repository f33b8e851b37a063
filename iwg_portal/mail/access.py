"""Who may see the ledger of mail and decide about its rows.

This floor does not know people and their offices; it is given the viewer of ``members.access``.
"""

from __future__ import annotations

from typing import Protocol

from django.contrib.auth import get_user_model
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower

from iwg_portal.mail.enums import MailState
from iwg_portal.mail.models import DemoMail, MailBatch, OutboxMail, UnreachableAddress


class Viewer(Protocol):
    """What is asked of a viewer here."""

    @property
    def person(self) -> Model | None: ...
    @property
    def roles(self) -> frozenset[str]: ...


def visible_mails(viewer: Viewer) -> QuerySet[OutboxMail]:
    """Rows of the ledger (kinds, ids and states; it holds no text): for the secretariat and administrators."""
    return OutboxMail.objects.all() if can_see_outbox(viewer) else OutboxMail.objects.none()


def visible_open_mails(viewer: Viewer) -> QuerySet[OutboxMail]:
    """Of these the ones that wait for somebody's decision, the latest first."""
    waiting = visible_mails(viewer).filter(state__in=(MailState.UNKNOWN, MailState.BOUNCED))
    return waiting.order_by("-settled_at", "-id")


def visible_batches(viewer: Viewer) -> QuerySet[MailBatch]:
    """Mails to many, for whoever sees the ledger; the newest first. Their words are for the whole group anyway."""
    rows = MailBatch.objects.all() if can_see_outbox(viewer) else MailBatch.objects.none()
    return rows.select_related("decided_by").order_by("-planned_at", "-id")


def own_mails(viewer: Viewer) -> QuerySet[OutboxMail]:
    """What was planned for herself, whatever became of it. Not what went to a bare address (an invitation, a link to a
    new passphrase): an address may belong to somebody else by now."""
    return OutboxMail.objects.filter(recipient=viewer.person.pk) if viewer.person else OutboxMail.objects.none()


def visible_unreachable(viewer: Viewer) -> QuerySet[UnreachableAddress]:
    """Addresses that mail does not reach, the latest first, with ``person``: whose it is (id), None without an account.
    For the page of the ledger, which names neither."""
    people = get_user_model()._default_manager.annotate(small=Lower("email"))
    whose = Subquery(people.filter(small=OuterRef("address")).values("pk")[:1])
    rows = UnreachableAddress.objects.annotate(person=whose)
    return rows.order_by("-last_at", "-id") if can_see_outbox(viewer) else rows.none()


def demonstration_mails() -> QuerySet[DemoMail]:
    """Every mail of the demonstration, for everybody: there are none outside demo mode."""
    return DemoMail.objects.all()


def can_see_outbox(viewer: Viewer) -> bool:
    return bool({"secretariat", "administrator"} & viewer.roles)


def can_decide(viewer: Viewer) -> bool:
    """Whether a mail arrived is the secretariat's to find out, and whether one to many leaves is its to decide."""
    return "secretariat" in viewer.roles


def can_send_test(viewer: Viewer) -> bool:
    return can_see_outbox(viewer)


def allowed(viewer: Viewer) -> frozenset[str]:
    """The verbs that the page may offer."""
    return frozenset(
        verb for verb, may in (("decide", can_decide(viewer)), ("send_test", can_send_test(viewer))) if may
    )
