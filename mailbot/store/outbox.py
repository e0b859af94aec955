"""The outbox: letters to be sent, each claimed, tried and recorded."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, bindparam, exists, text, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from mailbot.core.mail import Address
from mailbot.core.notice import NoticeKind
from mailbot.core.outgoing import Outgoing
from mailbot.core.retry import WAITS_FOR_EARLIER
from mailbot.core.ticket import Attachment
from mailbot.store.rows import identity
from mailbot.store.tables import DUE, OutboxRow, TicketRow

IS_DUE = text(DUE)  # literally the condition of the partial index, or SQLite reads through all letters
UNSENT = ("queued", "sending", "uncertain")
CLAIM = timedelta(minutes=15)
_NAME_OF = select(TicketRow.school, TicketRow.number).where(col(TicketRow.id) == bindparam("ticket"))


@dataclass(frozen=True, slots=True)
class Due:
    """A letter to be sent now, with what its mail needs besides."""

    id: int
    school: str
    outgoing: Outgoing
    references: tuple[str, ...]
    created: datetime
    attempts: int
    doubts: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """How sending a letter ended: its new state, what the server said, and when to try again.

    `counts` is False where the server was away: the letter itself was not tried. `doubtful`: the server may
    have it or not.
    """

    id: int
    state: str
    error: str = ""
    next_attempt: datetime | None = None
    counts: bool = True
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One letter in the outbox, for people to read."""

    id: int
    school: str
    ticket: str
    kind: str
    recipient: str
    subject: str
    state: str
    attempts: int
    created: str
    next_attempt: str
    last_error: str


def record_and_claim(
    session: Session, schools: Collection[str], done: Attempt | None, now: datetime, holder: str = ""
) -> Due | None:
    """Record how the last letter went and take the next due one, in one transaction.

    So at most one letter of a sender is between "being tried" and "recorded" when the process dies. A letter
    waits for an earlier one to the same person about the same ticket, but not for long.
    """
    if done is not None:
        _record(session, done, now)
    first = (
        select(OutboxRow.id)
        .where(IS_DUE, col(OutboxRow.school).in_(list(schools)), OutboxRow.next_attempt <= now)
        .where(~_follows_an_unsent(now))
        .order_by(col(OutboxRow.next_attempt), col(OutboxRow.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    query = select(OutboxRow).where(OutboxRow.id == first.scalar_subquery())
    row = session.exec(query).first()
    if row is None:
        return None
    row.state, row.attempts, row.next_attempt = "sending", row.attempts + 1, now + CLAIM
    row.holder = holder
    return _due(session, row)


def _follows_an_unsent(now: datetime) -> ColumnElement[bool]:
    earlier = aliased(OutboxRow)
    return exists().where(
        col(earlier.ticket_id) == col(OutboxRow.ticket_id),
        col(earlier.recipient) == col(OutboxRow.recipient),
        col(earlier.id) < col(OutboxRow.id),
        col(earlier.state).in_(UNSENT),
        col(earlier.created) > now - WAITS_FOR_EARLIER,
    )


def _record(session: Session, done: Attempt, now: datetime) -> None:
    values: dict[str, Any] = {"state": done.state, "last_error": done.error}
    if done.state == "sent":
        values["sent"] = now
    if not done.counts:
        values["attempts"] = OutboxRow.attempts - 1
    if done.doubtful:
        values["doubts"] = OutboxRow.doubts + 1
    if done.next_attempt is not None:
        values["next_attempt"] = done.next_attempt
    statement = update(OutboxRow).where(col(OutboxRow.id) == done.id).values(values)
    session.execute(statement, execution_options={"synchronize_session": False})


def _due(session: Session, row: OutboxRow) -> Due:
    outgoing = Outgoing(
        message_id=row.message_id,
        kind=NoticeKind(row.kind),
        recipient=Address(row.recipient, row.recipient_name),
        sender=Address("", row.sender_name),
        subject=row.subject,
        text=row.text,
        html=row.html,
        in_reply_to=row.in_reply_to,
        attachments=tuple(Attachment(**file) for file in row.attachments),
        automatic=row.automatic,
        internal=row.internal,
        ticket=_ticket_name(session, row.ticket_id),
    )
    return Due(
        identity(row.id), row.school, outgoing, tuple(row.references), row.created, row.attempts, row.doubts
    )


def _ticket_name(session: Session, ticket_id: int | None) -> str:
    if ticket_id is None:
        return ""
    school, number = session.exec(_NAME_OF, params={"ticket": ticket_id}).one()
    return f"{school}-{number}"


def take_up_again(session: Session, holder: str, now: datetime) -> int:
    """Make letters due again that this worker was sending when it ended; count them.

    Those of other workers become due when their claim expires.
    """
    statement = (
        update(OutboxRow)
        .where(IS_DUE, col(OutboxRow.state) == "sending", col(OutboxRow.holder).in_(["", holder]))
        .values(state="queued", next_attempt=now, last_error="interrupted while being sent")
    )
    result = session.execute(statement)
    return result.rowcount if isinstance(result, CursorResult) else 0


def oldest_due(session: Session) -> tuple[datetime | None, int]:
    """Return when the letter was written that waits longest to be sent, and how many wait."""
    query = select(func.min(OutboxRow.created), func.count()).where(IS_DUE)
    oldest, number = session.exec(query).one()
    return oldest, int(number)


def backlog(session: Session, now: datetime) -> dict[str, int]:
    """Count what is to be sent: due now, waiting for its next try, and of both what is doubtful."""
    query = select(OutboxRow.state, OutboxRow.next_attempt).where(IS_DUE)
    unsent = session.exec(query).all()
    due = sum(next_attempt <= now for _, next_attempt in unsent)
    doubtful = sum(state == "uncertain" for state, _ in unsent)
    return {"due": due, "waiting": len(unsent) - due, "doubtful": doubtful}


def counts(session: Session) -> dict[str, int]:
    """Count the letters in each state."""
    query = select(OutboxRow.state, func.count()).group_by(OutboxRow.state)
    return {state: int(number) for state, number in session.exec(query)}


def unsent(session: Session) -> list[Line]:
    """Return the letters that are not sent, failed ones too, the oldest first."""
    query = select(OutboxRow).where(OutboxRow.state != "sent").order_by(col(OutboxRow.id))
    return [_line(session, row) for row in session.exec(query)]


def letter(session: Session, letter_id: int) -> OutboxRow | None:
    """Return one letter's row."""
    return session.get(OutboxRow, letter_id)


def _line(session: Session, row: OutboxRow) -> Line:
    return Line(
        id=identity(row.id),
        school=row.school,
        ticket=_ticket_name(session, row.ticket_id),
        kind=row.kind,
        recipient=row.recipient,
        subject=row.subject,
        state=row.state,
        attempts=row.attempts,
        created=row.created.isoformat(),
        next_attempt=row.next_attempt.isoformat(),
        last_error=row.last_error,
    )
