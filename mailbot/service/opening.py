"""Open the desk: the state directory, its lock, the database at its newest schema, the templates."""

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from mailbot.config import Settings
from mailbot.render import Templates
from mailbot.service.desk import BOT, Desk
from mailbot.service.ownership import restore_ownership
from mailbot.store.audit import Origin, note
from mailbot.store.backup import restore
from mailbot.store.database import (
    SchemaError,
    SQLAlchemyError,
    in_short,
    migrate,
    open_database,
    transaction,
)
from mailbot.store.ledger import expect_recovery

RECOVERY_MARGIN = timedelta(days=2)  # a mail may lie for a while before it is handled


class DeskError(Exception):
    """The desk cannot be opened; the text says why and what to do."""


def open_desk(settings: Settings, actor: str = BOT) -> Desk:
    """Open the database, bring its schema up to date and load the templates; raise DeskError.

    `actor` is who will have done what is done there.
    """
    try:
        settings.state_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
        worker = worker_of(settings)
    except OSError as error:
        raise DeskError(f"{settings.file}: bot.state_dir: {settings.state_dir}: {error.strerror}") from error
    engine = open_database(settings.database)
    try:
        migrate(engine)
    except (SQLAlchemyError, SchemaError) as error:
        engine.dispose()
        raise DeskError(f"{settings.file}: bot.database: {in_short(error)}") from error
    restore_ownership(settings.state_dir)  # now too: the call may be killed
    templates = Templates(settings.templates, settings.colour)
    return Desk(engine, settings.policy, templates, worker, actor)


def worker_of(settings: Settings) -> str:
    """Return the name of the worker that has this state directory; machines of the same name have others.

    It is on the disk before it is used: after a crash the next process must know the claims as its own.
    Raises OSError.
    """
    file = settings.state_dir / "worker"
    if not file.exists():
        _create_durably(file, secrets.token_hex(4))
    return f"{socket.gethostname()}:{settings.state_dir}:{file.read_text('ascii').strip()}"


def _create_durably(file: Path, text: str) -> None:
    """Create a file with its whole content; keep the one that another process creates at the same time."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with fresh.open("w", encoding="ascii") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        with suppress(FileExistsError):
            os.link(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)
    _sync_directory(file.parent)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def sole(settings: Settings) -> Iterator[None]:
    """Be the only process that reads mail with this state directory; raise DeskError if another one does."""
    path = settings.state_dir / "lock"
    with _writable(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise DeskError(f"another mailbot works with {settings.state_dir} (process {owner})") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        restore_ownership(settings.state_dir)
        yield


def _writable(path: Path) -> TextIO:
    try:
        return path.open("a+")
    except OSError as error:
        advice = "use the user to whom the folder belongs"
        raise DeskError(f"{path}: {error.strerror}; {advice}") from error


def replace_state(settings: Settings, file: Path, actor: str) -> Path | None:
    """Restore a backup while nobody else works with the state; return where the present one is kept.

    Raises DeskError if a daemon runs, and `mailbot.store.backup.BackupError`. An older backup is brought to
    the newest schema. Mails that were handled after it are handled again when the mailboxes are read next.
    """
    settings.state_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
    with sole(settings):
        engine = open_database(settings.database)
        kept = restore(engine, file)
        migrate(engine)
        with transaction(engine) as session:
            expect_recovery(session, RECOVERY_MARGIN)
            note(session, Origin(actor, datetime.now(UTC)), "restored", file.name)
        engine.dispose()
    return kept
