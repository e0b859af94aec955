"""Replace the state with a backup after checking and migrating it.

With SQLite, a copy of the backup is checked and migrated, and one rename replaces the database. With
PostgreSQL, the whole archive is read first, and the present state is dumped. If the migration of the backup
fails, the dump is restored.
"""

import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from mailbot.store.backup import (
    POSTGRESQL_MAGIC,
    SQLITE_MAGIC,
    BackupError,
    backup,
    database_option,
    run_postgresql,
)
from mailbot.store.database import first_line, open_database, transaction
from mailbot.store.schema import SchemaError, is_known, migrate, schemas, upgrade
from mailbot.store.state_files import change_owner, sync_directory
from mailbot.store.tables import metadata

UNCHANGED = "nothing was restored, the state is as it was"
Complete = Callable[[Session], None]
"""Completes the restored state in its last transaction."""


def restore(engine: Engine, file: Path, before: Path, complete: Complete) -> Path | None:
    """Replace the state with a backup; return `before` if the replaced state was kept there.

    No daemon may use the database. Raise BackupError and leave the state unchanged if this fails.
    """
    if file.exists() and not file.is_file() and not file.is_dir():  # reading a FIFO would block
        raise BackupError(f"{file}: is not a file; {UNCHANGED}")
    with _as_backup_error(file):
        with file.open("rb") as opened:
            magic = opened.read(16)
        if engine.url.get_backend_name() == "sqlite":
            if magic != SQLITE_MAGIC:
                raise BackupError(f"{file}: is not a backup of a SQLite desk; {UNCHANGED}")
            return _restore_sqlite(Path(engine.url.database or ""), file, before, complete)
        if not magic.startswith(POSTGRESQL_MAGIC):
            raise BackupError(f"{file}: is not a backup of a PostgreSQL desk; {UNCHANGED}")
        return _restore_postgresql(engine, file, before, complete)


