"""Remove erased data from the files of the database."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, text
from sqlmodel import Session

from mailbot.store.database import older_transaction, truncate_wal
from mailbot.store.tables import metadata

_COMPACT_SQLITE = (
    "INSERT INTO search(search) VALUES('optimize')",  # removes deleted words from the index
    "VACUUM",
)


class NotCompactError(Exception):
    """Everything is erased, but the files of the database still have erased data."""


def enable_secure_delete(session: Session) -> None:
    """Make SQLite overwrite the data that this transaction deletes with zeros."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete=ON"))


def optimize_index(session: Session) -> None:
    """Remove deleted words from SQLite's full-text index, which keeps them until it is merged."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text(_COMPACT_SQLITE[0]))


def compact(engine: Engine, patience: float = 5.0) -> Iterator[str]:
    """Rewrite the database's files, so that no free page has erased data; yield the name of each step.

    Other transactions wait for it. PostgreSQL recycles its write-ahead log itself. Raise NotCompactError if
    another process still keeps the write-ahead log of SQLite, or erased rows of PostgreSQL, after `patience`
    seconds.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.url.get_backend_name() == "sqlite":
            sqlite: Any = connection.connection.driver_connection
            for statement in _COMPACT_SQLITE:
                yield statement
                sqlite.execute(statement).fetchall()
            yield "checkpoint"
            if not truncate_wal(engine, patience):
                raise NotCompactError(
                    f"another process reads {engine.url.database}, so that file and its -wal still have"
                    " erased data; end that process (fuser shows it) and run the call again"
                )
            return
        if pid := older_transaction(connection, patience):
            raise NotCompactError(
                f"a transaction of the database process {pid} may still read erased data, so it stays in the"
                f" files; end it (SELECT pg_terminate_backend({pid})) and run the call again"
            )
        for name in (*sorted(metadata.tables), "search"):
            yield name
            connection.execute(text(f'VACUUM (FULL, ANALYZE) "{name}"'))
