"""Compiled catalogues (.mo) from the translators' files (.po), without GNU gettext."""

import os
from pathlib import Path

import polib
from django.conf import settings


def compile_all(force: bool = False) -> list[Path]:
    """Write each .mo that is missing or older than its .po; returns those written.

    Raises OSError when a folder cannot be written, and ValueError (file and line) for a broken catalogue.
    """
    written = []
    for folder in settings.LOCALE_PATHS:
        for po in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
            mo = po.with_suffix(".mo")
            if not force and mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
                continue
            try:
                catalogue = polib.pofile(str(po))
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"{po} cannot be read: {error}") from None
            # A half-written file would be read by a running process: write beside it, then swap.
            draft = mo.with_name(f".{mo.name}.{os.getpid()}")
            catalogue.save_as_mofile(str(draft))
            draft.replace(mo)
            written.append(mo)
    return written
