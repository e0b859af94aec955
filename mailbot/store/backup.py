"""Write the whole state into one file. The backup is consistent even while the daemon runs.

All state is in the database: raw mails, ledger, outbox, keys. SQLite's backup API copies the pages,
PostgreSQL's pg_dump reads one snapshot.
"""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

SQLITE_MAGIC = b"SQLite format 3\0"
POSTGRESQL_MAGIC = b"PGDMP"


class BackupError(Exception):
    """A backup cannot be written or restored; the message says why."""


def backup(engine: Engine, file: Path) -> None:
    """Write the whole state into a new file with the mode 0600; raise BackupError."""
    if file.exists():
        raise BackupError(f"{file} already exists; name a new file")
    # Under another name until it is complete: an interrupted backup must not look like one.
    unfinished = file.with_name(f"{file.name}.unfinished")
    os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    try:
        if engine.url.get_backend_name() == "sqlite":
            _backup_sqlite(engine, unfinished)
        else:
            run_postgresql(
                "pg_dump",
                engine,
                database_option(engine),
                "--no-owner",
                "--format=custom",
                f"--file={unfinished}",
            )
        unfinished.rename(file)
    except sqlite3.Error as error:  # the disk is full, for example
        raise BackupError(f"{file}: cannot be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _backup_sqlite(engine: Engine, file: Path) -> None:
    with closing(sqlite3.connect(file)) as copy:
        with engine.connect() as connection:
            connection.connection.driver_connection.backup(copy)  # type: ignore[union-attr]
        # In WAL mode the copy would need its -wal file beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        result = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if result != "ok":
        todo = "check the disk, and restore an earlier backup (mailbot restore)"
        raise BackupError(f"the database is damaged: {result}; {todo}")


def database_option(engine: Engine) -> str:
    """Return the option with the database for PostgreSQL's tools, without its password."""
    return f"--dbname={engine.url.set(drivername='postgresql', password=None).render_as_string()}"


def run_postgresql(program: str, engine: Engine, *arguments: str) -> str:
    """Run a tool of PostgreSQL and return its output; raise BackupError.

    The password is passed in the environment, never on the command line.
    """
    environment = {**os.environ, "PGPASSWORD": engine.url.password or ""}
    try:
        finished = subprocess.run(  # noqa: S603 - a program of PostgreSQL with a database's name
            [program, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise BackupError(f"{program} is missing: apt install postgresql-client") from None
    if finished.returncode:
        raise BackupError(f"{program}: {finished.stderr.strip() or finished.returncode}")
    return finished.stdout
