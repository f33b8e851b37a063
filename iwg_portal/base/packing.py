"""A ZIP archive made while it is being sent: in memory there is never more than one piece of one file."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One file: its name in the archive, when it was made (aware), its bytes in pieces."""

    name: str
    at: dt.datetime
    pieces: Iterable[bytes]


class _Pipe(io.RawIOBase):
    """What ``zipfile`` writes, handed on at once. It cannot be wound back, so sizes follow the bytes of each file."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self.parts.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        piece = b"".join(self.parts)
        self.parts.clear()
        return piece


def packed(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The archive, piece by piece. Nothing is compressed: documents and pictures are already.

    An entry is asked for when the one before it has left, so that later entries may depend on what happened to earlier
    ones. Raises whatever ``pieces`` raises; an entry whose first piece fails should not be yielded at all.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as book:  # type: ignore[call-overload]
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, entry.at.astimezone(dt.UTC).timetuple()[:6])
            info.external_attr = 0o644 << 16
            with book.open(info, "w") as target:
                for piece in entry.pieces:
                    target.write(piece)
                    if sent := pipe.taken():
                        yield sent
            if sent := pipe.taken():
                yield sent
    yield pipe.taken()
