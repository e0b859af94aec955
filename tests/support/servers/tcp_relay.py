"""A TCP relay between a client and a server on this machine."""

import socket
import threading
from collections.abc import Iterator
from typing import Literal, Self

Direction = Literal["to server", "to client"]


class TcpRelay:
    """Relay `port` to a server on 127.0.0.1; a subclass may change or drop bytes."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up(self._listener)
        self.cut_all()
        self._accepting.join(10)

    def cut_all(self) -> None:
        """Cut all connections."""
        for one in tuple(self._open):
            self._hang_up(one)

    def passing(self, direction: Direction, source: socket.socket) -> Iterator[bytes]:
        """Yield the bytes of `source` that pass; the connection is cut at the end."""
        while raw := source.recv(65_536):
            yield raw

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                return
            for one in (client, server):  # else each short piece waits for the acknowledgement of the last
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open |= {client, server}
            pumps: tuple[tuple[Direction, socket.socket, socket.socket], ...] = (
                ("to server", client, server),
                ("to client", server, client),
            )
            for pump in pumps:
                threading.Thread(target=self._pump, args=pump, daemon=True).start()

    def _pump(self, direction: Direction, source: socket.socket, sink: socket.socket) -> None:
        try:
            for raw in self.passing(direction, source):
                sink.sendall(raw)
        except OSError:
            pass
        finally:
            self._hang_up(source)
            self._hang_up(sink)

    def _hang_up(self, one: socket.socket) -> None:
        self._open.discard(one)
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
        finally:
            one.close()
