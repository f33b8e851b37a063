"""Where the bytes of stored files lie: ``FILES_DIR``, two folders deep, under random names. No web server reads it.

A file is complete before it has its name (written beside, flushed to the disk, renamed), and its row is written after
it. So a crash leaves at most a file that no row knows; ``strays`` finds those.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

PIECE = 64 * 1024


def place(name: uuid.UUID) -> Path:
    return Path(settings.FILES_DIR) / name.hex[:2] / name.hex[2:4] / name.hex


def write(content: bytes) -> uuid.UUID:
    """Keep the bytes; returns the new name. On the disk when this returns. Errors: OSError (then nothing stays)."""
    name = uuid.uuid4()
    target = place(name)
    for folder in (target.parent.parent.parent, target.parent.parent, target.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(f"{target.name}.part")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.rename(target)
        for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
            _flush(folder)
    except BaseException:
        draft.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        raise
    return name


def pieces(name: uuid.UUID) -> Iterator[bytes]:
    """The bytes, piece by piece; opened when the first one is asked for. Errors: FileNotFoundError."""
    with place(name).open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece


def remove(name: uuid.UUID) -> None:
    """Delete the bytes; safe to call twice."""
    place(name).unlink(missing_ok=True)


def strays(older_than: float) -> Iterator[tuple[Path, uuid.UUID | None]]:
    """Files whose last change lies more than ``older_than`` seconds back, with their name (None: a draft)."""
    latest = time.time() - older_than
    root = Path(settings.FILES_DIR)
    for path in root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
        with contextlib.suppress(FileNotFoundError):  # renamed or removed at this moment
            if path.is_file() and path.stat().st_mtime < latest:
                yield path, _name(path)


def _name(path: Path) -> uuid.UUID | None:
    try:
        return uuid.UUID(hex=path.name)
    except ValueError:
        return None


def _flush(folder: Path) -> None:
    """The name itself is on the disk only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
