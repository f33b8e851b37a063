"""People and things to be reminded of, a tick of the planner, and a sweep without a server."""

import datetime as dt
from dataclasses import replace

import time_machine

from iwg_portal.mail import compose
from iwg_portal.mail.enums import NO_LONGER_DUE, TOO_LATE, MailState
from iwg_portal.mail.models import OutboxMail
from iwg_portal.reminders import actions
from iwg_portal.reminders.registry import REMINDERS
from meetings.models import ActionOwner
from tests.factories import ActionFactory, BlockFactory, ItemFactory, MeetingFactory, OwnerFactory


def without_scheduled_reports(monkeypatch):
    """A report is ready for somebody on every working day; tests of the planner and of other kinds look past that."""
    for name in [name for name in REMINDERS if name.startswith("pages.report_")]:
        monkeypatch.setitem(REMINDERS, name, replace(REMINDERS[name], due=lambda now, only: ()))


def at(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


def action(due, holder=None, state=None, *, shared=True, **row) -> ActionOwner:
    """An action point of an adopted record, owned by ``state``."""
    meeting = MeetingFactory(state="adopted" if shared else "drafted")
    block = BlockFactory(item=ItemFactory(meeting=meeting), kind="action", text="Secret words of the record")
    point = ActionFactory(block=block, record=meeting.record, due_on=due)
    return OwnerFactory(action=point, state=state, holder=holder, **row)


def tick(now):
    """One run of the planners, then of the sweep: what is sent, as (recipient, subject, text)."""
    with time_machine.travel(now, tick=False):
        actions.plan(now=now)
        actions.plan_digests(now=now)
        return sweep(now)


def sweep(now):
    sent = []
    for mail in OutboxMail.objects.filter(state=MailState.DUE, try_at__lte=now).order_by("try_at", "pk"):
        is_late = mail.deadline <= now
        built = None if is_late else compose.message(mail)
        mail.state, mail.settled_at = (MailState.SENT if built else MailState.CANCELLED), now
        mail.problem = "" if built else TOO_LATE if is_late else NO_LONGER_DUE
        mail.save(update_fields=["state", "settled_at", "problem"])
        if built:
            sent.append((mail.recipient, built.subject, built.body))
    return sent


def days(start, count, hours=(6, 7, 8, 9, 12)):
    """Moments of ``count`` days from ``start`` on."""
    for n in range(count):
        for hour in hours:
            yield dt.datetime.combine(start + dt.timedelta(days=n), dt.time(hour, 30), dt.UTC)
