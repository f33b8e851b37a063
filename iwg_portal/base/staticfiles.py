"""Where static files live. In production one style sheet and one script, each with its hash in its name.

The sources are many small files that a browser can load as they are (``@import``, ES modules): that is what
development and tests use. At ``collectstatic`` they are folded into their entry, since on a slow line each
further request costs as much as ten kilobytes.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

ENTRIES = ("css/site.css", "js/site.js")
_CSS_IMPORT = re.compile(r'@import url\("([^"]+)"\) layer\((\w+)\);\n?')
_JS_IMPORT = re.compile(r'^import "([^"]+)";\n?', re.MULTILINE)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_SPACE = re.compile(r"\s*([{};,>])\s*|\s+")
_JS_COMMENT = re.compile(r"^\s*//.*\n", re.MULTILINE)


class PlainStorage(StaticFilesStorage):
    """Files under their own names, unfolded: development and tests."""


class BundledManifestStorage(CompressedManifestStaticFilesStorage):
    """Folds each entry of ``ENTRIES`` into one file, then hashes and compresses everything."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """``paths``: name → (storage, name there), as collectstatic gives it; yields what Django’s own does."""
        if not dry_run:
            for entry in ENTRIES:
                if entry not in paths:
                    continue
                self.delete(entry)
                self._save(entry, ContentFile(bundle(entry, paths).encode()))
                paths = {**paths, entry: (self, entry)}
        yield from super().post_process(paths, dry_run, **options)


def _source(name: str, paths: dict[str, Any]) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return file.read().decode()


def bundle(entry: str, paths: dict[str, Any]) -> str:
    """The text of ``entry`` with every file that it imports in place of the import.

    A style sheet keeps its cascade layers and may not refer to other files; a script’s names stay in a block.
    """
    text = _source(entry, paths)

    def imported(match: re.Match[str]) -> str:
        name = posixpath.normpath(posixpath.join(posixpath.dirname(entry), match[1]))
        inner = _source(name, paths)
        if entry.endswith(".js"):
            return f"{{\n{inner}}}\n"
        if "url(" in inner.replace("url(data:", ""):
            raise ValueError(f"{name} refers to another file: the bundle would lose it.")
        return f"@layer {match[2]}{{{inner}}}"

    if entry.endswith(".js"):
        return _JS_COMMENT.sub("", _JS_IMPORT.sub(imported, text))
    text = _CSS_COMMENT.sub("", _CSS_IMPORT.sub(imported, text))
    return _CSS_SPACE.sub(lambda match: match[1] or " ", text).strip()
