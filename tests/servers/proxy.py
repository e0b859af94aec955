"""A TCP proxy that breaks connections as networks do: it cuts, stalls, delays, splits and corrupts."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

Direction = Literal["to server", "to client"]
Kind = Literal["cut", "stall", "delay", "split", "corrupt"]

DELAY_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a connection: in which direction, and after how many octets of it."""

    kind: Kind
    direction: Direction
    after: int = 0


class Proxy:
    """Stands before a server on 127.0.0.1, on `port`. `fault` holds for connections and octets from now on.

    `harmed` counts the connections that a fault touched.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self.port: int = self._listener.getsockname()[1]
        self.fault: Fault | None = None
        self.harmed = 0

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up(self._listener)
        self.cut_all()
        self._accepting.join(10)

    def cut_all(self) -> None:
        """Cut all connections."""
        for one in tuple(self._open):
            self._hang_up(one)

    def _hang_up(self, one: socket.socket) -> None:
        self._open.discard(one)
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
        finally:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                return
            self._open |= {client, server}
            pumps: tuple[tuple[Direction, socket.socket, socket.socket], ...] = (
                ("to server", client, server),
                ("to client", server, client),
            )
            for pump in pumps:
                threading.Thread(target=self._pump, args=pump, daemon=True).start()

    def _pump(self, direction: Direction, source: socket.socket, sink: socket.socket) -> None:
        passed = 0
        try:
            while octets := source.recv(65_536):
                for piece in self._harm(direction, passed, octets):
                    sink.sendall(piece)
                passed += len(octets)
        except (OSError, _CutError):
            pass
        finally:
            self._hang_up(source)
            self._hang_up(sink)

    def _harm(self, direction: Direction, passed: int, octets: bytes) -> list[bytes]:
        """Return the pieces that pass; raise where the connection is to be cut."""
        fault = self.fault
        if fault is None or fault.direction != direction or passed + len(octets) <= fault.after:
            return [octets]
        self.harmed += passed <= fault.after
        return _HARM[fault.kind](octets, max(0, fault.after - passed))


class _CutError(Exception):
    pass


def _cut(_octets: bytes, _at: int) -> list[bytes]:
    raise _CutError


def _stall(octets: bytes, at: int) -> list[bytes]:
    return [octets[:at]]


def _delay(octets: bytes, _at: int) -> list[bytes]:
    threading.Event().wait(DELAY_SECONDS)
    return [octets]


def _split(octets: bytes, at: int) -> list[bytes]:
    pieces = [
        octets[:at],
        *(octets[n : n + 1] for n in range(at, min(len(octets), at + 200))),
        octets[at + 200 :],
    ]
    return [piece for piece in pieces if piece]


def _corrupt(octets: bytes, at: int) -> list[bytes]:
    return [octets[:at] + bytes(octet ^ 0x55 for octet in octets[at : at + 4]) + octets[at + 4 :]]


_HARM: dict[Kind, Callable[[bytes, int], list[bytes]]] = {
    "cut": _cut,
    "stall": _stall,
    "delay": _delay,
    "split": _split,
    "corrupt": _corrupt,
}
