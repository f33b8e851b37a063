"""A client of clamd, ClamAV's daemon: the bytes go through a socket, and nothing is written anywhere.

Protocol: https://docs.clamav.net/manual/Usage/Scanning.html (INSTREAM: pieces with their length, then a zero length).
"""

from __future__ import annotations

import logging
import re
import socket
import struct
import time

from django.conf import settings

CLEAN, INFECTED, NOT_SCANNED = "clean", "infected", "not_scanned"
PIECE = 64 * 1024
MAX_REPLY = 4096

logger = logging.getLogger(__name__)


def scan(content: bytes) -> str:
    """``clean``, ``infected`` or ``not_scanned`` (no scanner is configured, or it gave no verdict in time).

    ``settings.CLAMD_ADDRESS`` is the path of a Unix socket or ``host:port``; the whole takes at most
    ``settings.CLAMD_SECONDS``. Never raises.
    """
    if not settings.CLAMD_ADDRESS:
        return NOT_SCANNED
    try:
        reply = _ask(settings.CLAMD_ADDRESS, content, settings.CLAMD_SECONDS)
    except (OSError, ValueError) as error:
        logger.warning("The virus scanner did not answer: %s", type(error).__name__)
        return NOT_SCANNED
    if re.fullmatch(r"stream: OK", reply):
        return CLEAN
    if re.fullmatch(r"stream: .+ FOUND", reply):
        logger.warning("The virus scanner refused an upload.")
        return INFECTED
    logger.warning("The virus scanner gave no verdict.")
    return NOT_SCANNED


def _ask(address: str, content: bytes, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    with _connection(address, seconds) as link:
        try:
            link.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), PIECE):
                link.settimeout(_left(deadline))
                piece = content[start : start + PIECE]
                link.sendall(struct.pack(">I", len(piece)) + piece)
            link.sendall(struct.pack(">I", 0))
        except (BrokenPipeError, ConnectionResetError):
            pass  # over its own limit clamd answers and hangs up before everything is sent
        reply = b""
        while not reply.endswith(b"\0") and len(reply) < MAX_REPLY:
            link.settimeout(_left(deadline))
            piece = link.recv(MAX_REPLY)
            if not piece:
                break
            reply += piece
    return reply.rstrip(b"\0\n").decode("utf-8", "replace").strip()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connection(address: str, seconds: float) -> socket.socket:
    if address.startswith("/"):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.settimeout(seconds)
            link.connect(address)
        except OSError:
            link.close()
            raise
        return link
    host, _colon, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=seconds)
