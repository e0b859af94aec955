"""Store the last heartbeat of each daemon, for monitoring by another process."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same ON CONFLICT
from sqlmodel import Session

from mailbot.store.tables import metadata

_HEARTBEAT = metadata.tables["heartbeat"]

_INSERT = insert(_HEARTBEAT)
_RECORD_START = _INSERT.on_conflict_do_update(
    index_elements=["worker"], set_={"started": _INSERT.excluded.started}
)
_RECORD_HEARTBEAT = _INSERT.on_conflict_do_update(index_elements=["worker"], set_={"at": _INSERT.excluded.at})
_RECORD_STOP = delete(_HEARTBEAT).where(_HEARTBEAT.c.worker == bindparam("worker"))
_LAST = select(_HEARTBEAT.c.started, _HEARTBEAT.c.at).where(_HEARTBEAT.c.worker == bindparam("worker"))


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The times when a daemon read its configuration, and of its last heartbeat."""

    started: datetime
    at: datetime


def record_start(session: Session, worker: str, now: datetime) -> None:
    """Record that a daemon starts or reloads. The last heartbeat stays: a crash loop must not renew it."""
    session.execute(_RECORD_START, {"worker": worker, "started": now, "at": now})


def record_heartbeat(session: Session, worker: str, now: datetime) -> None:
    """Record a heartbeat of a daemon."""
    session.execute(_RECORD_HEARTBEAT, {"worker": worker, "started": now, "at": now})


def record_stop(session: Session, worker: str) -> None:
    """Record that no daemon is expected to run with this state directory."""
    session.execute(_RECORD_STOP, {"worker": worker})


def last(session: Session, worker: str) -> Heartbeat | None:
    """Return the last heartbeat of a daemon, or None if none is expected."""
    row = session.execute(_LAST, {"worker": worker}).first()
    return Heartbeat(row.started, row.at) if row is not None else None
