"""Store the open alerts: problems that the operators were notified of and that still exist."""

from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same ON CONFLICT
from sqlmodel import Session

from mailbot.store.tables import metadata

_ALERT = metadata.tables["alert"]

# Open an alert, unless it is open.
_ADD = insert(_ALERT).on_conflict_do_nothing().returning(_ALERT.c.topic)
_REMOVE = delete(_ALERT).where(_ALERT.c.topic == bindparam("topic")).returning(_ALERT.c.since)
# Read the text of an open alert.
_REASON = select(_ALERT.c.text).where(_ALERT.c.topic == bindparam("topic"))
_ACTIVE = select(_ALERT).order_by(_ALERT.c.since)


def add(session: Session, topic: str, text: str, now: datetime) -> bool:
    """Open an alert; return False if it was open."""
    return session.execute(_ADD, {"topic": topic, "text": text, "since": now}).first() is not None


def remove(session: Session, topic: str) -> datetime | None:
    """Close an alert; return when it was opened, or None if it was not open."""
    since: datetime | None = session.execute(_REMOVE, {"topic": topic}).scalar()
    return since


def reason(session: Session, topic: str) -> str:
    """Return the text of an open alert, or "" without one."""
    return session.execute(_REASON, {"topic": topic}).scalar() or ""


def topics(session: Session) -> set[str]:
    """Return the topics of the open alerts."""
    return {row.topic for row in session.execute(_ACTIVE)}


def active(session: Session) -> list[dict[str, str]]:
    """Return the open alerts, the oldest first."""
    rows = session.execute(_ACTIVE)
    return [{"topic": row.topic, "since": row.since.isoformat(), "text": row.text} for row in rows]
