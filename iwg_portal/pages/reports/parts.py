"""What the scheduled reports have in common: a head that says of when they are, and cards."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from iwg_portal.base import marks
from iwg_portal.base.dates import date_format
from iwg_portal.pages import morning
from iwg_portal.pages.for_you import Line
from iwg_portal.pages.periods import Period
from members.access import Viewer
from members.enums import Audience
from members.models import State

SHOWN = 6  # lines of each card


@dataclass(frozen=True)
class Part:
    """One card. ``facts``: (words, figure); ``more`` lines than are shown; ``url`` and ``label``: where it goes on.

    ``is_today``: history does not tell how this stood in the period, so it shows today and says so.
    """

    title: str
    facts: list[tuple[str, Any]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    more: int = 0
    url: str = ""
    label: str = ""
    is_today: bool = False
    note: str = ""


def of_morning(part: morning.Part, *, is_today: bool) -> Part:
    """The same card as on the morning page."""
    facts = [(_("In all"), part.count)] if part.count else []
    return Part(part.title, facts, part.lines, part.more, part.url, part.label, is_today)


class Report:
    """One reader's report over ``period``, computed at ``now`` (aware) on ``today`` (the group's calendar day)."""

    audience: Audience = Audience.SECRETARIAT
    template = "pages/reports/base.html"

    def __init__(self, viewer: Viewer, period: Period, now: dt.datetime, today: dt.date) -> None:
        self.viewer, self.period, self.now, self.today = viewer, period, now, today
        self.is_running = period.last >= today
        # What is counted ends here: with the period, or now.
        self.since, self.until = period.opens, min(period.closes, now)
        self.on = min(period.last, today)
        # Whatever was due before this day is overdue at the end.
        self.due_before = min(period.last + dt.timedelta(days=1), today)

    @property
    def title(self) -> str:
        return f"{self.period.kind.label}{marks.colon()}{self.period.words}"

    @property
    def sentence(self) -> str:
        names = {name: date_format(getattr(self.period, name), "DATE_FORMAT") for name in ("first", "last")}
        if self.is_running:
            return (
                _("Computed now for you. The period from %(first)s to %(last)s is still running: figures up to now.")
                % names
            )
        return _("Computed now for you, for the period from %(first)s to %(last)s; figures as of its end.") % names

    @property
    def crumbs(self) -> list[dict[str, str]]:
        return [{"url": reverse("reports"), "label": _("Reports")}]

    @property
    def earlier(self) -> tuple[str, str]:
        """Address and words of the period before."""
        return _address(self.period.before), self.period.before.words

    @property
    def later(self) -> tuple[str, str] | None:
        """Of the period after, once it has begun."""
        found = self.period.next
        return (_address(found), found.words) if found.first <= self.today else None

    @cached_property
    def parts(self) -> list[Part]:
        raise NotImplementedError

    @property
    def restricted_owners(self) -> list[State]:
        """States of which it shows what only their own delegation and the secretariat may read."""
        return []

    def in_period(self, moment: dt.datetime | None) -> bool:
        return moment is not None and self.since <= moment < self.until

    def until_words(self, day: dt.date) -> str:
        return _("until %(day)s") % {"day": date_format(day, "DATE_FORMAT")}


def _address(period: Period) -> str:
    return reverse("report", args=[period.kind.value, period.key])
