"""Open the desk: the state directory and its lock, the migrated database, the templates."""

import fcntl
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TextIO

from mailbot.clock import utc_now
from mailbot.config import Settings
from mailbot.extras import lacks
from mailbot.render import Templates
from mailbot.service.desk import BOT, Desk
from mailbot.store.audit import Origin, record
from mailbot.store.database import Engine, Session, SQLAlchemyError, first_line, open_database
from mailbot.store.mailboxes import start_recovery
from mailbot.store.restore import restore
from mailbot.store.schema import (
    SchemaError,
    is_empty,
    migrate,
    refuse_other,
    require_current,
    require_known,
    require_utf8,
)
from mailbot.store.state_files import create_durably, restore_ownership

RECOVERY_MARGIN = timedelta(days=2)  # a mail may wait before it is processed


class DeskError(Exception):
    """The desk cannot be opened; the text says why and what to do."""


Schema = Literal["migrate", "current", "any"]
"""What to do with an older schema: migrate it, refuse it, or leave it. An empty database gets one."""
_PREPARE: dict[Schema, Callable[[Engine], None]] = {
    "migrate": migrate,
    "current": require_current,
    "any": require_known,
}


def open_desk(settings: Settings, actor: str = BOT, *, schema: Schema = "migrate") -> Desk:
    """Open the database, check or migrate its schema and load the templates; raise DeskError.

    `actor` is the name of the caller in the audit trail.
    """
    _make_state_dir(settings)
    worker = worker_of(settings)
    engine = _open(settings, _PREPARE[schema])
    restore_ownership(settings.state_dir)  # at once, as the process may be killed later
    templates = Templates(settings.templates, settings.colour)
    return Desk(engine, settings.policy, templates, worker, actor, settings.health)


def inspect_desk(settings: Settings) -> Desk | None:
    """Open the database to read it, as no worker; return None if it has no tables yet. Raise DeskError.

    Create nothing: the caller may be another user than the service.
    """
    file = _sqlite_file(settings)
    with _as_desk_error(settings):
        if file is not None and not file.exists():
            return None
    engine = _open(settings, refuse_other)
    if is_empty(engine):
        engine.dispose()
        return None
    return Desk(engine, settings.policy, Templates(settings.templates, settings.colour))


def _open(settings: Settings, prepare: Callable[[Engine], None]) -> Engine:
    if settings.database.startswith("postgresql") and (problem := lacks("postgresql")) is not None:
        raise DeskError(f"{settings.file}: bot.database: {problem}")
    engine = open_database(settings.database)
    try:
        require_utf8(engine)
        prepare(engine)
    except (SQLAlchemyError, SchemaError) as error:
        engine.dispose()
        raise DeskError(f"{settings.file}: bot.database: {first_line(error)}") from error
    return engine


def _sqlite_file(settings: Settings) -> Path | None:
    scheme, _, name = settings.database.partition(":///")
    return Path(name) if scheme == "sqlite" else None


def _make_state_dir(settings: Settings) -> None:
    with _as_desk_error(settings):
        settings.state_dir.mkdir(mode=0o750, parents=True, exist_ok=True)


@contextmanager
def _as_desk_error(settings: Settings) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f"{settings.file}: bot.state_dir: {settings.state_dir}"
        raise DeskError(f"{where}: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    """Return why a file of the state directory cannot be used, and what to do."""
    match error:
        case PermissionError():
            todo = "; run mailbot as the owner of the directory"
        case FileExistsError() | NotADirectoryError():
            todo = "; it must be a directory"
        case _:
            todo = ""
    return f"{error.strerror or error}{todo}"  # a FIFO gives an error without strerror


def worker_of(settings: Settings) -> str:
    """Return the name of the worker with this state directory; it is unique even if host names are not.

    The name is written to the disk before it is used: after a crash the next process has to recognise the
    claims of this one. Raises DeskError.
    """
    file = settings.state_dir / "worker"
    with _as_desk_error(settings):
        if not file.exists():
            create_durably(file, secrets.token_hex(4))
        token = file.read_text("ascii").strip()
    return f"{socket.gethostname()}:{settings.state_dir}:{token}"


@contextmanager
def exclusive_lock(settings: Settings) -> Iterator[None]:
    """Lock the state directory; raise DeskError if another process that reads mail has the lock."""
    _make_state_dir(settings)
    path = settings.state_dir / "lock"
    with _open_lock_file(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise DeskError(
                f"another mailbot uses {settings.state_dir} (process {owner}); stop it first"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        restore_ownership(settings.state_dir)
        yield


def _open_lock_file(path: Path) -> TextIO:
    try:
        return path.open("a+")
    except OSError as error:
        raise DeskError(f"{path}: {_reason(error)}") from error


def restore_backup(settings: Settings, file: Path, actor: str) -> Path | None:
    """Restore a backup under the lock; return the path of a copy of the replaced state.

    A backup with an older schema is migrated. Mails that were processed after the backup are processed again
    when the mailboxes are read next. Raises DeskError if a daemon runs, and
    `mailbot.store.backup.BackupError`; the state is unchanged then.
    """
    now = utc_now()
    before = _path_of_replaced(settings, now)

    def complete(session: Session) -> None:
        start_recovery(session, RECOVERY_MARGIN)
        record(session, Origin(actor, now), "restored", file.name)

    with exclusive_lock(settings):
        engine = open_database(settings.database)
        try:
            return restore(engine, file, before, complete)
        finally:
            engine.dispose()


def _path_of_replaced(settings: Settings, now: datetime) -> Path:
    """Return the path for the replaced state: next to the SQLite file, or in the state directory."""
    database = _sqlite_file(settings) or settings.state_dir / "postgresql"
    return database.with_name(f"{database.name}.before-restore-{now:%Y-%m-%dT%H-%M-%S.%fZ}")
