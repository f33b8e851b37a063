"""When each kind reminds, and what the secretariat adds: as it keeps them, else as the portal has them. Pure reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from iwg_portal.reminders.models import ReminderPlan, ReminderSentence
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
    def sentences(self) -> dict[str, ReminderSentence]:
        """The secretariat's own, by name. One query."""
        return {row.name: row for row in self.row.sentences.all()} if self.row else {}

    @property
    def own_sentences(self) -> list[str]:
        """Those in force, in the language that is active."""
        language = (get_language() or "").partition("-")[0]
        return [str(getattr(row, f"text_{language}", "")) for row in self.sentences.values()]

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


# -- Sentences -------------------------------------------------------------------------------------------------------

_OURS, _THEIRS = re.compile(r"%\((\w+)\)[sd]"), re.compile(r"\{(\w+)\}")


def places(sentence: str | Promise) -> list[str]:
    """The names of what the portal puts into one of its own sentences, each once."""
    return list(dict.fromkeys(_OURS.findall(str(sentence))))


def written(sentence: str | Promise) -> str:
    """One of the portal's own as the secretariat writes it: ``{day}`` for ``%(day)s``. In the active language."""
    return _OURS.sub(r"{\1}", str(sentence))


def places_in(text: str) -> list[str]:
    """Those that somebody wrote, known or not."""
    return _THEIRS.findall(text)


class Sayings:
    """The sentences of one kind in the language that is active: the secretariat's, else the portal's."""

    def __init__(self, reminder: Reminder, kept: Mapping[str, str]) -> None:
        self._ours, self._kept = reminder.says, kept

    def __call__(self, name: str, **values: Any) -> str:
        text = self._kept.get(name)
        if text:  # what is in braces and no place of this sentence stays as it was written
            return _THEIRS.sub(lambda found: str(values.get(found[1], found[0])), text)
        return str(self._ours[name]) % values


def sayings(name: str) -> Sayings:
    """Of one kind. One query."""
    language = (get_language() or "").partition("-")[0]
    rows = ReminderSentence.objects.filter(plan__kind=name)
    kept = {row.name: str(getattr(row, f"text_{language}", "")) for row in rows}
    return Sayings(REMINDERS[name], kept)


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
