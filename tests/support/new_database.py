"""New databases with the newest schema: copies of one that was migrated once in this process."""

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from mailbot.store.database import open_database
from mailbot.store.schema import migrate
from tests.support.servers.postgres import Postgres


def new_sqlite(file: Path) -> str:
    """Write a new SQLite database and return its URL."""
    file.write_bytes(_migrated_sqlite())
    return f"sqlite:///{file}"


def new_postgresql(postgres: Postgres) -> str:
    """Create a new PostgreSQL database and return its URL."""
    return postgres.new_database(template=_migrated_postgresql(postgres))


@cache
def _migrated_sqlite() -> bytes:
    with TemporaryDirectory() as directory:
        file = Path(directory) / "mailbot.db"
        _migrate(f"sqlite:///{file}")
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        return file.read_bytes()


@cache
def _migrated_postgresql(postgres: Postgres) -> str:
    url = postgres.new_database()
    _migrate(url)
    return postgres.keep(url)


def _migrate(url: str) -> None:
    engine = open_database(url)
    migrate(engine)
    engine.dispose()
