"""Replace the state with a backup, which is checked and migrated first.

With SQLite that is done on a copy, and one rename replaces the database. With PostgreSQL the whole archive is
read first, the present state is dumped, and it is restored if the migration of the backup fails.
"""

import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic.util import CommandError
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
from mailbot.store.database import (
    SchemaError,
    first_line,
    is_known,
    migrate,
    migrations,
    open_database,
    schemas,
    transaction,
    upgrade,
)
from mailbot.store.state_files import give, sync_directory
from mailbot.store.tables import metadata

UNCHANGED = "nothing was restored, the state is as it was"
Complete = Callable[[Session], None]
"""Completes the restored state in its last transaction."""


def restore(engine: Engine, file: Path, before: Path, complete: Complete) -> Path | None:
    """Replace the state with a backup; return `before` if the replaced state is there.

    Raises BackupError, with the state unchanged. No daemon may use the database.
    """
    with _as_backup_error(file):
        with file.open("rb") as opened:
            magic = opened.read(16)
        if engine.url.get_backend_name() == "sqlite":
            if magic != SQLITE_MAGIC:
                raise BackupError(f"{file}: is no backup of a desk with SQLite; {UNCHANGED}")
            return _restore_sqlite(Path(engine.url.database or ""), file, before, complete)
        if not magic.startswith(POSTGRESQL_MAGIC):
            raise BackupError(f"{file}: is no backup of a desk with PostgreSQL; {UNCHANGED}")
        return _restore_postgresql(engine, file, before, complete)


@contextmanager
def _as_backup_error(file: Path) -> Iterator[None]:
    """Raise an error as BackupError that names the file and says that nothing was changed."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, SchemaError, CommandError) as error:
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
        found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise BackupError(f"{file}: is damaged: {found}; {UNCHANGED}")
    engine = open_database(f"sqlite:///{copy}")
    try:
        _bring_up_to_date(engine, file)
        with transaction(engine) as session:
            complete(session)
    finally:
        engine.dispose()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    with copy.open("rb") as opened:
        os.fsync(opened.fileno())


def _bring_up_to_date(engine: Engine, file: Path) -> None:
    current, head = schemas(engine)
    _check_revision(file, current)
    try:
        if current != head:
            upgrade(engine, migrations(), "head")
    except (SQLAlchemyError, LookupError) as error:
        reason = f"cannot be brought to the newest schema: {first_line(error)}"
        raise BackupError(f"{file}: {reason}; {UNCHANGED}") from error
    if missing := metadata.tables.keys() - set(inspect(engine).get_table_names()):
        raise BackupError(f"{file}: is no backup of mailbot, it has no table {min(missing)}; {UNCHANGED}")


def _check_revision(file: Path, revision: str | None) -> None:
    if revision is None:
        raise BackupError(f"{file}: is no backup of mailbot; {UNCHANGED}")
    if not is_known(revision):
        newer = f"its schema {revision} is that of a newer mailbot: install that"
        raise BackupError(f"{file}: {newer}; {UNCHANGED}")


def _replace(database: Path, copy: Path, before: Path) -> Path | None:
    """Replace the database with a prepared copy in one step, and keep the old one under a new name.

    It is linked before it is replaced, so that a database exists at every moment.
    """
    give(copy, database.parent.stat())
    if not database.exists():
        copy.replace(database)
        return None
    with closing(sqlite3.connect(database, isolation_level=None)) as present:
        _claim(present, database)
        os.link(database, before)
        for suffix in ("-wal", "-shm"):  # of a damaged database only
            if (journal := database.with_name(database.name + suffix)).exists():
                journal.rename(before.with_name(before.name + suffix))
        copy.replace(database)
    return before


def _claim(present: sqlite3.Connection, database: Path) -> None:
    """Lock the database and write its journal back, unless it is damaged."""
    try:
        present.execute("PRAGMA journal_mode=DELETE")
        present.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        busy = f"{database}: {error}; end the other calls that use it, and try again"
        raise BackupError(f"{busy}; {UNCHANGED}") from error
    except sqlite3.DatabaseError:  # damaged, so it is replaced; its journal is kept with it
        return


def _remove_leftovers(database: Path, copy: Path) -> None:
    """Remove the copy and the second link that a killed call has left."""
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
    occupied = schemas(engine)[0] is not None
    if occupied:
        backup(engine, before)
    _put_into_postgresql(engine, file, before.parent)
    try:
        migrate(engine)
        with transaction(engine) as session:
            complete(session)
    except BaseException:
        if occupied:
            _put_into_postgresql(engine, before, before.parent)
        raise
    return before if occupied else None


def _archived_revision(engine: Engine, file: Path) -> str | None:
    """Return the schema revision of an archive of pg_dump, or None if it is not of a desk."""
    rows = run_postgresql(
        "pg_restore", engine, "--data-only", "--table=alembic_version", "--file=-", str(file)
    )
    found = re.search(r"^COPY \S*alembic_version .*\n(\w+)$", rows, re.MULTILINE)
    return found[1] if found else None


def _put_into_postgresql(engine: Engine, file: Path, state_dir: Path) -> None:
    """Replace all tables with those of an archive, in one transaction.

    `pg_restore --clean` alone drops only what the archive holds: tables that are newer than the archive would
    stay, and their foreign keys would keep it from replacing the others.
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
