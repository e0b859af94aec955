"""Turns: where an IMAP server allows few connections, its mailboxes are looked at one after the other."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from mailbot.config import ImapAccount

WAIT_SECONDS = 60.0


class ConnectionLimiter:
    """So many connections to one server at once; who asked first is served first."""

    def __init__(self, connections: int) -> None:
        self._lock = threading.Lock()
        self._free = connections
        self._queue: deque[threading.Event] = deque()

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a connection."""
        return bool(self._queue)

    @contextmanager
    def turn(self, called: threading.Event, living: Callable[[], None]) -> Iterator[None]:
        """Wait until `called`: by whoever leaves a connection to us, or by who wants us to end.

        `living` is called now and then meanwhile.
        """
        self._ask(called)
        try:
            while not called.wait(WAIT_SECONDS):
                living()
            yield
        finally:
            self._leave(called)

    def _ask(self, called: threading.Event) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                called.set()
            else:
                self._queue.append(called)

    def _leave(self, called: threading.Event) -> None:
        with self._lock:
            if called in self._queue:  # it had none
                self._queue.remove(called)
            elif self._queue:
                self._queue.popleft().set()
            else:
                self._free += 1
            called.clear()


def limiters_by_school(
    accounts: Mapping[str, ImapAccount], connections: int | None
) -> dict[str, ConnectionLimiter]:
    """Return by school what its mailbox waits for; nothing where its server has a connection for each."""
    if connections is None:
        return {}
    mailboxes = Counter(account.host for account in accounts.values())
    crowded = {
        host: ConnectionLimiter(connections) for host, number in mailboxes.items() if number > connections
    }
    return {key: crowded[account.host] for key, account in accounts.items() if account.host in crowded}
