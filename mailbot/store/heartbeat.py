"""Store when each daemon last noted that it works, for monitoring that runs beside it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same ON CONFLICT
from sqlmodel import Session

from mailbot.store.tables import metadata

_HEARTBEAT = metadata.tables["heartbeat"]

_NEW = insert(_HEARTBEAT)
# Notes a start.
_EXPECT = _NEW.on_conflict_do_update(index_elements=["worker"], set_={"started": _NEW.excluded.started})
# Notes a heartbeat.
_BEAT = _NEW.on_conflict_do_update(index_elements=["worker"], set_={"at": _NEW.excluded.at})
# Notes the end of a daemon.
_EXPECT_NONE = delete(_HEARTBEAT).where(_HEARTBEAT.c.worker == bindparam("worker"))
# Reads the last heartbeat.
_LAST = select(_HEARTBEAT.c.started, _HEARTBEAT.c.at).where(_HEARTBEAT.c.worker == bindparam("worker"))


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When a daemon read its configuration, and when it last noted that it works."""

    started: datetime
    at: datetime


def record_start(session: Session, worker: str, now: datetime) -> None:
    """Note that a daemon starts or reloads; an older heartbeat stays: a crash loop must not renew it."""
    session.execute(_EXPECT, {"worker": worker, "started": now, "at": now})


def record_heartbeat(session: Session, worker: str, now: datetime) -> None:
    """Note that a daemon works."""
    session.execute(_BEAT, {"worker": worker, "started": now, "at": now})


def record_stop(session: Session, worker: str) -> None:
    """Note that no daemon works with this state directory, and that none has to."""
    session.execute(_EXPECT_NONE, {"worker": worker})


def last(session: Session, worker: str) -> Heartbeat | None:
    """Return the last heartbeat of a daemon, or None where none is expected."""
    row = session.execute(_LAST, {"worker": worker}).first()
    return Heartbeat(row.started, row.at) if row is not None else None
