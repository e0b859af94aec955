"""Trouble that the operators were told of and that is not over yet."""

from datetime import datetime

from sqlmodel import Session, col, select

from mailbot.store.tables import AlertRow


def begin(session: Session, topic: str, text: str, now: datetime) -> bool:
    """Note a trouble; return False if it was known."""
    if session.get(AlertRow, topic) is not None:
        return False
    session.add(AlertRow(topic=topic, since=now, text=text))
    return True


def end(session: Session, topic: str) -> datetime | None:
    """Forget a trouble that is over; return since when it was, or None if it was not known."""
    row = session.get(AlertRow, topic)
    if row is None:
        return None
    session.delete(row)
    return row.since


def standing(session: Session) -> list[dict[str, str]]:
    """Return the troubles that are not over, the oldest first."""
    rows = session.exec(select(AlertRow).order_by(col(AlertRow.since)))
    return [{"topic": r.topic, "since": r.since.isoformat(), "text": r.text} for r in rows]
