"""The client of clamd against a small server that speaks its protocol, over TCP and a Unix socket."""

import shutil
import socket
import struct
import tempfile
import threading
import time
from pathlib import Path

import pytest

from iwg_portal.base.uploads import Refused, check, virus


class Clamd:
    """Answers each connection with what ``verdict`` makes of the bytes; None: never."""

    def __init__(self, family, address, verdict):
        self.verdict, self.received = verdict, []
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.bind(address)
        self.listener.listen()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def address(self):
        name = self.listener.getsockname()
        return name if isinstance(name, str) else f"{name[0]}:{name[1]}"

    def serve(self):
        while not self.stopped.is_set():
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            with link:
                try:
                    self.answer(link)
                except OSError:
                    continue

    def answer(self, link):
        stream = link.makefile("rb")
        assert stream.read(10) == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack(">I", stream.read(4))[0]:
            content += stream.read(length)
        self.received.append(content)
        reply = self.verdict(content)
        if reply is None:
            self.stopped.wait(10)
        else:
            link.sendall(reply)

    def stop(self):
        self.stopped.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


@pytest.fixture
def clamd(settings):
    servers, folder = [], tempfile.mkdtemp(prefix="clamd-")

    def start(verdict, unix=False):
        family = socket.AF_UNIX if unix else socket.AF_INET
        address = str(Path(folder) / f"{len(servers)}.sock") if unix else ("127.0.0.1", 0)
        server = Clamd(family, address, verdict)
        servers.append(server)
        settings.CLAMD_ADDRESS = server.address
        return server

    yield start
    for server in servers:
        server.stop()
    shutil.rmtree(folder)


def verdict(content):
    return b"stream: False-Test-Signature FOUND\0" if b"EVIL" in content else b"stream: OK\0"


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
def test_clean_and_infected(clamd, unix):
    server = clamd(verdict, unix)
    content = b"harmless " * 20_000
    assert virus.scan(content) == virus.CLEAN
    assert server.received == [content]
    assert virus.scan(b"EVIL") == virus.INFECTED


def test_an_infected_file_is_refused_and_a_clean_one_says_so(clamd):
    clamd(verdict)
    assert check(b"A law", "a.txt").scan == virus.CLEAN
    with pytest.raises(Refused) as refusal:
        check(b"EVIL", "a.txt")
    assert refusal.value.code == "infected"


def test_silence_ends_after_the_set_time(clamd, settings):
    settings.CLAMD_SECONDS = 0.3
    clamd(lambda content: None)
    start = time.monotonic()
    assert check(b"A law", "a.txt").scan == virus.NOT_SCANNED
    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    "reply", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"nonsense\0", b"stream: OK FOUND OK\0", b"x" * 9_000]
)
def test_no_verdict_is_no_clean_bill(clamd, reply):
    clamd(lambda content: reply)
    assert virus.scan(b"A law") == virus.NOT_SCANNED


def test_nobody_there(settings, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.CLAMD_ADDRESS = f"127.0.0.1:{free.getsockname()[1]}"
        assert virus.scan(b"A law") == virus.NOT_SCANNED
    for address in (str(tmp_path / "none.sock"), "nonsense", "127.0.0.1:x"):
        settings.CLAMD_ADDRESS = address
        assert virus.scan(b"A law") == virus.NOT_SCANNED
    settings.CLAMD_ADDRESS = ""
    assert virus.scan(b"A law") == virus.NOT_SCANNED