@contextmanager
def _as_backup_error(file: Path) -> Iterator[None]:
    """Convert errors to BackupError with the file's name and the note that the state is unchanged."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, SchemaError) as error:
        raise BackupError(f"{file}: {first_line(error)}; {UNCHANGED}") from error
    except OSError as error:
        raise BackupError(
            f"{error.filename2 or error.filename or file}: {error.strerror}; {UNCHANGED}"
        ) from error


def _restore_sqlite(database: Path, file: Path, before: Path, complete: Complete) -> Path | None:
    copy = database.with_name(f"{database.name}.restoring")
    _remove_leftovers(database, copy)
    try:
        _prepare(copy, file, complete)
        kept = _replace(database, copy, before)
        sync_directory(database.parent)
        return kept
    finally:
        _remove(copy)


def _prepare(copy: Path, file: Path, complete: Complete) -> None:
    """Write a checked, migrated and completed copy of a backup to the disk."""
    os.close(os.open(copy, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
    shutil.copyfile(file, copy)
    with closing(sqlite3.connect(copy)) as connection:
        result = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if result != "ok":
        raise BackupError(f"{file}: is damaged: {result}; {UNCHANGED}")
    engine = open_database(f"sqlite:///{copy}")
    try:
        _migrate_backup(engine, file)
        with transaction(engine) as session:
            complete(session)
    finally:
        engine.dispose()
    with closing(sqlite3.connect(copy)) as connection:
        # The rename moves one file, so everything must be in it and nothing in a -wal file.
        connection.execute("PRAGMA journal_mode=DELETE")
    with copy.open("rb") as opened:
        os.fsync(opened.fileno())


def _migrate_backup(engine: Engine, file: Path) -> None:
    current, head = schemas(engine)
    _check_revision(file, current)
    try:
        if current != head:
            upgrade(engine)
    except (SQLAlchemyError, LookupError) as error:
        reason = f"cannot be migrated to the newest schema: {first_line(error)}"
        raise BackupError(f"{file}: {reason}; {UNCHANGED}") from error
    if missing := metadata.tables.keys() - set(inspect(engine).get_table_names()):
        raise BackupError(f"{file}: is not a backup of mailbot, it has no table {min(missing)}; {UNCHANGED}")


def _check_revision(file: Path, revision: str | None) -> None:
    if revision is None:
        raise BackupError(f"{file}: is not a backup of mailbot; {UNCHANGED}")
    if not is_known(revision):
        newer = f"its schema {revision} is that of a newer mailbot; install that version"
        raise BackupError(f"{file}: {newer}; {UNCHANGED}")


def _replace(database: Path, copy: Path, before: Path) -> Path | None:
    """Replace the database with a prepared copy in one step, and keep the old one under a new name.

    The old one is linked before it is replaced, so that a database exists at every moment.
    """
    change_owner(copy, database.parent.stat())
    if not database.exists():
        copy.replace(database)
        return None
    with closing(sqlite3.connect(database, isolation_level=None)) as current:
        _lock(current, database)
        os.link(database, before)
        for suffix in ("-wal", "-shm"):  # they exist only if the database is damaged
            if (journal := database.with_name(database.name + suffix)).exists():
                journal.rename(before.with_name(before.name + suffix))
        copy.replace(database)
    return before


def _lock(current: sqlite3.Connection, database: Path) -> None:
    """Lock the database and checkpoint its journal, unless it is damaged."""
    try:
        current.execute("PRAGMA journal_mode=DELETE")
        # Fails as long as another process uses the database.
        current.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        busy = f"{database}: {error}; stop the other processes that use it, and try again"
        raise BackupError(f"{busy}; {UNCHANGED}") from error
    except sqlite3.DatabaseError:  # it is damaged, and is kept together with its journal
        return


def _remove_leftovers(database: Path, copy: Path) -> None:
    """Remove the copy and the second link that an interrupted restore left."""
    _remove(copy)
    for kept in database.parent.glob(f"{database.name}.before-restore-*"):
        if database.exists() and kept.samefile(database):
            kept.unlink()


def _remove(database: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _restore_postgresql(engine: Engine, file: Path, before: Path, complete: Complete) -> Path | None:
    run_postgresql("pg_restore", engine, "--file=/dev/null", str(file))  # reads all of it
    _check_revision(file, _archived_revision(engine, file))
    has_state = schemas(engine)[0] is not None
    if has_state:
        backup(engine, before)
    _load_archive(engine, file, before.parent)
    try:
        migrate(engine)
        with transaction(engine) as session:
            complete(session)
    except BaseException:
        if has_state:
            _load_archive(engine, before, before.parent)
        raise
    return before if has_state else None


def _archived_revision(engine: Engine, file: Path) -> str | None:
    """Return the schema revision of an archive of pg_dump, or None if it has none."""
    rows = run_postgresql(
        "pg_restore", engine, "--data-only", "--table=alembic_version", "--file=-", str(file)
    )
    found = re.search(r"^COPY \S*alembic_version .*\n(\w+)$", rows, re.MULTILINE)
    return found[1] if found else None


def _load_archive(engine: Engine, file: Path, state_dir: Path) -> None:
    """Replace all tables with those of an archive, in one transaction.

    `pg_restore --clean` alone drops only the tables in the archive. Newer tables would stay, and their
    foreign keys would prevent the replacement of the others.
    """
    tables = ", ".join(f'"{name}"' for name in sorted({*metadata.tables, "search", "alembic_version"}))
    with TemporaryDirectory(dir=state_dir) as directory:
        script = Path(directory, "restore.sql")
        options = ("--no-owner", "--clean", "--if-exists", f"--file={script}")
        run_postgresql("pg_restore", engine, *options, str(file))
        run_postgresql(
            "psql",
            engine,
            database_option(engine),
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--command=DROP TABLE IF EXISTS {tables} CASCADE",
            f"--file={script}",
        )
