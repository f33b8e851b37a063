"""What every summary says of itself in one language, whatever its form. Asks the database nothing."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from iwg_portal.base import marks
from iwg_portal.base.dates import date_format
from iwg_portal.summaries.enums import SummaryState
from iwg_portal.summaries.figures import FORMAT, LANGUAGES
from iwg_portal.summaries.models import Summary


class Head:
    """What every frozen ``summary`` says of itself, in the active language. Raises ValueError for a format it does not
    know."""

    def __init__(self, summary: Summary, earlier: Summary | None = None) -> None:
        """``earlier``: the one that it follows (``access.followed_by``), for what it says otherwise."""
        self.earlier = earlier
        content: dict[str, Any] = summary.content or {}
        if content.get("format") != FORMAT:
            raise ValueError(f"format {content.get('format')!r}")
        self.summary, self.content = summary, content
        active = (get_language() or LANGUAGES[0])[:2]
        self.language = active if active in LANGUAGES else LANGUAGES[0]
        self.members: int = content["members"]
        self.kinds: list[str] = content["kinds"]
        self.year: int = content["round"]["year"]
        self.before: int | None = content["round"]["before"]
        self.areas: list[dict[str, Any]] = content["areas"]

    @property
    def group(self) -> str:
        return str(self.content["group"][self.language])

    @property
    def title(self) -> str:
        return _("Regional summary %(code)s") % {"code": self.summary.code}

    @property
    def as_of(self) -> dt.datetime:
        """In the group's zone."""
        return dt.datetime.fromisoformat(self.content["as_of"]).astimezone(zoneinfo.ZoneInfo(self.content["zone"]))

    @property
    def as_of_words(self) -> str:
        moment = f"{date_format(self.as_of, 'DATETIME_FORMAT')} {marks.zone(self.as_of)}"
        return _("As of %(now)s") % {"now": moment}

    @property
    def source_words(self) -> str:
        """Number and edition, for the foot of each page."""
        return _("snapshot %(code)s · framework edition %(edition)s") % {
            "code": self.summary.code,
            "edition": self.content["round"]["edition"],
        }

    @property
    def for_whom(self) -> str:
        return _("For ministers and heads of delegation · approved by the chair on %(day)s")

    @property
    def standing(self) -> str:
        approved = self.summary.approved_at
        if self.is_final and approved:
            on = date_format(approved.astimezone(self.as_of.tzinfo).date(), "DATE_FORMAT")
            return self.for_whom % {"day": on}
        if self.summary.state == SummaryState.WITHDRAWN:
            return _("Withdrawn: not to be used any more")
        return _("Draft, not approved by the chair")

    file_stem = "regional-summary"

    @property
    def demonstration(self) -> bool:
        return bool(self.content["demonstration"])

    def file_name(self, ending: str, reader: str) -> str:
        """Plain ASCII: what, which, in which language, for whom, of which day."""
        who = slugify(reader)[:40].strip("-") or "person"
        day = self.as_of.date().isoformat()
        return f"{self.file_stem}-{self.summary.code}-{self.language}_{who}_{day}.{ending}"

    @property
    def is_final(self) -> bool:
        return self.summary.state in (SummaryState.APPROVED, SummaryState.RELEASED)

    @property
    def changes_title(self) -> str:
        since = _("What changed since %(year)s") % {"year": self.before}
        return since if self.before else _("How complete it is")
