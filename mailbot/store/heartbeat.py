"""Heartbeats: when each daemon last noted that it works, for monitoring that runs beside it."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from mailbot.store.tables import HeartbeatRow


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When a daemon read its configuration, and when it last noted that it works."""

    started: datetime
    at: datetime


def expect(session: Session, worker: str, now: datetime) -> None:
    """Note that a daemon starts or reloads; an older heartbeat stays: a crash loop must not renew it."""
    row = session.get(HeartbeatRow, worker)
    session.merge(HeartbeatRow(worker=worker, started=now, at=row.at if row else now))


def beat(session: Session, worker: str, now: datetime) -> None:
    """Note that a daemon works."""
    row = session.get(HeartbeatRow, worker)
    session.merge(HeartbeatRow(worker=worker, started=row.started if row else now, at=now))


def expect_none(session: Session, worker: str) -> None:
    """Note that no daemon works with this state directory, and that none has to."""
    row = session.get(HeartbeatRow, worker)
    if row is not None:
        session.delete(row)


def last(session: Session, worker: str) -> Heartbeat | None:
    """Return the last heartbeat of a daemon, or None where none is expected."""
    row = session.get(HeartbeatRow, worker)
    return Heartbeat(row.started, row.at) if row is not None else None
