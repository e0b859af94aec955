"""A relay before a real IMAP server that answers one command with a given reply."""

import socket
from collections.abc import Iterator

from tests.support.servers.tcp_relay import Direction, TcpRelay


class FaultyImapServer(TcpRelay):
    """Relays to an IMAP server without TLS.

    The first line that contains `command` never reaches the server: `answer` is given instead, with the
    command's tag for "%t" (RFC 9051, 2.2.1). After a BYE it hangs up. `struck`: that happened.
    """

    def __init__(self, server_port: int, command: bytes, answer: bytes) -> None:
        super().__init__(server_port)
        self._command, self._answer = command, answer
        self.struck = False

    def passing(self, direction: Direction, source: socket.socket) -> Iterator[bytes]:
        """Yield all lines but the one; its answer goes back to the client."""
        if direction == "to client":
            yield from super().passing(direction, source)
            return
        with source.makefile("rb") as lines:
            for line in lines:
                if self._command not in line.upper() or self.struck:
                    yield line
                    continue
                self.struck = True
                source.sendall(self._answer.replace(b"%t", line.split(b" ")[0]) + b"\r\n")
                if b"BYE" in self._answer:
                    return
