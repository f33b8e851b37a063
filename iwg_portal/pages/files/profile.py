"""A state's profile as a file: what its page shows to this reader at this moment, without what is still a draft of the
state's delegation, and without telephone numbers."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from capabilities.enums import StatusKind, ladder_steps
from capabilities.models import StatusReport
from capabilities.queries import framework as texts
from capabilities.queries.region import NO_SPREAD
from iwg_portal.base import cells
from iwg_portal.base.dates import date_format
from iwg_portal.base.documents import frame, pdf
from iwg_portal.base.extracts import Book, Column, Table, file_name, row_label
from iwg_portal.pages.profile import ProfilePage
from members.enums import TLP, Audience

Row = TypeVar("Row", bound=Model)


class ProfileFile(ProfilePage):
    """``pdf`` and ``book`` say the same; one of them is asked for."""

    def kept(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Nothing that is for the own delegation alone: a draft is no statement of the state."""
        return rows.exclude(audience=Audience.DELEGATION)

    @property
    def name(self) -> str:
        return f"profile-{self.state.alpha2.lower()}"

    @property
    def _title(self) -> str:
        return _("Profile of %(state)s") % {"state": self.state.name}

    # -- PDF ---------------------------------------------------------------------------------------------------------

    def pdf(self, *, group_name: str, person: str) -> tuple[str, bytes, str]:
        """File name, document in the active language, label."""
        data = {
            **frame(self._title, self.audience, group_name, person=person),
            "name": self.state.name,
            "sentence": self.sentence,
            "facts": self._facts(),
            "status": {"title": _("API and PNR status"), "rows": [self._drawn(kind) for kind in self._kinds]},
            "areas": self._area_table(),
            "indicators": [self._indicator_table(area) for area in self._areas],
            "lists": [part for part in self._lists() if part["rows"]],
            "note": "" if self.note is None else self.note.text,
            "note-title": _("Note"),
        }
        name = file_name(f"{self.name}-{get_language()}", person, timezone.now(), "pdf")
        return name, pdf("profile", data), data["label"]

    def _facts(self) -> list[tuple[str, str]]:
        codes = [self.state.alpha2, self.state.alpha3, str(self.state.m49)]
        year = str(self.assessment.round.year) if self.assessment else ""
        facts = [
            (_("Formal name"), self.state.formal_name),
            (_("Codes"), " · ".join(code for code in codes if code)),
            (_("Languages"), self.languages),
            (_("Newest self-assessment"), year),
        ]
        return [(label, str(value)) for label, value in facts if value]

    @property
    def _kinds(self) -> tuple[str, ...]:
        return tuple(StatusKind.values) if self.is_member and self.framework else ()

    @property
    def _areas(self) -> tuple[texts.AreaText, ...]:
        return self.framework.areas if self.assessment and self.framework else ()

    def _drawn(self, kind: str) -> dict[str, Any]:
        report = self.current.get(kind)
        legal, delivery = (report.legal, report.delivery) if report else ("nd", "nd")
        assert self.framework is not None
        steps = [(self.framework.label(kind, code), standing) for code, standing in ladder_steps(kind, legal, delivery)]
        return {
            "name": _("API") if kind == StatusKind.ADVPAX else _("PNR"),
            "words": self._label(kind, report.label if report else "nd"),
            "steps": [{"words": words, "standing": standing} for words, standing in steps],
            "note": " ".join(self._report_words(report)),
        }

    def _report_words(self, report: StatusReport | None) -> list[str]:
        if report is None:
            return [_("The state has not reported this status.")]
        assert self.framework is not None
        words = [_("Legal basis: %(legal)s.") % {"legal": self.framework.label("legal", report.legal)}]
        if report.since:
            words.append(_("Holds since %(since)s.") % {"since": _day(report.since)})
        words.append(_("Stated as of %(on)s.") % {"on": _day(report.as_of)})
        if report.on_behalf:
            words.append(_("Recorded by the secretariat on behalf of the state."))
        return words

    def _area_table(self) -> dict[str, Any]:
        """Empty rows where no answers are shared; ``none`` then says that this is no zero."""
        none = ""
        if self.is_member and not self._areas and self.viewer.reads_members:
            none = _("The state has not answered a self-assessment, or has not shared its answers. This is not a zero.")
        rows = []
        for area in self._areas:
            mean, declared, applicable, median, change = self._figures(area)
            shown = _("%(n)s of %(total)s") % {"n": declared, "total": applicable} if applicable is not None else "–"
            moved = "–" if change is None else _signed(change)
            rows.append([area.title, _level(mean), moved, _level(median), shown])
        before = self.before.round.year if self.before else None
        return {
            "title": _("The five areas"),
            "none": none,
            "head": [
                _("Area"),
                _("Mean level 0–4"),
                _("Since %(year)s") % {"year": before} if before else pgettext("column of a table", "Change"),
                _("Regional median"),
                _("Declared"),
            ],
            "rows": rows,
        }

    def _figures(self, area: texts.AreaText) -> tuple[float | None, int | None, int | None, float | None, float | None]:
        """Mean, declared, applicable, regional median, change since the round before."""
        assert self.assessment is not None
        score, earlier = self.scores.get(area.id), self.scores_before.get(area.id)
        mean = score.mean if score else None
        spread = self.spread.get((self.assessment.round_id, area.id), NO_SPREAD)
        change = None
        if mean is not None and earlier and earlier.mean is not None:
            change = cells.rounded(mean) - cells.rounded(earlier.mean)
        return mean, score.declared if score else None, score.applicable if score else None, spread.median, change

    def _indicator_table(self, area: texts.AreaText) -> dict[str, Any]:
        rows = []
        for indicator in area.indicators:
            level, kind, reason, reached, following = self._given(indicator)
            words = [reached] if reached else []
            words += [_("Next: %(words)s") % {"words": following}] if following else []
            words += [_("Reason: %(reason)s") % {"reason": reason}] if reason else []
            shown = str(level) if level is not None else kind
            rows.append({"code": indicator.code, "title": indicator.title, "level": shown, "words": words})
        return {"title": area.title, "head": [_("Indicator"), _("What is reached"), _("Level")], "rows": rows}

    def _given(self, indicator: texts.IndicatorText) -> tuple[int | None, str, str, str, str]:
        """Level, or in words why there is none; reason, the level reached, and what the next one asks."""
        given = self.answers.get(indicator.id)
        level = given.level if given and given.kind == "level" else None
        if level is None:
            kind = _("not applicable") if given and given.kind == "na" else _("not declared")
            return None, kind, given.reason if given else "", "", ""
        following = indicator.levels[level + 1] if level + 1 < len(indicator.levels) else ""
        return level, "", given.reason if given else "", indicator.levels[level], following

    def _lists(self) -> list[dict[str, Any]]:
        language = get_language()
        history = [
            {"title": entry["title"], "detail": f"{_day(entry['at'])} · {TLP[Audience(entry['audience'])]}"
             + (f" · {entry['detail']}" if entry["detail"] else ""), "language": language}
            for entry in self.history
        ]  # fmt: skip
        lessons = [
            {"title": found.title, "detail": f"{found.theme} · {_day(found.approved_at)}", "language": found.language}
            for found in self.lessons
        ]
        people = [
            {
                "title": term.person.full_name,
                "detail": ", ".join(part for part in (str(term.get_role_display()), term.post) if part)
                + f" · {term.person.email}",
                "language": language,
            }
            for term in self.contacts
        ]
        readers = [
            {"title": what, "detail": f"{audience.label} · {TLP[audience]}", "language": language}
            for what, audience in (self.shown_to if self.is_member else ())
        ]
        return [
            {"title": _("Status history"), "rows": history},
            {"title": _("Lessons shared"), "rows": lessons},
            {"title": _("Contacts"), "rows": people},
            {"title": _("Who sees this"), "rows": readers},
        ]

    # -- XLSX --------------------------------------------------------------------------------------------------------

    def book(self, *, person: str) -> Book:
        tables = [self._status_sheet(), self._area_sheet(), self._indicator_sheet()]
        tables = [table for table in tables if table.rows] or tables[:1]
        if self.contacts:
            tables.append(self._contact_sheet())
        filters = [(_("State"), self.state.name), (_("In one sentence"), self.sentence)]
        return Book(self.name, self._title, self.audience, person, timezone.now(), tables, filters)

    def _status_sheet(self) -> Table:
        columns = [
            Column("kind", _("Kind"), _("API or PNR."), 10),
            Column("status", _("Status"), _("The step on the group’s ladder."), 30),
            Column("legal", _("Legal basis"), _("How far the law has come."), 30),
            Column("current", _("Current"), _("“yes” for the newest of its kind; the others are its history."), 10),
            Column("since", _("Since"), _("Since when it holds, where that is known."), 12),
            Column("as_of", _("As of"), _("The day for which the state said so."), 12),
            Column("reason", _("Reason"), _("In the state’s own words."), 50),
            Column("source", _("Source"), _("Where it comes from."), 30),
            Column("on_behalf", _("On behalf"), _("“yes” where the secretariat recorded it for the state."), 12),
            row_label(),
        ]
        rows = [
            [
                str(report.get_kind_display()),
                self._step_words(report),
                self.framework.label("legal", report.legal) if self.framework else report.legal,
                _("yes") if report == self.current[report.kind] else "",
                report.since,
                report.as_of,
                report.reason,
                report.source,
                _("yes") if report.on_behalf else "",
                TLP[Audience(report.audience)],
            ]
            for report in sorted(self.reports, key=lambda report: (report.as_of, report.pk), reverse=True)
        ]
        return Table(_("Status"), columns, rows)

    def _area_sheet(self) -> Table:
        columns = [
            Column("area", _("Area"), _("Of the group’s framework."), 44),
            Column("mean", _("Mean level 0–4"), _("Of the indicators that are declared; empty where none is."), 16),
            Column("declared", _("Declared"), _("How many indicators have a level."), 12),
            Column("applicable", _("Applicable"), _("How many indicators could have one."), 12),
            Column("median", _("Regional median"), _("Over the member states that contribute."), 18),
            Column("change", pgettext("column of a table", "Change"), _("Of the mean since the round before."), 12),
        ]
        rows = []
        for area in self._areas:
            mean, declared, applicable, median, change = self._figures(area)
            rows.append([area.title, _rounded(mean), declared, applicable, _rounded(median), _rounded(change)])
        return Table(_("Areas"), columns, rows)

    def _indicator_sheet(self) -> Table:
        columns = [
            Column("indicator", _("Indicator"), _("Its code in the framework."), 12),
            Column("title", _("Title"), _("Of the indicator."), 50),
            Column("level", _("Level"), _("0 to 4; empty where none is declared. That is not a zero."), 8),
            Column("kind", _("Why there is no level"), _("Not declared, or not applicable."), 18),
            Column("reason", _("Reason"), _("In the state’s own words."), 40),
            Column("reached", _("What is reached"), _("The words of this level."), 60),
            Column("next", _("What the next level asks"), _("The words of the level above."), 60),
        ]
        rows = []
        for area in self._areas:
            for indicator in area.indicators:
                level, kind, reason, reached, following = self._given(indicator)
                rows.append([indicator.code, indicator.title, level, kind, reason, reached, following])
        return Table(_("Indicators"), columns, rows)

    def _contact_sheet(self) -> Table:
        columns = [
            Column("name", _("Name"), _("Of the person."), 30),
            Column("role", _("Office"), _("For which she can be reached."), 20),
            Column("post", _("Post"), _("At home."), 30),
            Column("email", _("E-mail address"), _("As the person keeps it."), 34),
        ]
        rows = [
            [term.person.full_name, str(term.get_role_display()), term.post, term.person.email]
            for term in self.contacts
        ]
        return Table(_("Contacts"), columns, rows)


def _day(day: Any) -> str:
    return str(date_format(day, "DATE_FORMAT"))


def _level(value: float | None) -> str:
    return "–" if value is None else cells.number(value, 1)


def _rounded(value: float | None) -> float | None:
    """As the page shows it."""
    return None if value is None else cells.rounded(value)


def _signed(change: float) -> str:
    amount = cells.number(abs(change), 1)
    if not cells.rounded(change):
        return "0"
    return f"+{amount}" if change > 0 else f"−{amount}"
