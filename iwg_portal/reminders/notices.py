"""The one mail a day: everything of which its reader is to be reminded."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from iwg_portal.mail import kinds
from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders.ledger import DAILY
from iwg_portal.reminders.models import Reminded
from iwg_portal.reminders.registry import REMINDERS, Due, Line, Reminder


def _sample() -> dict[str, Any]:
    line = Line(_("Something that you were asked to do is due."), f"{settings.PUBLIC_URL}/", dt.date(2026, 3, 1))
    return _context([line, line])


@kinds.kind(DAILY, sample=_sample)
def daily(mail: OutboxMail) -> dict[str, Any] | None:
    """What is still due, still hers and visible to her at this moment; None when nothing is.

    Side effect: notes of each row whether the mail says it. Composed again after a refusal, it notes it again.
    """
    rows: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in Reminded.objects.filter(mail=mail).order_by("pk"):
        rows[row.kind][row.target_id].append(row.pk)
    now, found, said = timezone.now(), [], []
    for name, targets in rows.items():
        for target, line in _lines(name, mail.recipient, set(targets), now).items():
            found.append(line)
            said += targets[target]
    Reminded.objects.filter(mail=mail, pk__in=said).update(included=True)
    # Only what was read above: a row that joins this mail at this moment is not said, and is planned again.
    read = [pk for targets in rows.values() for pks in targets.values() for pk in pks]
    Reminded.objects.filter(mail=mail, pk__in=read).exclude(pk__in=said).update(included=False)
    return _context(_in_order(found)) if found else None


def _lines(name: str, person: Any, targets: set[str], now: dt.datetime) -> dict[str, Line]:
    reminder = REMINDERS.get(name)
    if reminder is None or person is None:  # of a version that knew it
        return {}
    still = {due.target for due in reminder.due(now, targets) if due.person == person.pk}
    return reminder.lines(person, still, now) if still else {}


def context_of(person: Any, found: list[tuple[Reminder, Due]], now: dt.datetime) -> dict[str, Any] | None:
    """The same for what is not planned yet; writes nothing."""
    targets: dict[str, set[str]] = defaultdict(set)
    for reminder, due in found:
        targets[reminder.name].add(due.target)
    lines = [line for name, those in targets.items() for line in _lines(name, person, those, now).values()]
    return _context(_in_order(lines)) if lines else None


def _in_order(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (line.on, line.text, line.link))


def _context(lines: list[Line]) -> dict[str, Any]:
    return {"count": len(lines), "items": [{"text": line.text, "link": line.link} for line in lines]}
