"""Open the desk: the state directory, its lock, the database at its newest schema, the templates."""

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from mailbot.clock import utc_now
from mailbot.config import Settings
from mailbot.render import Templates
from mailbot.service.desk import BOT, Desk
from mailbot.store.audit import Origin, record
from mailbot.store.database import SchemaError, Session, SQLAlchemyError, first_line, migrate, open_database
from mailbot.store.mailboxes import expect_recovery
from mailbot.store.restore import restore
from mailbot.store.state_files import create_durably, restore_ownership

RECOVERY_MARGIN = timedelta(days=2)  # a mail may lie for a while before it is handled


class DeskError(Exception):
    """The desk cannot be opened; the text says why and what to do."""


def open_desk(settings: Settings, actor: str = BOT) -> Desk:
    """Open the database, bring its schema up to date and load the templates; raise DeskError.

    `actor` is who will have done what is done there.
    """
    _make_state_dir(settings)
    worker = worker_of(settings)
    engine = open_database(settings.database)
    try:
        migrate(engine)
    except (SQLAlchemyError, SchemaError) as error:
        engine.dispose()
        raise DeskError(f"{settings.file}: bot.database: {first_line(error)}") from error
    restore_ownership(settings.state_dir)  # now too: the call may be killed
    templates = Templates(settings.templates, settings.colour)
    return Desk(engine, settings.policy, templates, worker, actor, settings.guard)


def _make_state_dir(settings: Settings) -> None:
    with _told_as_desk_error(settings):
        settings.state_dir.mkdir(mode=0o750, parents=True, exist_ok=True)


@contextmanager
def _told_as_desk_error(settings: Settings) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeskError(f"{settings.file}: bot.state_dir: {settings.state_dir}: {error.strerror}") from error


def worker_of(settings: Settings) -> str:
    """Return the name of the worker that has this state directory; machines of the same name have others.

    It is on the disk before it is used: after a crash the next process must know the claims as its own.
    Raises DeskError.
    """
    file = settings.state_dir / "worker"
    with _told_as_desk_error(settings):
        if not file.exists():
            create_durably(file, secrets.token_hex(4))
        mark = file.read_text("ascii").strip()
    return f"{socket.gethostname()}:{settings.state_dir}:{mark}"


@contextmanager
def exclusive_lock(settings: Settings) -> Iterator[None]:
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


def restore_backup(settings: Settings, file: Path, actor: str) -> Path | None:
    """Restore a backup while nobody else works with the state; return where the present one is kept.

    Raises DeskError if a daemon runs, and `mailbot.store.backup.BackupError`; then the present state is in
    place. An older backup is brought to the newest schema. Mails that were handled after it are handled again
    when the mailboxes are read next.
    """
    _make_state_dir(settings)
    now = utc_now()
    before = _name_of_replaced(settings, now)

    def complete(session: Session) -> None:
        expect_recovery(session, RECOVERY_MARGIN)
        record(session, Origin(actor, now), "restored", file.name)

    with exclusive_lock(settings):
        engine = open_database(settings.database)
        try:
            return restore(engine, file, before, complete)
        finally:
            engine.dispose()


def _name_of_replaced(settings: Settings, now: datetime) -> Path:
    """Return where the present state is kept: beside SQLite's file, or in the state directory."""
    scheme, _, name = settings.database.partition(":///")
    database = Path(name) if scheme == "sqlite" else settings.state_dir / "postgresql"
    return database.with_name(f"{database.name}.before-restore-{now:%Y-%m-%dT%H-%M-%SZ}")
