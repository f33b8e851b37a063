"""A mail server that keeps what it accepts. For the benchmark and the tests: it behaves as badly as it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Thread

MESSAGE_ID = re.compile(rb"(?mi)^Message-ID:\s*(<[^>]*>)")
ADDRESS = re.compile(rb"<([^>]*)>")


@dataclass
class Accepted:
    """A message for which the server took responsibility, whether its client learned of that or not."""

    message_id: str
    sender: str
    recipient: str
    content: bytes


@dataclass
class Sink:
    """``rcpt`` answers with a code for an address. The others say after how much the line is dropped, for an address:
    ``"RCPT"``, ``"DATA"`` (instead of 354), ``"text"`` (not accepted), ``"accepted"`` (accepted, no 250), ``"250"``.
    """

    rcpt: Callable[[str], int] = lambda address: 250
    mail: Callable[[], int] = lambda: 250
    text: Callable[[str], int] = lambda address: 250
    drop: Callable[[str], str] = lambda address: ""
    on_accept: Callable[[Accepted], None] = lambda accepted: None
    accepted: list[Accepted] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(text: str) -> None:
            writer.write(text.encode() + b"\r\n")
            await writer.drain()

        await say("220 sink")
        sender = recipient = ""
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            if verb == b"MAIL":
                sender = self._address(line)
                await say(f"{self.mail()} sender")
            elif verb == b"RCPT":
                recipient = self._address(line)
                if self.drop(recipient) == "RCPT":
                    return
                await say(f"{self.rcpt(recipient)} recipient")
            elif verb == b"DATA":
                if self.drop(recipient) == "DATA":
                    return
                await say("354 go on")
                if not await self._take(reader, say, sender, recipient):
                    return
            elif verb == b"QUIT":
                await say("221 bye")
                return
            else:
                await say("250 sink")

    async def _take(
        self, reader: asyncio.StreamReader, say: Callable[[str], object], sender: str, recipient: str
    ) -> bool:
        """Read the text and answer; False when the line is to be dropped."""
        content = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
        drop = self.drop(recipient)
        if drop == "text":
            return False
        code = self.text(recipient)
        if code == 250:
            found = MESSAGE_ID.search(content)
            name = found[1].decode() if found else ""
            accepted = Accepted(name, sender, recipient, re.sub(rb"(?m)^\.\.", b".", content))
            self.accepted.append(accepted)
            self.on_accept(accepted)
        if drop == "accepted":
            return False
        await say(f"{code} text")  # type: ignore[misc]
        return drop != "250"

    @staticmethod
    def _address(line: bytes) -> str:
        found = ADDRESS.search(line)
        return found[1].decode() if found else ""

    @contextlib.contextmanager
    def listening(self) -> Iterator[int]:
        """Serve in a thread of its own on a free port; the port."""
        loop = asyncio.new_event_loop()
        thread = Thread(target=loop.run_forever)
        thread.start()
        # Begun in that thread too: the caller's may have a loop of its own that runs.
        beginning = asyncio.start_server(self.serve, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(beginning, loop).result()
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            asyncio.run_coroutine_threadsafe(self._end(server), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    @staticmethod
    async def _end(server: asyncio.Server) -> None:
        server.close()
        talks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()


def main(log: str, seed: int) -> None:
    """A process of its own: prints its port, writes each accepted Message-ID as a line of ``log`` before it answers.

    It thinks for up to 3 ms before it accepts, so that those who are killed are often killed just then.
    """
    dice = random.Random(seed)
    with open(log, "a", buffering=1) as file:

        def think(address: str) -> int:
            time.sleep(dice.random() * 0.003)
            return 250

        def write(accepted: Accepted) -> None:
            file.write(f"{accepted.message_id}\n")

        with Sink(text=think, on_accept=write).listening() as port:
            print(port, flush=True)  # noqa: T201
            signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})  # before there are threads
    main(sys.argv[1], int(sys.argv[2]))
