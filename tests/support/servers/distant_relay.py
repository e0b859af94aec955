"""A TCP relay that makes a server distant: each byte arrives some time after it was sent, at any rate."""

import queue
import socket
import threading
from collections.abc import Iterator

from mailbot.clock import monotonic
from tests.support.servers.tcp_relay import Direction, TcpRelay


class DistantRelay(TcpRelay):
    """Relay to a server with that round-trip time, in seconds.

    FaultProxy's delay holds up the next bytes until the last ones have passed, which a long line does not.
    """

    def __init__(self, server_port: int, round_trip: float) -> None:
        super().__init__(server_port)
        self._delay = round_trip / 2

    def passing(self, direction: Direction, source: socket.socket) -> Iterator[bytes]:
        """Yield the bytes half a round trip after they arrived."""
        on_the_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

        def take() -> None:
            try:
                for raw in TcpRelay.passing(self, direction, source):
                    on_the_way.put((monotonic() + self._delay, raw))
            except OSError:
                pass
            finally:
                on_the_way.put((monotonic() + self._delay, b""))

        threading.Thread(target=take, daemon=True).start()
        wait = threading.Event().wait
        while True:
            due, raw = on_the_way.get()
            wait(max(0.0, due - monotonic()))
            if not raw:
                return
            yield raw
