"""What is uploaded stays in memory until it is checked: nothing refused was ever on a disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload

View = TypeVar("View", bound=Callable[..., Any])


def receives_files(view: View) -> View:
    """Marks a view whose forms carry files of up to ``MAX_FILE_BYTES``; every other body is limited to less."""
    view.receives_files = True  # type: ignore[attr-defined]
    return view


class MemoryUploadHandler(MemoryFileUploadHandler):
    """Django's, for every size that ``CsrfMiddleware`` lets pass; no handler behind it writes temporary files."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: str, encoding: str | None = None
    ) -> None:
        self.activated = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if start + len(raw_data) > settings.MAX_FILE_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise StopUpload(connection_reset=True)
        return super().receive_data_chunk(raw_data, start)
