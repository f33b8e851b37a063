"""When each kind reminds, and what the secretariat adds: as it keeps them, else as the portal has them. Pure reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from iwg_portal.reminders.models import ReminderPlan
from iwg_portal.reminders.registry import REMINDERS, Reminder, Steps


@dataclass(frozen=True)
class Kept:
    """One kind with its row, where the secretariat keeps one."""

    reminder: Reminder
    row: ReminderPlan | None

    @property
    def steps(self) -> Steps | None:
        usual = self.reminder.steps
        if usual is None or self.row is None or not self.row.offsets:
            return usual
        return usual._replace(offsets=tuple(self.row.offsets), every=self.row.every)

    @property
    def version(self) -> int:
        return self.row.version if self.row else 0

    @property
    def note(self) -> str:
        """In the language that is active."""
        language = (get_language() or "").partition("-")[0]
        return str(getattr(self.row, f"note_{language}", "") or "") if self.row else ""

    @property
    def words(self) -> list[str]:
        return in_words(self.steps) if self.steps else []


def kept(name: str, plans: QuerySet[ReminderPlan]) -> Kept:
    """Of one kind; raises ``KeyError`` where there is none of this name. One query."""
    return Kept(REMINDERS[name], plans.filter(kind=name).first())


def all_kept(plans: QuerySet[ReminderPlan]) -> list[Kept]:
    """Of every kind, in the order in which the house lists them. One query."""
    rows = {row.kind: row for row in plans.all()}
    return [Kept(reminder, rows.get(name)) for name, reminder in REMINDERS.items()]


def steps(name: str) -> Steps:
    """Of a kind that has steps. One query."""
    found = kept(name, ReminderPlan.objects.all()).steps
    assert found is not None, f"{name} has no steps"
    return found


def notes(names: Iterable[str]) -> list[str]:
    """What the secretariat adds to a mail with these kinds, each once, in the language that is active. One query."""
    found = all_kept(ReminderPlan.objects.filter(kind__in=set(names)))
    return list(dict.fromkeys(one.note for one in found if one.note))


def in_words(steps: Steps) -> list[str]:
    """One for each step, the first first."""
    words = [_step(offset) for offset in steps.offsets]
    if steps.every:
        again = ngettext("then again every %(n)s day", "then again every %(n)s days", steps.every)
        words.append(again % {"n": steps.every})
    return words


def _step(offset: int) -> str:
    if offset == 0:
        return _("on the day")
    days = abs(offset)
    text = (
        ngettext("%(n)s day before", "%(n)s days before", days)
        if offset < 0
        else ngettext("%(n)s day after", "%(n)s days after", days)
    )
    return text % {"n": days}
