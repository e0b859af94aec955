"""Write SMTP commands to a connection, and read the replies in their order (RFC 5321, 4.2; RFC 2920)."""

import asyncio
from collections import deque
from dataclasses import dataclass

MAX_UNREAD = 65_536
"""The bytes of replies that a connection keeps until they are read; the longest known reply has 8 KB."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of the server: its code, and the text of its lines without the code."""

    code: int
    text: str

    @property
    def accepts(self) -> bool:
        """Whether the code is 2yz."""
        return 200 <= self.code < 300


class ReplyError(Exception):
    """A reply that does not follow the protocol: the server and the client are out of step."""

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code


class Wire(asyncio.Protocol):
    """A logged-in connection, taken over from the protocol that opened it.

    aiosmtplib loses the second of two replies that arrive at once, so it cannot send commands in groups.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._unread = bytearray()
        self._lines: list[str] = []
        self._replies: deque[Reply] = deque()
        self._failure: Exception | None = None
        self._is_lost = False
        self._waiter: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Whether the connection still exists, as far as is known."""
        return self._failure is None and not self._transport.is_closing()

    @property
    def has_unread(self) -> bool:
        """Whether bytes of the server were not read: replies that no command asked for."""
        return bool(self._replies or self._unread or self._lines)

    def write(self, *pieces: bytes) -> None:
        """Write commands or the text of a mail, in as few packets as possible; return at once."""
        if not self.is_open:
            raise self._failure or ConnectionError("connection lost")
        self._transport.writelines(pieces)

    async def room(self) -> None:
        """Wait until most of what was written is sent, a reply arrives, or the connection is lost."""
        await self._room.wait()

    async def reply(self, timeout: float) -> Reply:
        """Return the next reply.

        Raises ReplyError if it is malformed, ConnectionError if the connection is lost, and TimeoutError.
        """
        if not self._replies and self._failure is None:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(timeout):
                    await self._waiter
            finally:
                self._waiter = None
        # Replies that arrived before the connection was lost still count.
        if self._replies:
            return self._replies.popleft()
        raise self._failure or ConnectionError("connection lost")

    def abort(self) -> None:
        """Close the connection at once, without waiting for the server."""
        self._fail(ConnectionError("connection closed"))
        if not self._is_lost:
            self._transport.abort()

    def pause_writing(self) -> None:
        """Note that much is written and not sent."""
        self._room.clear()

    def resume_writing(self) -> None:
        """Note that there is room for more."""
        self._room.set()

    def data_received(self, data: bytes) -> None:
        """Split what arrived into replies."""
        self._unread += data
        try:
            *lines, rest = self._unread.split(b"\n")
            for line in lines:
                self._add(bytes(line).rstrip(b"\r"))
        except ReplyError as error:
            self._fail(error)
            return
        self._unread = rest
        if len(rest) + sum(map(len, self._lines)) > MAX_UNREAD or len(self._replies) > MAX_UNREAD // 100:
            self._fail(ReplyError("the server's reply is too long"))
        elif self._replies:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Record why the connection ended."""
        self._is_lost = True
        self._fail(exc or ConnectionError("connection lost"))

    def _add(self, line: bytes) -> None:
        """Add a line to the current reply; complete the reply with its last line."""
        code, text = line[:3], line[4:].decode("utf-8", "replace").strip()
        if not (len(code) == 3 and code.isdigit() and line[3:4] in (b"", b" ", b"-")):
            raise ReplyError(f"the server's reply cannot be read: {line[:200].decode('utf-8', 'replace')}")
        self._lines.append(text)
        if line[3:4] != b"-":
            self._replies.append(Reply(int(code), "\n".join(self._lines)))
            self._lines.clear()

    def _fail(self, failure: Exception) -> None:
        self._failure = self._failure or failure
        self._wake()

    def _wake(self) -> None:
        self._room.set()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
