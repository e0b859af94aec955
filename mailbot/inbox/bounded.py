"""Bound each response of an IMAP server in size and time: a broken server may send without end.

The socket's timeout bounds only the time between two pieces of a response.
"""

import imaplib
import io
import ssl
from typing import Any

import imapclient
from imapclient import imap4, tls

from mailbot.clock import monotonic

MAX_RESPONSE = 64 * 2**20
"""Maximum size of the response to a command in bytes, in addition to the mails that it fetches."""
MAX_LINE = 1_000_000
TIMEOUTS_PER_RESPONSE = 5
MIN_BYTES_PER_SECOND = 16_384


class _Socket(io.RawIOBase):
    """The reading side of a connection."""

    def __init__(self, connection: "_Bounded") -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        try:
            return self._connection.receive_into(buffer)
        except (BlockingIOError, ssl.SSLWantReadError):
            # None means that no data is available yet (io.RawIOBase), so that `peek` does not wait.
            return None


class _Bounded(imaplib.IMAP4):
    """Reads responses within bounds, which begin with each line that is sent.

    `fetched` is the size of the mails that the next command fetches. imaplib's own buffer is not used: it
    differs between versions of Python.
    """

    fetched = 0
    _timeout: float | None = None
    _reader: io.BufferedReader | None = None
    _reader_of: Any = None
    _received = 0
    _started = 0.0

    @property
    def debug(self) -> int:
        """Return the level of imaplib's debugging output: none.

        imapclient sets it to 5. Then imaplib writes each mail as escaped text, more than twice its size, for
        a message that no handler of `logging` gets.
        """
        return 0

    @debug.setter
    def debug(self, level: int) -> None:
        pass

    def open(self, *args: Any, **options: Any) -> None:
        super().open(*args, **options)
        self._begin()

    def send(self, data: Any) -> None:
        self._begin()
        super().send(data)

    def read(self, size: int) -> bytes:
        # Before the bytes of a literal arrive: the server has announced its size.
        self._check_size(size)
        return self._stream().read(size)

    def readline(self) -> bytes:
        line = self._stream().readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            raise self.abort(f"the server sent a line of more than {MAX_LINE:,} bytes")
        return line

    def receive_into(self, buffer: Any) -> int:
        """Read from the socket; raise TimeoutError or imaplib's abort beyond the bounds of a response."""
        if self._timeout is not None:
            # The socket's timeout alone does not end a response of a byte now and then.
            allowed = TIMEOUTS_PER_RESPONSE * self._timeout + self._received / MIN_BYTES_PER_SECOND
            if monotonic() - self._started > allowed:
                raise TimeoutError(f"the server did not finish its response within {allowed:.0f} seconds")
        self._check_size(1)
        count = int(self.sock.recv_into(buffer))
        self._received += count
        return count

    def has_buffered_data(self) -> bool:
        """Return whether data was received that no command has read; select does not report it."""
        connection = self.sock
        timeout = connection.gettimeout()
        connection.setblocking(False)
        try:
            return bool(self._stream().peek(1))
        finally:
            connection.settimeout(timeout)

    def _begin(self) -> None:
        self._received, self._started = 0, monotonic()

    def _check_size(self, more: int) -> None:
        allowed = MAX_RESPONSE + 2 * self.fetched
        if self._received + more > allowed:
            raise self.abort(f"the server sends a response of more than {allowed:,} bytes")

    def _stream(self) -> io.BufferedReader:
        """Return the buffered reader of the socket, a new one after STARTTLS.

        Data that was received without TLS behind the reply to STARTTLS is dropped (RFC 9051, 11.1).
        """
        if self._reader is None or self._reader_of is not self.sock:
            self._reader, self._reader_of = io.BufferedReader(_Socket(self)), self.sock
        return self._reader


class _BoundedPlain(_Bounded, imap4.IMAP4WithTimeout):  # type: ignore[misc]  # imapclient has no types
    pass


class _BoundedTls(_Bounded, tls.IMAP4_TLS):  # type: ignore[misc]
    pass


class BoundedClient(imapclient.IMAPClient):  # type: ignore[misc]
    """An IMAPClient whose responses are bounded."""

    def _create_IMAP4(self) -> _Bounded:  # noqa: N802 - imapclient calls it
        timeout = self._timeout.connect
        if self.ssl:
            return _BoundedTls(  # type: ignore[call-arg]
                self.host, self.port, self.ssl_context, timeout
            )
        return _BoundedPlain(self.host, self.port, timeout)
