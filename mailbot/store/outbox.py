"""The outbox: letters to be sent, each claimed, tried and recorded."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Row, bindparam, exists, text, update
from sqlmodel import Session, col, func, select

from mailbot.core.model.mail import Address
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.ticket import Attachment
from mailbot.outgoing import OutgoingMail
from mailbot.store.rows import identity
from mailbot.store.tables import DUE, NOT_SENT, OutboxRow, metadata

# Literally the conditions of the partial indexes, or SQLite reads through all letters.
IS_DUE, IS_NOT_SENT = text(DUE), text(NOT_SENT)

HOLD_BEHIND_EARLIER = timedelta(hours=1)
"""So long a letter waits for an earlier one of its thread that was not taken yet."""
UNSENT = ("queued", "sending", "uncertain")
CLAIM = timedelta(minutes=15)

_LETTERS, _TICKETS = metadata.tables["outbox"], metadata.tables["ticket"].c
_LETTER, _EARLIER = _LETTERS.alias("letter").c, _LETTERS.alias("earlier").c

# Each letter asks these, so they are put together once.
_FOLLOWS_AN_UNSENT = exists().where(
    _EARLIER.ticket_id == _LETTER.ticket_id,
    _EARLIER.recipient == _LETTER.recipient,
    _EARLIER.id < _LETTER.id,
    _EARLIER.state.in_(UNSENT),
    _EARLIER.created > bindparam("waits_since"),
)
_FIRST = (
    select(_LETTER.id)
    .where(
        IS_DUE,
        _LETTER.school.in_(bindparam("schools", expanding=True)),
        _LETTER.school > bindparam("after"),
        _LETTER.next_attempt <= bindparam("now"),
        ~_FOLLOWS_AN_UNSENT,
    )
    .order_by(_LETTER.school, _LETTER.next_attempt, _LETTER.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(_LETTERS)
    .where(_LETTERS.c.id == _FIRST.scalar_subquery())
    .values(state="sending", attempts=_LETTERS.c.attempts + 1)
    .values(next_attempt=bindparam("until"), holder=bindparam("worker"))
    .returning(*_LETTERS.c)
)
_RECORD = (
    update(_LETTERS)
    .where(
        _LETTERS.c.id == bindparam("its_id"),
        _LETTERS.c.state == "sending",
        _LETTERS.c.holder == bindparam("worker"),
    )
    .values(
        state=bindparam("new_state"),
        last_error=bindparam("reply"),
        sent=func.coalesce(bindparam("at", type_=_LETTERS.c.sent.type), _LETTERS.c.sent),
        attempts=_LETTERS.c.attempts - bindparam("uncounted"),
        doubts=_LETTERS.c.doubts + bindparam("doubtful"),
        next_attempt=func.coalesce(bindparam("again", type_=_LETTERS.c.sent.type), _LETTERS.c.next_attempt),
    )
)
_NAME_OF = select(_TICKETS.school, _TICKETS.number).where(_TICKETS.id == bindparam("ticket"))


@dataclass(frozen=True, slots=True)
class Due:
    """A letter to be sent now, with what its mail needs besides."""

    id: int
    school: str
    outgoing: OutgoingMail
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
    session: Session,
    schools: Collection[str],
    done: Attempt | None,
    now: datetime,
    holder: str = "",
    after: str = "",
) -> Due | None:
    """Record how the last letter went and take the next due one, in one transaction.

    So at most one letter of a sender is between "being tried" and "recorded" when the process dies. A letter
    waits for an earlier one to the same person about the same ticket, but not for long. The schools take
    turns: the next letter is of the one that follows `after`, so that nobody waits for another one's flood.
    """
    if done is not None:
        _record(session, done, now, holder)
    asked = {
        "schools": list(schools),
        "after": after,
        "now": now,
        "waits_since": now - HOLD_BEHIND_EARLIER,
        "until": now + CLAIM,
        "worker": holder,
    }
    row = session.connection().execute(_CLAIM, asked).first()
    if row is None and after:
        row = session.connection().execute(_CLAIM, asked | {"after": ""}).first()
    return _due(session, row) if row is not None else None


def _record(session: Session, done: Attempt, now: datetime, holder: str) -> None:
    """Note how sending went, unless the claim has expired and another worker has taken the letter."""
    sent = now if done.state == "sent" else None
    values = {"its_id": done.id, "new_state": done.state, "reply": done.error, "at": sent}
    values |= {
        "worker": holder,
        "uncounted": int(not done.counts),
        "doubtful": int(done.doubtful),
        "again": done.next_attempt,
    }
    session.connection().execute(_RECORD, values)


def _due(session: Session, row: Row[Any]) -> Due:
    outgoing = OutgoingMail(
        message_id=row.message_id,
        kind=NotificationKind(row.kind),
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
    references = tuple(row.reference_ids)
    return Due(row.id, row.school, outgoing, references, row.created, row.attempts, row.doubts)


def _ticket_name(session: Session, ticket_id: int | None) -> str:
    if ticket_id is None:
        return ""
    school, number = session.connection().execute(_NAME_OF, {"ticket": ticket_id}).one()
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


def has_failed(session: Session, kinds: Collection[str]) -> bool:
    """Tell whether a letter of these kinds has failed for good and was neither retried nor dropped."""
    query = select(OutboxRow.id).where(IS_NOT_SENT, OutboxRow.state == "failed")
    return session.exec(query.where(col(OutboxRow.kind).in_(kinds)).limit(1)).first() is not None


def counts(session: Session) -> dict[str, int]:
    """Count the letters in each state."""
    query = select(OutboxRow.state, func.count()).where(IS_NOT_SENT).group_by(OutboxRow.state)
    found = {state: int(number) for state, number in session.exec(query)}
    sent = session.exec(select(func.count(col(OutboxRow.id)))).one() - sum(found.values())
    return {**found, "sent": sent} if sent else found


def unsent(session: Session) -> list[Line]:
    """Return the letters that are not sent, failed ones too, the oldest first."""
    query = select(OutboxRow).where(IS_NOT_SENT).order_by(col(OutboxRow.id))
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
