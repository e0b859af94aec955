"""Open, read and write the database: SQLite in the state directory, or PostgreSQL."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, Row, create_engine, event, make_url, text
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

__all__ = [
    "TRANSIENT",
    "Engine",
    "Row",
    "SQLAlchemyError",
    "Session",
    "first_line",
    "open_database",
    "read_only",
    "snapshot",
    "transaction",
    "truncate_wal",
]

TRANSIENT = (OperationalError, InterfaceError, PoolTimeout)
"""The errors of a database that is down, locked or full. Nothing was written, and a retry may succeed."""


_NOT_WRITABLE = "; check the owner of state_dir, and that its disk is not mounted read-only"
_ADVICE = {
    sqlite3.SQLITE_IOERR: "; its disk is full or damaged: df, dmesg",
    sqlite3.SQLITE_FULL: "; free space on its disk: df",
    sqlite3.SQLITE_CANTOPEN: _NOT_WRITABLE,
    sqlite3.SQLITE_READONLY: _NOT_WRITABLE,
}
"""What to do, by SQLite's primary result code: its own messages name neither the disk nor the directory."""


def first_line(error: Exception) -> str:
    """Return the message of a database error in one line, without the statement and its values."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    return " ".join(f"{cause}{_ADVICE.get(code, '')}".split())


CONNECT_TIMEOUT = 15
_BUSY_TIMEOUT = 30_000  # milliseconds
_READ_ONLY, _NOT_DURABLE = "mailbot_read_only", "mailbot_not_durable"


def open_database(database: str) -> Engine:
    """Open the database at a URL. Its errors do not contain the values of statements: personal data."""
    url = make_url(database)
    if url.get_backend_name() == "postgresql":
        # Without an encoding a database in SQL_ASCII returns bytes, on which SQLAlchemy fails.
        defaults = {"connect_timeout": CONNECT_TIMEOUT, "client_encoding": "utf8"}
        options = {name: value for name, value in defaults.items() if name not in url.query}
        psycopg = url.set(drivername="postgresql+psycopg")
        engine = create_engine(psycopg, pool_pre_ping=True, hide_parameters=True, connect_args=options)
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _discard_read_only)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    # Otherwise sqlite3 begins a deferred transaction before the first write.
    connection.isolation_level = None  # `_begin_sqlite` sends BEGIN
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_TIMEOUT}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _discard_read_only(context: ExceptionContext) -> None:
    """Discard the connections after a refused write.

    SQLite opens a database that it cannot write read-only, and the connection never becomes writable.
    """
    error = context.original_exception
    if (
        isinstance(error, sqlite3.OperationalError)
        and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY
    ):
        context.is_disconnect = True


def _begin_sqlite(connection: Connection) -> None:
    """Acquire the write lock at the start; a deferred transaction may fail as locked at its first write."""
    options = connection.get_execution_options()
    if options.get(_READ_ONLY, False):
        connection.exec_driver_sql("BEGIN")
        return
    synchronous = "NORMAL" if options.get(_NOT_DURABLE, False) else "FULL"
    if connection.info.get("synchronous") != synchronous:  # cannot be changed within a transaction
        connection.exec_driver_sql(f"PRAGMA synchronous={synchronous}")
        connection.info["synchronous"] = synchronous
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(_NOT_DURABLE, False):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")


@contextmanager
def transaction(engine: Engine, *, durable: bool = True) -> Iterator[Session]:
    """Commit everything, or nothing after an error.

    A commit that is not durable survives a killed process. A power failure may undo it until the next durable
    commit, by any process, which writes all earlier ones to disk too.
    """
    bind = engine if durable else engine.execution_options(**{_NOT_DURABLE: True})
    with Session(bind, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def read_only(engine: Engine) -> Iterator[Session]:
    """Read one consistent state without blocking writers."""
    with Session(engine.execution_options(**{_READ_ONLY: True}), expire_on_commit=False) as session:
        yield session
        session.commit()  # after a rollback psycopg drops its prepared statements


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """Read one consistent state by several statements without blocking writers."""
    postgresql = engine.url.get_backend_name() == "postgresql"
    level = {"isolation_level": "REPEATABLE READ"} if postgresql else {}
    with Session(engine.execution_options(**{_READ_ONLY: True}, **level), expire_on_commit=False) as session:
        yield session


def older_transaction(connection: Connection, patience: float) -> int | None:
    """Return the process of a PostgreSQL transaction that still runs after `patience` seconds, or None.

    Only transactions of this database that began before the call count: VACUUM keeps the rows they may read.
    """
    begin = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    for _ in range(int(patience / _PAUSE)):
        if connection.execute(_OLDER, {"begin": begin}).scalar() is None:
            return None
        time.sleep(_PAUSE)
    pid: int | None = connection.execute(_OLDER, {"begin": begin}).scalar()
    return pid


_PAUSE = 0.05  # seconds
_OLDER = text(
    "SELECT min(pid) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND xact_start < :begin"
)


def truncate_wal(engine: Engine, patience: float = 2.0) -> bool:
    """Move SQLite's write-ahead log into the database file; return False if another process prevents it.

    A log that is lost, or not copied with the file, takes everything in it along. Writers wait for it, at
    most `patience` seconds.
    """
    if engine.url.get_backend_name() != "sqlite":
        return True
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        sqlite: Any = connection.connection.driver_connection
        sqlite.execute(f"PRAGMA busy_timeout={int(patience * 1_000)}")
        try:
            busy, _, _ = sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            sqlite.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT}")
    return not busy
