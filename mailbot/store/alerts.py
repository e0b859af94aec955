"""Trouble that the operators were told of and that is not over yet."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from mailbot.store.tables import AlertRow


def begin(session: Session, topic: str, text: str, now: datetime) -> bool:
    """Note a trouble; return False if it was known."""
    if session.get(AlertRow, topic) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(AlertRow(topic=topic, since=now, text=text))
    except IntegrityError:  # another worker was faster
        return False
    return True


def end(session: Session, topic: str) -> datetime | None:
    """Forget a trouble that is over; return since when it was, or None if it was not known."""
    over = delete(AlertRow).where(col(AlertRow.topic) == topic).returning(col(AlertRow.since))
    since: datetime | None = session.execute(over).scalar()
    return since


def reason(session: Session, topic: str) -> str:
    """Return the text of an alert that is not over, or "" without one."""
    row = session.get(AlertRow, topic)
    return row.text if row is not None else ""


def topics(session: Session) -> set[str]:
    """Return what the troubles are about that are not over."""
    return set(session.exec(select(AlertRow.topic)))


def standing(session: Session) -> list[dict[str, str]]:
    """Return the troubles that are not over, the oldest first."""
    rows = session.exec(select(AlertRow).order_by(col(AlertRow.since)))
    return [{"topic": r.topic, "since": r.since.isoformat(), "text": r.text} for r in rows]
