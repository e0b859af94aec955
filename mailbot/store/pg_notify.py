"""Hints: a worker tells the others through PostgreSQL that mailboxes are to be shared out (LISTEN, NOTIFY).

Hints only: a worker that misses one finds out when it looks by itself.
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
    """Wake the other workers, and ourselves, when this transaction is committed."""
    session.execute(_NOTIFY)


class Listener:
    """Listens by a connection of its own, which is made anew after a trouble."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None

    def wait(self, seconds: float, wake: int) -> None:
        """Wait for a hint, or until the descriptor `wake` can be read, at most so long.

        While the database is away no hint is heard: whoever asks it next sees that by itself.
        """
        self._listen()
        if not self._heard():
            with selectors.DefaultSelector() as selector:
                selector.register(wake, selectors.EVENT_READ)
                if self._connection is not None:
                    selector.register(self._connection, selectors.EVENT_READ)
                selector.select(seconds)
            self._heard()

    def _listen(self) -> None:
        if self._connection is not None:
            return
        with self._trouble():
            pooled = self._engine.raw_connection()
            self._connection = pooled.driver_connection
            pooled.detach()
            self._connection.autocommit = True
            self._connection.execute(f"LISTEN {_CHANNEL}")

    def _heard(self) -> bool:
        """Take all hints that have come; tell whether there were any."""
        with self._trouble():
            if self._connection is not None:
                return bool(list(self._connection.notifies(timeout=0)))
        return False

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        dialect: Any = self._engine.dialect
        try:
            yield
        except (dialect.dbapi.Error, *TRANSIENT):
            self.close()

    def close(self) -> None:
        """Listen no more."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
