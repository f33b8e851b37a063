"""The catalogues: taking the texts out of the sources, and saying what is wrong with a translation.

Needs GNU gettext (``xgettext``, ``msguniq``, ``msgmerge``) for taking texts out; raises MissingGettext without it.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import polib

LANGUAGES = ("en", "fr", "pt")
SOURCE = "en"  # its texts are the msgids themselves: an empty msgstr is complete
CATALOGUES = Path("iwg_portal") / "locale"
NOT_OURS = (".*", "tests", "node_modules", "screens", "static", "docs", "deploy")
_NAMED = re.compile(r"%\((\w+)\)[a-z]|\{(\w*)\}")
_UNNAMED = re.compile(r"(?<!%)(?:%%)*%[sdr]")
# French: a narrow no-break space before ; ! ? » and after «, a no-break space before a colon. A time ("10:42"), an
# address and the code of a cell ("NA: reason") keep their colon.
_FRENCH = re.compile(r"[^\u202f;!?»][;!?»]|«(?!\u202f)|(?<!\u00a0)(?<!\bNA):(?!\d|//)")
PLURALS = {"en": "(n != 1)", "fr": "(n > 1)", "pt": "(n != 1)"}
HEADER = r"""msgid ""
msgstr ""
"Project-Id-Version: IWG Portal\n"
"Language: %s\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=%s;\n"

"""

Key = tuple[str, str, str]  # context, msgid, plural


class MissingGettext(Exception):
    """GNU gettext is not installed."""


def require_gettext() -> None:
    for program in ("xgettext", "msguniq", "msgmerge"):
        if shutil.which(program) is None:
            raise MissingGettext(
                f"GNU gettext is missing ({program}): install it, for example with “apt-get install gettext”."
            )


def path(root: Path, language: str) -> Path:
    return root / CATALOGUES / language / "LC_MESSAGES" / "django.po"


def write_header(catalogue: Path, language: str) -> None:
    """Give the catalogue the same short header after every run: gettext's own changes daily and says little."""
    text = catalogue.read_text(encoding="utf-8")
    _, _, entries = text.partition("\n\n")
    catalogue.write_text(HEADER % (language, PLURALS[language]) + entries, encoding="utf-8")


def texts_in_sources(root: Path, environment: Mapping[str, str]) -> set[Key]:
    """Every text that the sources mark for translation, read from a temporary copy of them."""
    require_gettext()
    with tempfile.TemporaryDirectory(prefix="iwg-messages-") as folder:
        copy = Path(folder) / "sources"
        shutil.copytree(root, copy, ignore=_only_sources)
        path(copy, SOURCE).parent.mkdir(parents=True)
        done = subprocess.run(  # noqa: S603
            [sys.executable, "manage.py", "messages", "--locale", SOURCE],
            cwd=copy, env=dict(environment), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise ValueError(f"The texts cannot be taken out of the sources: {done.stderr.strip() or done.stdout}")
        return {key(entry) for entry in polib.pofile(str(path(copy, SOURCE))) if not entry.obsolete}


def _only_sources(folder: str, names: list[str]) -> list[str]:
    """What shutil.copytree leaves out: everything but code, templates and data files that code reads at import."""
    place = Path(folder)
    skipped = shutil.ignore_patterns(*NOT_OURS, "__pycache__", "locale", "*.mo", "*.svg", "*.png", "*.ttf")
    return list(skipped(folder, names)) + [name for name in names if (place / name).is_symlink()]


def key(entry: polib.POEntry) -> Key:
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural or ""


def problems(root: Path, wanted: set[Key]) -> list[str]:
    """One line for everything that is wrong in the catalogues of ``root``, given the texts of the sources."""
    found = []
    for language in LANGUAGES:
        file = path(root, language)
        if not file.exists():
            found.append(f"{language}: {file.relative_to(root)} does not exist")
            continue
        entries = {key(entry): entry for entry in polib.pofile(str(file))}
        found += [f"{language}: missing: {text[1]!r}" for text in sorted(wanted - entries.keys())]
        for text, entry in entries.items():
            found += [f"{language}: {problem}: {entry.msgid!r}" for problem in _wrong(entry, text in wanted, language)]
    return found


def _wrong(entry: polib.POEntry, wanted: bool, language: str) -> Iterator[str]:
    if entry.obsolete or not wanted:
        yield "stale (no source says this any more)"
        return
    if "fuzzy" in entry.flags:
        yield "fuzzy"
    if _UNNAMED.search(entry.msgid):
        yield "unnamed placeholder"
    given = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    if not all(given):
        if language != SOURCE or any(given):
            yield "not translated"
        return
    allowed = placeholders(entry.msgid) | placeholders(entry.msgid_plural)
    for translated in given:
        # The singular of a plural pair may say "one" instead of the number.
        expected = placeholders(entry.msgid) & placeholders(entry.msgid_plural or entry.msgid)
        if not expected <= placeholders(translated) <= allowed:
            yield "other placeholders in the translation"
        if language == "fr" and (found := _FRENCH.search(translated)):
            yield f"not the French space at {translated[max(0, found.start() - 15) : found.end()]!r}"
    if not entry.msgid_plural and entry.msgid.startswith("\n") != entry.msgstr.startswith("\n"):
        yield "line break at the beginning differs"


def placeholders(text: str) -> set[str]:
    return {match.group(0) for match in _NAMED.finditer(text or "")}
