"""Limit the connections to an IMAP server that allows fewer connections than it has mailboxes."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from mailbot.config import ImapAccount

HEARTBEAT_SECONDS = 60.0


class ConnectionLimiter:
    """A limited number of connection slots, granted in the order of the requests."""

    def __init__(self, connections: int) -> None:
        self._lock = threading.Lock()
        self._free = connections
        self._queue: deque[threading.Event] = deque()

    def has_waiters(self) -> bool:
        """Return whether a mailbox waits for a slot."""
        return bool(self._queue)

    @contextmanager
    def slot(self, granted: threading.Event, heartbeat: Callable[[], None]) -> Iterator[None]:
        """Block until `granted` is set, because a slot is granted or because the caller was stopped.

        Calls `heartbeat` once a minute while it waits.
        """
        self._request(granted)
        try:
            while not granted.wait(HEARTBEAT_SECONDS):
                heartbeat()
            yield
        finally:
            self._release(granted)

    def _request(self, granted: threading.Event) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                granted.set()
            else:
                self._queue.append(granted)

    def _release(self, granted: threading.Event) -> None:
        with self._lock:
            if granted in self._queue:  # stopped before a slot was granted
                self._queue.remove(granted)
            elif self._queue:
                # The slot passes on and does not become free, so no later request gets it first.
                self._queue.popleft().set()
            else:
                self._free += 1
            granted.clear()


def limiters_by_school(
    accounts: Mapping[str, ImapAccount], connections: int | None
) -> dict[str, ConnectionLimiter]:
    """Return the limiter of each school whose server has more mailboxes than connections."""
    if connections is None:
        return {}
    mailboxes = Counter(account.host for account in accounts.values())
    limiters = {host: ConnectionLimiter(connections) for host, n in mailboxes.items() if n > connections}
    return {key: limiters[account.host] for key, account in accounts.items() if account.host in limiters}
