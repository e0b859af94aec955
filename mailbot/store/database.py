"""Open, migrate, read and write the database: SQLite in the state directory, or PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, Row, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from mailbot.store.backup import backup

__all__ = [
    "TRANSIENT",
    "Engine",
    "Row",
    "SQLAlchemyError",
    "SchemaError",
    "Session",
    "first_line",
    "migrate",
    "open_database",
    "read_only",
    "schemas",
    "transaction",
    "truncate_wal",
]

TRANSIENT = (OperationalError, InterfaceError, PoolTimeout)
"""The errors of a database that is down, locked or full. Nothing was written, and a retry may succeed."""


class SchemaError(Exception):
    """This program cannot use the database's schema."""


def first_line(error: Exception) -> str:
    """Return the message of a database error in one line, without the statement and its values."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


CONNECT_TIMEOUT = 15
_BUSY_TIMEOUT = 30_000  # milliseconds
_MIGRATION_LOCK = 0x6D61696C  # the key of a PostgreSQL advisory lock
_READ_ONLY = "mailbot_read_only"


def open_database(database: str) -> Engine:
    """Open the database at a URL. Its errors do not contain the values of statements: personal data."""
    url = make_url(database)
    if url.get_backend_name() == "postgresql":
        timeout = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT}
        psycopg = url.set(drivername="postgresql+psycopg")
        return create_engine(psycopg, pool_pre_ping=True, hide_parameters=True, connect_args=timeout)
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # `_begin_sqlite` sends BEGIN
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_TIMEOUT}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Acquire the write lock at the start; a deferred transaction may fail as locked at its first write."""
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Commit everything, or nothing after an error."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def read_only(engine: Engine) -> Iterator[Session]:
    """Read one consistent state without blocking writers."""
    with Session(engine.execution_options(**{_READ_ONLY: True}), expire_on_commit=False) as session:
        yield session


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


def migrations() -> Config:
    """Return the alembic configuration with the location of the migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def schemas(engine: Engine) -> tuple[str | None, str | None]:
    """Return the schema revision of a database, None if it has none, and the one that this program needs."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current, ScriptDirectory.from_config(migrations()).get_current_head()


def is_known(revision: str) -> bool:
    """Return whether this program knows a schema revision."""
    scripts = ScriptDirectory.from_config(migrations())
    return revision in {script.revision for script in scripts.walk_revisions()}


def migrate(engine: Engine) -> None:
    """Migrate the schema to the newest revision; a SQLite file that is not empty is backed up first.

    Raise SchemaError if the schema is that of a newer program.
    """
    current, head = schemas(engine)
    if current == head:
        return
    if current is not None and not is_known(current):
        raise SchemaError(
            f"its schema {current} is that of a newer mailbot; install that version, or restore a backup"
        )
    if current is not None and engine.url.get_backend_name() == "sqlite" and engine.url.database:
        before = Path(f"{engine.url.database}.before-{head}")
        if not before.exists():  # otherwise a failed upgrade left it
            backup(engine, before)
    upgrade(engine, migrations(), "head")
    truncate_wal(engine)


def upgrade(engine: Engine, config: Config, revision: str) -> None:
    """Migrate the schema to a revision, in one transaction."""
    with _without_foreign_keys(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@contextmanager
def _without_foreign_keys(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction in which SQLite can replace a table that other tables refer to.

    SQLite changes a table by copying and dropping it, and sets this pragma only outside of transactions.
    """
    if engine.url.get_backend_name() != "sqlite":
        with engine.begin() as connection:
            # Workers that start together wait for the first one to finish the migration.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            yield connection
        return
    with engine.connect() as connection:
        sqlite: Any = connection.connection.driver_connection
        sqlite.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise LookupError("after the migration a row refers to a missing row")
        finally:
            sqlite.execute("PRAGMA foreign_keys=ON")
