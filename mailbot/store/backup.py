"""The whole state in one file, consistent while the daemon works, and back from it.

All state is in the database: raw mails, ledger, outbox, keys. SQLite copies itself page by page; PostgreSQL's
own pg_dump and pg_restore do it from one snapshot.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

SQLITE_MAGIC = b"SQLite format 3\0"
POSTGRESQL_MAGIC = b"PGDMP"


class BackupError(Exception):
    """A backup cannot be made or used; the text says why."""


def backup(engine: Engine, file: Path) -> None:
    """Write the whole state into a new file, readable by nobody else; raise BackupError."""
    if file.exists():
        raise BackupError(f"{file} is there already; name a new file")
    unfinished = file.with_name(f"{file.name}.unfinished")
    os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    try:
        if engine.url.get_backend_name() == "sqlite":
            _backup_sqlite(engine, unfinished)
        else:
            _run_postgresql("pg_dump", engine, "--format=custom", f"--file={unfinished}")
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _backup_sqlite(engine: Engine, file: Path) -> None:
    with closing(sqlite3.connect(file)) as copy:
        with engine.connect() as connection:
            connection.connection.driver_connection.backup(copy)  # type: ignore[union-attr]
        copy.execute("PRAGMA journal_mode=DELETE")
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise BackupError(f"the copy of the database is damaged: {found}")


def restore(engine: Engine, file: Path) -> Path | None:
    """Put a backup in place of the present state; raise BackupError.

    With SQLite the present file is kept beside, and its new name returned. Nothing else may use the database.
    """
    try:
        with file.open("rb") as opened:
            magic = opened.read(16)
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror}") from error
    if engine.url.get_backend_name() == "sqlite":
        if magic != SQLITE_MAGIC:
            raise BackupError(f"{file} is no backup of a SQLite desk")
        return _restore_sqlite(Path(engine.url.database or ""), file)
    if not magic.startswith(POSTGRESQL_MAGIC):
        raise BackupError(f"{file} is no backup of a PostgreSQL desk")
    _run_postgresql("pg_restore", engine, "--clean", "--if-exists", "--single-transaction", str(file))
    return None


def _restore_sqlite(database: Path, file: Path) -> Path | None:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise BackupError(f"{file} is damaged: {found}")
    fresh = database.with_name(f"{database.name}.restored")
    shutil.copyfile(file, fresh)
    fresh.chmod(0o600)
    with fresh.open("rb") as written:
        os.fsync(written.fileno())
    kept = None
    if database.exists():
        kept = database.with_name(f"{database.name}.before-restore")
        with closing(sqlite3.connect(database)) as present:  # what lies in the journal belongs to it
            present.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.replace(kept)
    fresh.replace(database)
    return kept


def _run_postgresql(program: str, engine: Engine, *arguments: str) -> None:
    """Run PostgreSQL's own tool; the password travels by environment, never on the command line."""
    url = engine.url
    database = url.set(drivername="postgresql", password=None).render_as_string()
    environment = {**os.environ, "PGPASSWORD": url.password or ""}
    try:
        done = subprocess.run(  # noqa: S603 - a program of PostgreSQL with a database's name
            [program, f"--dbname={database}", "--no-owner", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise BackupError(f"{program} is missing: apt install postgresql-client") from None
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip() or done.returncode}")
