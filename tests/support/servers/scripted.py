"""A scripted line server, for behaviour that no real server can be made to show."""

import socket
import threading
from collections.abc import Callable
from typing import Self

# What is answered to a line: bytes, or None to close the connection.
Answer = Callable[[bytes], bytes | None]


class ScriptedServer:
    """A server for lines on `port` of 127.0.0.1; each connection gets a script of its own.

    `heard` has all the lines of all the connections.
    """

    def __init__(self, greeting: bytes, script: Callable[[], Answer]) -> None:
        self._greeting = greeting
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port: int = self._listener.getsockname()[1]
        self.heard: list[bytes] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone does not wake a thread that accepts or reads.
        for one in (self._listener, *self._open):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            try:
                self._converse(connection)
            except ConnectionError:
                continue
            finally:
                connection.close()

    def _converse(self, connection: socket.socket) -> None:
        connection.sendall(self._greeting)
        answer = self._script()
        with connection.makefile("rb") as lines:
            for line in lines:
                self.heard.append(line)
                said = answer(line.rstrip(b"\r\n"))
                if said is None:
                    return
                connection.sendall(said)
