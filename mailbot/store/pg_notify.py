"""Trigger a rebalance of the mailboxes in all workers through PostgreSQL (LISTEN, NOTIFY).

A lost notification only delays the rebalance until a worker's next poll.
"""

import selectors
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, text
from sqlmodel import Session

from mailbot.store.database import TRANSIENT

_CHANNEL = "mailbot_roster"
_NOTIFY = text(f"NOTIFY {_CHANNEL}")


def notify(session: Session) -> None:
    """Wake all workers, including this one, when this transaction is committed."""
    session.execute(_NOTIFY)


class Listener:
    """Listens on its own connection, and opens another one after an error."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None

    def wait(self, seconds: float, wake: int) -> None:
        """Wait for a notification or until the descriptor `wake` is readable, for at most `seconds`.

        While the database is down, wait for `wake` only: the caller's next query reports the error.
        """
        self._listen()
        if not self._received():
            with selectors.DefaultSelector() as selector:
                selector.register(wake, selectors.EVENT_READ)
                if self._connection is not None:
                    selector.register(self._connection, selectors.EVENT_READ)
                selector.select(seconds)
            self._received()

    def _listen(self) -> None:
        if self._connection is not None:
            return
        with self._closed_on_error():
            pooled = self._engine.raw_connection()
            self._connection = pooled.driver_connection
            # LISTEN ends with its session, so the pool must not give this connection to others.
            pooled.detach()
            # Notifications are not delivered within a transaction (PostgreSQL, NOTIFY).
            self._connection.autocommit = True
            self._connection.execute(f"LISTEN {_CHANNEL}")

    def _received(self) -> bool:
        """Read all notifications; return whether there were any."""
        with self._closed_on_error():
            if self._connection is not None:
                return bool(list(self._connection.notifies(timeout=0)))
        return False

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        dialect: Any = self._engine.dialect
        try:
            yield
        except (dialect.dbapi.Error, *TRANSIENT):
            self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
