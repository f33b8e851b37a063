"""``@Ghana 30 Sep`` in an action point: who owns it and by when it is due, in three languages, accents or not.

Found are states and organisations by name, code or acronym, and ``@all`` or ``@each`` for every member state; behind a
name, or alone behind an ``@``, a day. What is not understood stays an ordinary word of the text.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from members.models import Organisation, State
from members.sorting import fold

EARLIEST, LATEST = 2000, 2100  # years; anything else is a slip, or no date
# One word of the three languages, or two.
EACH = (
    "all", "all members", "all member states", "each", "each member", "each member state", "every member state",
    "tous", "toutes", "chacun", "chaque etat", "chaque etat membre", "tous les etats membres",
    "todos", "todas", "cada estado", "cada estado membro", "todos os estados membros",
)  # fmt: skip
ARTICLES = frozenset({"the", "le", "la", "les", "l", "o", "a", "os", "as"})
MONTHS = (
    ("january", "janvier", "janeiro"), ("february", "fevrier", "fevereiro"), ("march", "mars", "marco"),
    ("april", "avril", "abril"), ("may", "mai", "maio"), ("june", "juin", "junho"), ("july", "juillet", "julho"),
    ("august", "aout", "agosto"), ("september", "septembre", "setembro"), ("october", "octobre", "outubro"),
    ("november", "novembre", "novembro"), ("december", "decembre", "dezembro"),
)  # fmt: skip


@dataclass(frozen=True)
class Owner:
    """``kind``: state, organisation or each (then ``pk`` is 0)."""

    kind: str
    pk: int = 0


EACH_MEMBER = Owner("each")


@dataclass(frozen=True)
class Mention:
    """``start`` to ``end`` of the text; at least one of owner and day is there."""

    start: int
    end: int
    owner: Owner | None
    due_on: dt.date | None


@dataclass(frozen=True)
class Found:
    """All mentions of a text together: owners as they are named; of several days the last one holds."""

    owners: tuple[Owner, ...] = ()
    due_on: dt.date | None = None


class Directory:
    """Every name by which an owner may be called. Building it reads both querysets: two queries."""

    def __init__(self, states: Iterable[State], organisations: Iterable[Organisation]) -> None:
        self._by_word: dict[str, list[tuple[tuple[str, ...], Owner]]] = {}
        for words in EACH:
            self._add(words, EACH_MEMBER)
        for state in states:
            owner = Owner("state", state.pk)
            for name in (*_in_languages(state, "name"), state.alpha2, state.alpha3):
                self._add(name, owner)
        for organisation in organisations:
            owner = Owner("organisation", organisation.pk)
            for name in (*_in_languages(organisation, "acronym"), *_in_languages(organisation, "name")):
                self._add(name, owner)
        for names in self._by_word.values():
            names.sort(key=lambda pair: -len(pair[0]))

    def _add(self, name: str, owner: Owner) -> None:
        words = tuple(fold(name).replace("(", " ").replace(")", " ").split())
        while len(words) > 1 and words[0] in ARTICLES:
            words = words[1:]
        while len(words) > 1 and words[-1] in ARTICLES:
            words = words[:-1]
        known = self._by_word.setdefault(words[0], []) if words else []
        if words and (words, owner) not in known:
            known.append((words, owner))

    def at(self, words: Sequence[tuple[str, int, int]]) -> tuple[Owner, int] | None:
        """The owner whose name, the longest one, begins ``words`` (word, start, end); where in the text it ends."""
        for skipped in (0, 1):
            rest = words[skipped:]
            if not rest or (skipped and words[0][0] not in ARTICLES):
                continue
            for name, owner in self._by_word.get(rest[0][0], ()):
                if tuple(word for word, _start, _end in rest[: len(name)]) == name:
                    return owner, rest[len(name) - 1][2]
        return None

    def called(self, text: str) -> Owner | None:
        """Whose name, code or acronym ``text`` is, as a whole."""
        found = self.at(_words(text, 0))
        return found[0] if found and found[1] == len(text) else None


def _in_languages(row: State | Organisation, field: str) -> list[str]:
    return [str(getattr(row, f"{field}_{language}") or "") for language in ("en", "fr", "pt")]


# -- Reading -----------------------------------------------------------------------------------------------------------

_AT = re.compile(r"(?<![\w.@+-])@(?=\w)")
_WORD = re.compile(r"[^\W_]+")
_BETWEEN = re.compile(r"[ \t'’().-]{1,3}")
_MOST_WORDS = 9


def find(text: str, directory: Directory, today: dt.date) -> list[Mention]:
    """In the order of the text. ``today``, in the zone of the meeting, gives a day without year its year."""
    plain = _plain(text)
    found = []
    for sign in _AT.finditer(text):
        begin = sign.end()
        named = directory.at(_words(text, begin))
        end = named[1] if named else begin
        dated = _date(plain, end, today, alone=named is None)
        if named or dated:
            owner = named[0] if named else None
            found.append(Mention(sign.start(), dated[1] if dated else end, owner, dated[0] if dated else None))
    return found


def summary(mentions: Iterable[Mention]) -> Found:
    owners: dict[Owner, None] = {}
    due_on = None
    for mention in mentions:
        if mention.owner:
            owners[mention.owner] = None
        due_on = mention.due_on or due_on
    return Found(tuple(owners), due_on)


def unknown(text: str, mentions: Sequence[Mention]) -> list[str]:
    """What stands behind an ``@`` and was not understood, at most three of them."""
    known = {mention.start for mention in mentions}
    names = [_WORD.match(text, sign.end()) for sign in _AT.finditer(text) if sign.start() not in known]
    return [name.group() for name in names if name][:3]


_JOINT = re.compile(r"[ \t]*(?:[,;&/+]|\b(?:and|et|e|with|avec|com)\b)?[ \t]*")
_GAP = "\0"  # stands for what was taken out; no text holds it (PostgreSQL refuses it)
_IN_BRACKETS = re.compile(rf"\([ \t]*{_GAP}[ \t]*\)")
_AROUND = re.compile(rf"(?P<left>^|[.,;:]?)[ \t]*{_GAP}[ \t]*(?P<right>[.,;:]?)[ \t]*(?P<last>$)?", re.MULTILINE)


def without(text: str, mentions: Sequence[Mention]) -> str:
    """The text without its mentions, without what joined them, and without the marks that would stand there twice."""
    if not mentions:
        return text
    kept, place = [], 0
    for mention, following in zip(mentions, [*mentions[1:], None], strict=True):
        kept += [text[place : mention.start], _GAP]
        place = mention.end
        joint = _JOINT.match(text, place)
        if joint and following and joint.end() == following.start:
            place = following.start
    joined = re.sub(f"{_GAP}+", _GAP, "".join([*kept, text[place:]]))
    return _AROUND.sub(_mended, _IN_BRACKETS.sub(_GAP, joined)).strip()


def _mended(gap: re.Match[str]) -> str:
    left, right = gap["left"], gap["right"]
    if gap["last"] is not None:
        return "." if "." in left + right else ""
    if gap.start() == 0 or gap.string[gap.start() - 1] == "\n":
        return left  # nothing before it in its line: what would follow the name goes too
    if left or right:
        return (left or right) + " "
    return " "


def _words(text: str, begin: int) -> list[tuple[str, int, int]]:
    """Folded words from ``begin`` on, as long as only a space, a hyphen or an apostrophe stands between them."""
    found: list[tuple[str, int, int]] = []
    place = begin
    while len(found) < _MOST_WORDS:
        word = _WORD.match(text, place)
        if word is None:
            break
        for part in fold(word.group()).split() or [word.group()]:
            found.append((part, word.start(), word.end()))
        gap = _BETWEEN.match(text, word.end())
        if gap is None:
            break
        place = gap.end()
    return found


def _plain(text: str) -> str:
    """Small letters without accents, each at the place where it stands in ``text``."""

    def letter(character: str) -> str:
        parts = [part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)]
        return parts[0].lower()[:1] if parts else " "

    return text.lower() if text.isascii() else "".join(map(letter, text))


# -- Days ----------------------------------------------------------------------------------------------------------

_LEAD = re.compile(
    r"[ \t]*[,;:(–-]?[ \t]*"
    r"(?:(?:due|by|before|until|on|for|le|pour|avant|d.ici|au|jusqu.au|ate|em|no|dia|para|antes|de)[ \t]+){0,3}"
)
_ISO = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?!\w)")
_NUMBERS = re.compile(r"(?P<d>\d{1,2})(?P<s>[./])(?P<m>\d{1,2})(?:(?P=s)(?P<y>\d{4}|\d{2}))?(?!\w|[./]\d)")
_DAY_FIRST = re.compile(
    r"(?P<d>\d{1,2})(?:er|st|nd|rd|th|o|a)?[ \t]+(?:de[ \t]+|of[ \t]+)?(?P<w>[a-z]{3,10})\b\.?"
    r"(?:,?[ \t]+(?:de[ \t]+)?(?P<y>\d{4})(?!\w))?"
)
_MONTH_FIRST = re.compile(
    r"(?P<w>[a-z]{3,10})\b\.?[ \t]+(?P<d>\d{1,2})(?:st|nd|rd|th)?(?!\w)(?:,?[ \t]+(?P<y>\d{4})(?!\w))?"
)


def _date(plain: str, begin: int, today: dt.date, *, alone: bool) -> tuple[dt.date, int] | None:
    """The day that stands at ``begin``, and where it ends; a few words such as "by" may stand before it."""
    lead = None if alone else _LEAD.match(plain, begin)
    for place in dict.fromkeys((lead.end() if lead else begin, begin)):
        for pattern in (_ISO, _NUMBERS, _DAY_FIRST, _MONTH_FIRST):
            match = pattern.match(plain, place)
            day = _day(match.groupdict(), today) if match else None
            if match and day:
                end = match.end()
                closes = lead is not None and "(" in plain[begin:place] and plain[end : end + 1] == ")"
                return day, end + closes
    return None


def _day(parts: dict[str, str | None], today: dt.date) -> dt.date | None:
    month = _month(parts["w"] or "") if "w" in parts else int(parts["m"] or 0)
    day = int(parts["d"] or 0)
    if parts.get("y"):
        year = int(parts["y"] or 0)
        year += 2000 if year < 100 else 0
        return _made(year, month, day) if EARLIEST <= year <= LATEST else None
    return next(_coming(month, day, today), None)


def _coming(month: int, day: int, today: dt.date) -> Iterator[dt.date]:
    """That day of this year or the next one that has it, from today on."""
    for year in range(today.year, today.year + 9):
        found = _made(year, month, day)
        if found and found >= today:
            yield found


def _made(year: int, month: int, day: int) -> dt.date | None:
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return dt.date(year, month, day)


def _month(word: str) -> int:
    """1 to 12 for the beginning of a month's name, at least three letters, that fits no other month; else 0."""
    fits = {number for number, names in enumerate(MONTHS, start=1) if any(name.startswith(word) for name in names)}
    return fits.pop() if len(fits) == 1 else 0
