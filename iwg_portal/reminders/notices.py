"""The one mail a day: everything of which its reader is to be reminded. And the digest, of what became new."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iwg_portal.mail import kinds
from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders import clock, digests, links, plans
from iwg_portal.reminders.enums import Cadence
from iwg_portal.reminders.ledger import DAILY, DIGEST
from iwg_portal.reminders.models import DigestChoice, DigestSent, Reminded
from iwg_portal.reminders.registry import REMINDERS, Due, Line, Reminder, readers


def _sample() -> dict[str, Any]:
    line = Line(_("Something that you were asked to do is due."), f"{settings.PUBLIC_URL}/", dt.date(2026, 3, 1))
    words = [_("Words that the secretariat adds to the mail stand here.")]
    return _context([(line, links.address("the-secret")), (line, "")], words)


@kinds.kind(DAILY, title=gettext_lazy("Reminders"), sample=_sample)
def daily(mail: OutboxMail) -> dict[str, Any] | None:
    """What is still due, still hers and visible to her at this moment; None when nothing is.

    Side effects: notes of each row whether the mail says it, and makes the links that answer. Composed again after a
    refusal, it notes it again, and the links are the same.
    """
    rows: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in Reminded.objects.filter(mail=mail).order_by("pk"):
        rows[row.kind][row.target_id].append(row.pk)
    now, said = timezone.now(), []
    found: dict[links.Place, Line] = {}
    for name, targets in rows.items():
        for target, line in _lines(name, mail.recipient, set(targets), now).items():
            found[name, target] = line
            said += targets[target]
    Reminded.objects.filter(mail=mail, pk__in=said).update(included=True)
    # Only what was read above: a row that joins this mail at this moment is not said, and is planned again.
    read = [pk for targets in rows.values() for pks in targets.values() for pk in pks]
    Reminded.objects.filter(mail=mail, pk__in=read).exclude(pk__in=said).update(included=False)
    if not found:
        return None
    tokens = links.make(mail, {place: line.closes for place, line in found.items() if line.answers}, now)
    answers = {place: links.address(token) for place, token in tokens.items()}
    lines = [(line, answers.get(place, "")) for place, line in found.items()]
    return _context(_in_order(lines), plans.notes(name for name, _target in found))


def _lines(name: str, person: Any, targets: set[str], now: dt.datetime) -> dict[str, Line]:
    reminder = REMINDERS.get(name)
    if reminder is None or person is None:  # of a version that knew it
        return {}
    still = {due.target for due in reminder.due(now, targets) if due.person == person.pk}
    return reminder.lines(person, still, now) if still else {}


def context_of(person: Any, found: list[tuple[Reminder, Due]], now: dt.datetime) -> dict[str, Any] | None:
    """The same for what is not planned yet; writes nothing, so where a link will answer stands one that does not."""
    targets: dict[str, set[str]] = defaultdict(set)
    for reminder, due in found:
        targets[reminder.name].add(due.target)
    said = [(name, line) for name, those in targets.items() for line in _lines(name, person, those, now).values()]
    lines = [(line, links.address("…") if line.answers else "") for _name, line in said]
    return _context(_in_order(lines), plans.notes(name for name, _line in said)) if lines else None


def _in_order(lines: Iterable[tuple[Line, str]]) -> list[tuple[Line, str]]:
    """By day; what reads alike and leads to the same place stands once, however many rows it speaks of."""
    alike = {(line.on, line.text, line.link, answer): (line, answer) for line, answer in lines}
    return [alike[key] for key in sorted(alike)]


def _context(lines: list[tuple[Line, str]], notes: list[str]) -> dict[str, Any]:
    """Each line with the address at which she answers without signing in, or empty; then the secretariat's words."""
    items = [{"text": line.text, "link": line.link, "answer": answer} for line, answer in lines]
    return {"count": len(items), "items": items, "notes": notes}


# -- Digests ---------------------------------------------------------------------------------------------------------


def _unsubscribing(context: dict[str, Any]) -> dict[str, str]:
    """RFC 8058: the mail program's own button stops the digests by one POST. Only this kind of mail has it: from what
    she owes the group nobody unsubscribes."""
    return {
        "List-Unsubscribe": f"<{context['unsubscribe']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _digest_sample() -> dict[str, Any]:
    items = [{"text": _("Something became new on the portal."), "link": f"{settings.PUBLIC_URL}/"}]
    section = {"title": _("Meetings"), "items": items, "more": 2, "link": f"{settings.PUBLIC_URL}/"}
    return _digest_context(Cadence.WEEKLY, [section], "1.the-secret")


@kinds.kind(DIGEST, title=gettext_lazy("Digest"), sample=_digest_sample, headers=_unsubscribing)
def periodic(mail: OutboxMail) -> dict[str, Any] | None:
    """What became new for her in the time that the digest covers, as she may see it at this moment; None when there is
    nothing, or she wants no digest any more.

    Side effect: notes whether there was something to say.
    """
    row = DigestSent.objects.filter(mail=mail).first()
    choice = DigestChoice.objects.filter(person=mail.recipient_id).exclude(cadence=Cadence.NONE).first()
    if row is None or choice is None or mail.recipient is None:
        return None
    if mail.recipient_id not in readers(clock.today(timezone.now())):  # her office has ended since it was planned
        return None
    found = digests.sections(mail.recipient, choice.topics, choice.followed, row.since, row.until)
    DigestSent.objects.filter(pk=row.pk).update(included=bool(found))
    return _digest_context(choice.cadence, found, choice.token) if found else None


def _digest_context(cadence: str, sections: list[dict[str, Any]], token: str) -> dict[str, Any]:
    """``unsubscribe`` stops the digests without signing in; a token travels in the query, which no log holds."""
    return {
        "cadence": str(cadence),
        "sections": sections,
        "settings_link": digests.address("digest"),
        "unsubscribe": f"{digests.address('digest_unsubscribe')}?key={token}",
    }
