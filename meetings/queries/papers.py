"""Papers as they are listed and packed: by item, each with its languages, what is new, and what a file is called."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from iwg_portal.base.dates import date_format
from iwg_portal.base.marks import TLP
from meetings.models import AgendaItem, Meeting, Paper
from members.enums import Audience, Language
from members.models import FileVersion

# The title of a stored file where a language has none of its own: the paper's title holds, also when it is changed.
NO_TITLE = "–"
# Of a title in the name of a file.
_LONGEST = 60
_RULE = "-" * 72


@dataclass(frozen=True)
class Edition:
    """One language of a paper: its newest version. ``news`` is a word, or empty where she knows it."""

    version: FileVersion
    title: str
    news: str

    @property
    def code(self) -> str:
        return str(self.version.file.language)

    @property
    def printed(self) -> str:
        """ "FR", and from the second on which version it is."""
        if self.version.number == 1:
            return self.code.upper()
        return _("%(code)s version %(number)s") % {"code": self.code.upper(), "number": self.version.number}

    @property
    def language(self) -> str:
        return Language(self.code).label if self.code else _("another language")


@dataclass(frozen=True)
class Sheet:
    """A paper as it is listed. ``title`` is in the reader's language where the paper has a title in it."""

    paper: Paper
    title: str
    editions: list[Edition]

    @property
    def is_new(self) -> bool:
        return any(edition.news for edition in self.editions)

    @property
    def printed(self) -> str:
        """ "Carrier calls (EN, FR version 2)": for paper, where nothing can be followed."""
        codes = [edition.printed for edition in self.editions if edition.code]
        if not codes:
            return self.title
        return _("%(title)s (%(languages)s)") % {"title": self.title, "languages": ", ".join(codes)}

    @property
    def line(self) -> str:
        """ "PDF, 0.4 MB · EN FR PT": kinds, size of all languages together, languages."""
        if not self.editions:
            return ""
        kinds = "/".join(dict.fromkeys(edition.version.ending for edition in self.editions))
        size = filesizeformat(sum(edition.version.size for edition in self.editions))
        codes = " ".join(edition.code.upper() for edition in self.editions if edition.code)
        facts = _("%(kinds)s, %(size)s") % {"kinds": kinds, "size": size}
        return f"{facts} · {codes}" if codes else facts


@dataclass(frozen=True)
class Heading:
    """The papers of one item; ``item`` None: of the whole meeting."""

    number: int
    item: AgendaItem | None
    sheets: list[Sheet]


def sheets(papers: Iterable[Paper], versions: Iterable[FileVersion], since: dt.datetime | None) -> list[Sheet]:
    """In the order of ``papers`` (``access.with_opening``). ``since``: when she last looked; None: never, so that
    everything is new."""
    by_paper: dict[str, list[FileVersion]] = {}
    for version in versions:
        by_paper.setdefault(version.file.parent_id, []).append(version)
    found = []
    for paper in papers:
        rows = sorted(by_paper.get(str(paper.pk), ()), key=lambda version: (version.file.language or "zz", version.pk))
        opened_at = getattr(paper, "opened_at", None)
        editions = [Edition(version, _own_title(version, paper), _news(version, since, opened_at)) for version in rows]
        found.append(Sheet(paper, _title_for_reader(paper, editions), editions))
    return found


def by_item(found: Iterable[Sheet], items: Iterable[AgendaItem]) -> list[Heading]:
    """``items``: those of the agenda, in their order. A paper of any other item is one of the whole meeting."""
    numbers = {item.pk: (number, item) for number, item in enumerate(items, start=1)}
    groups: dict[int, Heading] = {}
    for sheet in found:
        number, item = numbers.get(sheet.paper.item_id or 0, (0, None))
        groups.setdefault(number, Heading(number, item, [])).sheets.append(sheet)
    return [groups[number] for number in sorted(groups)]


