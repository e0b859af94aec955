"""A TCP proxy that injects network faults: it cuts, stalls, delays, splits and corrupts."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tests.support.servers.tcp_relay import Direction, TcpRelay

Kind = Literal["cut", "stall", "delay", "split", "corrupt"]

DELAY_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a connection: its kind, its direction, and the number of bytes before it."""

    kind: Kind
    direction: Direction
    after: int = 0


class FaultProxy(TcpRelay):
    """Injects `fault` into connections and bytes from now on.

    `harmed` counts the connections that a fault touched.
    """

    def __init__(self, server_port: int) -> None:
        super().__init__(server_port)
        self.fault: Fault | None = None
        self.harmed = 0

    def passing(self, direction: Direction, source: socket.socket) -> Iterator[bytes]:
        """Yield the bytes that pass the fault."""
        passed = 0
        for raw in super().passing(direction, source):
            yield from self._harm(direction, passed, raw)
            passed += len(raw)

    def _harm(self, direction: Direction, passed: int, raw: bytes) -> list[bytes]:
        """Return the pieces that pass; raise where the connection is to be cut."""
        fault = self.fault
        if fault is None or fault.direction != direction or passed + len(raw) <= fault.after:
            return [raw]
        self.harmed += passed <= fault.after
        return _HARM[fault.kind](raw, max(0, fault.after - passed))


class _CutError(ConnectionError):
    pass


def _cut(_octets: bytes, _at: int) -> list[bytes]:
    raise _CutError


def _stall(raw: bytes, at: int) -> list[bytes]:
    return [raw[:at]]


def _delay(raw: bytes, _at: int) -> list[bytes]:
    threading.Event().wait(DELAY_SECONDS)
    return [raw]


def _split(raw: bytes, at: int) -> list[bytes]:
    pieces = [
        raw[:at],
        *(raw[n : n + 1] for n in range(at, min(len(raw), at + 200))),
        raw[at + 200 :],
    ]
    return [piece for piece in pieces if piece]


def _corrupt(raw: bytes, at: int) -> list[bytes]:
    return [raw[:at] + bytes(octet ^ 0x55 for octet in raw[at : at + 4]) + raw[at + 4 :]]


_HARM: dict[Kind, Callable[[bytes, int], list[bytes]]] = {
    "cut": _cut,
    "stall": _stall,
    "delay": _delay,
    "split": _split,
    "corrupt": _corrupt,
}
