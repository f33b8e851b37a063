"""A mailbox on a free port that is read over IMAP (RFC 3501): as much of it as a reader of reports asks for."""

import contextlib
import re
import shlex
import socketserver
import threading
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser


@dataclass
class Box:
    """``letters``: UID → content. ``refuse``: commands that are answered NO. ``asked``: what came over the line."""

    letters: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    refuse: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    sent_bytes: int = 0
    passphrase: str = 'secret "word"'

    def put(self, content: bytes) -> int:
        uid = max(self.letters, default=100) + 1
        self.letters[uid] = content
        return uid

    @contextlib.contextmanager
    def listening(self, tls=None):
        box = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    if tls is not None:
                        line = tls.wrap_socket(self.connection, server_side=True)
                        self.rfile, self.wfile = line.makefile("rb"), line.makefile("wb", buffering=0)
                    box.talk(self.rfile, self.wfile)

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield server.server_address[1]
            finally:
                server.shutdown()
                thread.join()

    def talk(self, rfile, wfile):
        def say(data):
            self.sent_bytes += len(data)
            wfile.write(data + b"\r\n")

        say(b"* OK box")
        signed_in = is_open = False
        while line := rfile.readline():
            tag, *words = shlex.split(line.decode())
            verb = words[0].upper() if words[0].upper() != "UID" else words[1].upper()
            self.asked.append(" ".join(words))
            rest = words[2:] if words[0].upper() == "UID" else words[1:]
            good = verb not in self.refuse
            if verb == "CAPABILITY":
                say(b"* CAPABILITY IMAP4rev1")
            elif verb == "LOGIN":
                signed_in = good = good and rest == ["portal", self.passphrase]
            elif verb == "SELECT":
                is_open = good = good and signed_in and rest == ["Returned mail"]
                say(b"* %d EXISTS" % len(self.letters))
            elif verb == "SEARCH" and good:
                assert is_open
                say(b"* SEARCH " + " ".join(map(str, self._search(rest))).encode())
            elif verb == "FETCH" and good:
                assert is_open
                self._fetch(say, int(rest[0]), rest[1])
            elif verb == "STORE" and good:
                assert rest[1:] == ["+FLAGS.SILENT", "(Seen)"]  # shlex takes the backslash
                self.seen.add(int(rest[0]))
            elif verb == "LOGOUT":
                say(b"* BYE box")
            say(f"{tag} {'OK' if good else 'NO'} {verb} said".encode())
            if verb == "LOGOUT":
                return

    def _search(self, words):
        assert words[:2] == ["UNSEEN", "HEADER"]
        name, part = words[2], words[3].lower()
        for uid, content in sorted(self.letters.items()):
            value = str(BytesHeaderParser().parsebytes(content[:100_000]).get(name, ""))
            if uid not in self.seen and part in value.lower():
                yield uid

    def _fetch(self, say, uid, what):
        start, count = map(int, re.fullmatch(r"\(BODY\.PEEK\[\]<(\d+)\.(\d+)>\)", what).groups())
        piece = self.letters[uid][start : start + count]
        say(b"* 1 FETCH (UID %d BODY[]<%d> {%d}\r\n%s)" % (uid, start, len(piece), piece))