def newest(found: Iterable[Sheet]) -> dt.datetime | None:
    """When the last of these files came, or was opened to her."""
    came = [edition.version.uploaded_at for sheet in found for edition in sheet.editions]
    opened = [getattr(sheet.paper, "opened_at", None) for sheet in found if sheet.editions]
    return max([*came, *filter(None, opened)], default=None)


def readers_words(audience: str) -> str:
    """Who reads a paper: no delegation owns it."""
    return _("the secretariat") if audience == Audience.SECRETARIAT else str(Audience(audience).label)


def _own_title(version: FileVersion, paper: Paper) -> str:
    title = version.file.title
    return "" if title in (NO_TITLE, paper.title) else title


def _title_for_reader(paper: Paper, editions: list[Edition]) -> str:
    language = translation.get_language()
    return next((edition.title for edition in editions if edition.code == language and edition.title), paper.title)


def _news(version: FileVersion, since: dt.datetime | None, opened_at: dt.datetime | None) -> str:
    """``opened_at``: before, she could not know it, however long it has been there."""
    if since is not None and opened_at is not None and opened_at > since:
        return _("new")
    if since is not None and version.uploaded_at <= since:
        return ""
    known = since is not None and version.number > 1 and version.file.created_at <= since
    return _("new version") if known else _("new")


# -- The pack ---------------------------------------------------------------------------------------------------------


def file_name(paper: Paper, edition: Edition) -> str:
    """ "paper-03-regional-carrier-calls-fr.pdf": plain ASCII; number and language say which, the words say what."""
    words = slugify(edition.title or paper.title)[:_LONGEST].strip("-_")
    parts = ["paper", f"{paper.number:02}", *([words] if words else []), edition.code or "xx"]
    return f"{'-'.join(parts)}.{edition.version.ending.lower()}"


def pack_name(meeting: Meeting) -> str:
    """Of the whole pack: series and number, no title."""
    return f"papers-{slugify(meeting.group.key)}-{meeting.number}.zip"


def contents(meeting: Meeting, found: list[Sheet], missing: set[int], at: dt.datetime, stamp: str) -> str:
    """The text that lies in the pack: what is in it, whose it is, who may read it. ``missing``: keys of versions whose
    bytes were withdrawn while the pack was being built. ``stamp``: a line that stands first, or empty."""
    local = at.astimezone(meeting.tz)
    lines = [
        *([stamp, ""] if stamp else []),
        plain(meeting.title),
        _("Papers as of %(at)s") % {"at": f"{date_format(local, 'DATETIME_FORMAT')} {meeting.zone}"},
        _("Each paper is for the readers that stand beside it; pass it on to nobody else."),
        _RULE,
    ]
    for sheet in found:
        lines += [
            _("Paper %(number)d: %(title)s") % {"number": sheet.paper.number, "title": plain(sheet.paper.title)},
            f"{TLP[sheet.paper.audience][0]} · {readers_words(sheet.paper.audience)}",
        ]
        for edition in sheet.editions:
            lines += [f"  {line}" for line in _lines_of(sheet.paper, edition, edition.version.pk in missing)]
        if not sheet.editions:
            lines.append("  " + _("No file yet."))
        lines.append("")
    return "\r\n".join(lines) + "\r\n"


def _lines_of(paper: Paper, edition: Edition, is_missing: bool) -> Iterator[str]:
    version = edition.version
    if is_missing:
        yield _("%(language)s: withdrawn, not in this pack") % {"language": edition.language}
        return
    words: dict[str, Any] = {
        "language": edition.language,
        "file": file_name(paper, edition),
        "number": version.number,
        "size": filesizeformat(version.size).replace("\xa0", " "),
    }
    yield _("%(language)s: %(file)s, version %(number)d, %(size)s") % words
    if edition.title:
        yield plain(edition.title)
    yield f"SHA-256 {version.sha256}"


def plain(text: str) -> str:
    """On one line, without characters that turn the direction of writing or hide."""
    return " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
