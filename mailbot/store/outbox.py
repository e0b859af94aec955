"""Claim the mails in the outbox for sending, record how that ended, and list and count them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Row, bindparam, exists, func, select, text, update
from sqlmodel import Session

from mailbot.core.model.facts import UndeliveredMail
from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Attachment
from mailbot.outgoing import OutgoingMail
from mailbot.store.prepared import execute
from mailbot.store.tables import DUE_CONDITION, DUE_STATES, NOT_SENT, metadata

# These repeat the conditions of the partial indexes literally: otherwise SQLite scans the whole table.
IS_DUE, IS_NOT_SENT = text(DUE_CONDITION), text(NOT_SENT)

HOLD_BEHIND_EARLIER = timedelta(hours=1)
"""How long a mail waits for an earlier unsent mail of its thread."""
MAX_UNDELIVERED = 50
CLAIM_TTL = timedelta(minutes=15)
MAILS_PER_TURN = 5
"""How many mails of one school are claimed before those of the next school."""
BOUNCED = "bounced"
UNDELIVERED = ("failed", BOUNCED)

_OUTBOX, _TICKET = metadata.tables["outbox"], metadata.tables["ticket"]
_OUTBOX_MAIL = _OUTBOX.alias("mail")
_MAIL, _EARLIER = _OUTBOX_MAIL.c, _OUTBOX.alias("earlier").c

# Record that a sent mail bounced.
_MARK_BOUNCED = (
    update(_OUTBOX)
    .where(_OUTBOX.c.message_id == bindparam("mail"))
    .values(state=BOUNCED, last_error=bindparam("diagnostic"))
)
_FOLLOWS_AN_UNSENT = exists().where(
    _EARLIER.ticket_id == _MAIL.ticket_id,
    _EARLIER.recipient == _MAIL.recipient,
    _EARLIER.id < _MAIL.id,
    _EARLIER.state.in_(DUE_STATES),
    func.coalesce(_EARLIER.retried, _EARLIER.created) > bindparam("hold_since"),
)
# Find due mails of the schools that follow `after`, unless another worker claims them at the same time.
_NEXT = (
    select(
        *_MAIL,
        select(_TICKET.c.school + "-" + _TICKET.c.number.cast(_TICKET.c.school.type))
        .where(_TICKET.c.id == _MAIL.ticket_id)
        .scalar_subquery()
        .label("ticket"),
    )
    .where(
        IS_DUE,
        _MAIL.school.in_(bindparam("schools", expanding=True)),
        _MAIL.school > bindparam("after"),
        _MAIL.next_attempt <= bindparam("now"),
        _MAIL.id.not_in(bindparam("chosen", expanding=True)),
        ~_FOLLOWS_AN_UNSENT,
    )
    .order_by(_MAIL.school, _MAIL.next_attempt, _MAIL.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=_OUTBOX_MAIL)
)
_CLAIM = (
    update(_OUTBOX)
    .where(_OUTBOX.c.id.in_(bindparam("chosen", expanding=True)))
    .values(
        state="sending",
        # Counted before the attempt: a mail that kills the process must not be tried without end.
        attempts=_OUTBOX.c.attempts + 1,
        next_attempt=bindparam("until"),
        holder=bindparam("worker"),
    )
)
# Record an attempt, unless the claim has expired and another worker has the mail.
_RECORD = (
    update(_OUTBOX)
    .where(
        _OUTBOX.c.id == bindparam("mail"),
        _OUTBOX.c.state == "sending",
        _OUTBOX.c.holder == bindparam("worker"),
    )
    .values(
        state=bindparam("new_state"),
        last_error=bindparam("reply"),
        sent=func.coalesce(bindparam("sent_at", type_=_OUTBOX.c.sent.type), _OUTBOX.c.sent),
        attempts=_OUTBOX.c.attempts - bindparam("uncounted"),
        doubts=_OUTBOX.c.doubts + bindparam("uncertain"),
        next_attempt=func.coalesce(bindparam("retry_at", type_=_OUTBOX.c.sent.type), _OUTBOX.c.next_attempt),
    )
)
# Make the mails due that a worker was sending when it ended. Rows of older versions have the holder "".
_REQUEUE_INTERRUPTED = (
    update(_OUTBOX)
    .where(IS_DUE, _OUTBOX.c.state == "sending", _OUTBOX.c.holder.in_(["", bindparam("worker")]))
    .values(state="queued", next_attempt=bindparam("now"), last_error="interrupted while being sent")
)
# Date is written from `created`, which stays: a copy that arrived before has the same Message-ID.
_AS_NEW = {"state": "queued", "attempts": 0, "next_attempt": bindparam("now"), "retried": bindparam("now")}
# Make one mail due with as many attempts as a new one.
_RETRY = update(_OUTBOX).where(_OUTBOX.c.id == bindparam("mail")).values(_AS_NEW)
# Make undelivered mails due with as many attempts as new ones.
_RESEND = (
    update(_OUTBOX)
    .where(
        _OUTBOX.c.message_id.in_(bindparam("mails", expanding=True)),
        _OUTBOX.c.state.in_(UNDELIVERED),
    )
    .values(_AS_NEW)
)
_DROP = update(_OUTBOX).where(_OUTBOX.c.id == bindparam("mail")).values(state="dropped")

_GET = select(_OUTBOX).where(_OUTBOX.c.id == bindparam("mail"))
# List the mails that are not sent, failed ones too, with the keys of their tickets.
_UNSENT = (
    select(_OUTBOX, _TICKET.c.school.label("ticket_school"), _TICKET.c.number.label("ticket_number"))
    .join(_TICKET, _TICKET.c.id == _OUTBOX.c.ticket_id, isouter=True)
    .where(text(f"outbox.{NOT_SENT}"))
    .order_by(_OUTBOX.c.id)
)
# Find how long the oldest due mail has been due, and count the due mails.
_OLDEST_DUE = select(func.min(func.coalesce(_OUTBOX.c.retried, _OUTBOX.c.created)), func.count()).where(
    IS_DUE
)
# Read the states and next attempts of the due mails.
_BACKLOG = select(_OUTBOX.c.state, _OUTBOX.c.next_attempt).where(IS_DUE)
_FAILED = select(
    _OUTBOX.c.id, _OUTBOX.c.kind, _OUTBOX.c.author, _OUTBOX.c.recipient, _OUTBOX.c.created
).where(IS_NOT_SENT, _OUTBOX.c.state == "failed")
# Read the undelivered mails about tickets, except automatic ones without an author.
_UNDELIVERED = (
    select(_OUTBOX.c.ticket_id, _OUTBOX.c.message_id, _OUTBOX.c.recipient, _OUTBOX.c.author)
    .where(
        _OUTBOX.c.ticket_id.in_(bindparam("tickets", expanding=True)),
        _OUTBOX.c.state.in_(UNDELIVERED),
        _OUTBOX.c.author != "",
        _OUTBOX.c.author != _OUTBOX.c.recipient,
    )
    .order_by(_OUTBOX.c.id)
    .limit(MAX_UNDELIVERED)
)
# Count the mails that are not sent, by state.
_COUNT_UNSENT = select(_OUTBOX.c.state, func.count()).where(IS_NOT_SENT).group_by(_OUTBOX.c.state)
_COUNT = select(func.count()).select_from(_OUTBOX)


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail to be sent before `until`, with the values that its header fields and its next attempt need.

    `state`, `next_attempt` and `last_error` are those before the claim.
    """

    id: int
    school: str
    outgoing: OutgoingMail
    references: tuple[str, ...]
    created: datetime
    attempts_since: datetime
    attempts: int
    uncertain_attempts: int
    until: datetime
    state: str
    next_attempt: datetime
    last_error: str


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """How an attempt ended: the mail's new state, the server's reply, and when to try again.

    `counts` is False if the server was down, so that the mail itself was not attempted. `uncertain` means
    that the server may have accepted the mail.
    """

    id: int
    state: str
    error: str = ""
    next_attempt: datetime | None = None
    counts: bool = True
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One mail in the outbox, as operators see it."""

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


def mark_bounced(session: Session, message_id: str, diagnostic: str) -> None:
    """Record that the sent mail with that Message-ID bounced."""
    session.connection().execute(_MARK_BOUNCED, {"mail": message_id, "diagnostic": diagnostic})


def claim(
    session: Session,
    schools: Collection[str],
    now: datetime,
    worker: str = "",
    *,
    after: str = "",
    most: int = 1,
) -> list[ClaimedMail]:
    """Claim the next due mails for a worker, `most` at most, in the order in which they are to be sent.

    A mail waits up to HOLD_BEHIND_EARLIER for an earlier one to the same person about the same ticket, even
    if that one is claimed. The schools take turns of MAILS_PER_TURN mails, so that no school delays another;
    the school that follows `after` begins.
    """
    rows: list[Any] = []
    values = {"schools": list(schools), "now": now, "hold_since": now - HOLD_BEHIND_EARLIER}
    turn = MAILS_PER_TURN if len(schools) > 1 else most  # each turn is a statement
    while len(rows) < most:
        limit = min(turn, most - len(rows))
        chosen = [row.id for row in rows]
        place = {"after": after, "chosen": chosen, "most": limit}
        found = execute(session, _NEXT, values | place).all()
        rows.extend(found)
        # Nothing is left behind `after`; from the beginning there is nothing left at all.
        if len(found) < limit and not after:
            break
        after = found[-1].school if len(found) == limit else ""
    until = now + CLAIM_TTL
    if rows:
        claimed = {"chosen": [row.id for row in rows], "until": until, "worker": worker}
        execute(session, _CLAIM, claimed)
    return [_to_claimed_mail(row, until) for row in rows]


def release(due: ClaimedMail) -> SendOutcome:
    """Return the outcome of a claimed mail that was not attempted: it is due as before."""
    state = due.state if due.state in ("queued", "uncertain") else "queued"  # of an expired claim: "sending"
    return SendOutcome(due.id, state, due.last_error, due.next_attempt, counts=False)


def record(session: Session, attempts: Collection[SendOutcome], now: datetime, worker: str = "") -> None:
    """Record how the attempts of a worker ended, except those whose claim has expired."""
    if not attempts:
        return
    values = [
        {
            "mail": attempt.id,
            "worker": worker,
            "new_state": attempt.state,
            "reply": attempt.error,
            "sent_at": now if attempt.state == "sent" else None,
            "uncounted": int(not attempt.counts),
            "uncertain": int(attempt.uncertain),
            "retry_at": attempt.next_attempt,
        }
        for attempt in attempts
    ]
    execute(session, _RECORD, values)


def _to_claimed_mail(row: Row[Any], until: datetime) -> ClaimedMail:
    outgoing = OutgoingMail(
        message_id=row.message_id,
        kind=NotificationKind(row.kind),
        recipient=Address(row.recipient, row.recipient_name),
        sender=Address("", row.sender_name),
        subject=row.subject,
        text=row.text,
        html=row.html,
        calendar=row.calendar,
        in_reply_to=row.in_reply_to,
        attachments=tuple(Attachment(**file) for file in row.attachments),
        automatic=row.automatic,
        internal=row.internal,
        ticket=row.ticket or "",
    )
    return ClaimedMail(
        id=row.id,
        school=row.school,
        outgoing=outgoing,
        references=tuple(row.reference_ids),
        created=row.created,
        attempts_since=row.retried or row.created,
        attempts=row.attempts + 1,
        uncertain_attempts=row.doubts,
        until=until,
        state=row.state,
        next_attempt=row.next_attempt,
        last_error=row.last_error,
    )


def requeue_interrupted(session: Session, worker: str, now: datetime) -> int:
    """Make the mails due again that this worker was sending when it ended; return their number.

    The mails of other workers become due when their claims expire.
    """
    result = session.execute(_REQUEUE_INTERRUPTED, {"worker": worker, "now": now})
    return result.rowcount if isinstance(result, CursorResult) else 0


def retry(session: Session, mail_id: int, now: datetime) -> None:
    """Make a mail due now, with as many attempts as a new one."""
    session.execute(_RETRY, {"mail": mail_id, "now": now})


def resend(session: Session, message_ids: Collection[str], now: datetime) -> None:
    """Make undelivered mails due now, with as many attempts as new ones."""
    session.connection().execute(_RESEND, {"mails": list(message_ids), "now": now})


def undelivered(session: Session, tickets: Mapping[int, str]) -> dict[str, tuple[UndeliveredMail, ...]]:
    """Return the undelivered mails about these tickets, by the ticket's key."""
    found: defaultdict[str, list[UndeliveredMail]] = defaultdict(list)
    for row in session.connection().execute(_UNDELIVERED, {"tickets": list(tickets)}):
        found[tickets[row.ticket_id]].append(UndeliveredMail(row.message_id, row.recipient, row.author))
    return {key: tuple(mails) for key, mails in found.items()}


def drop(session: Session, mail_id: int) -> None:
    """Drop a mail, so that it is not sent."""
    session.execute(_DROP, {"mail": mail_id})


def get(session: Session, mail_id: int) -> Row[Any] | None:
    """Return one mail by its key."""
    return session.execute(_GET, {"mail": mail_id}).first()


def unsent(session: Session) -> list[OutboxEntry]:
    """Return the mails that are not sent, failed ones too, the oldest first."""
    return [_to_entry(row) for row in session.execute(_UNSENT)]


def _to_entry(row: Row[Any]) -> OutboxEntry:
    return OutboxEntry(
        id=row.id,
        school=row.school,
        ticket=f"{row.ticket_school}-{row.ticket_number}" if row.ticket_id is not None else "",
        kind=row.kind,
        recipient=row.recipient,
        subject=row.subject,
        state=row.state,
        attempts=row.attempts,
        created=row.created.isoformat(),
        next_attempt=row.next_attempt.isoformat(),
        last_error=row.last_error,
    )


def oldest_due(session: Session) -> tuple[datetime | None, int]:
    """Return when the oldest due mail was created or retried, and the number of due mails."""
    oldest, number = session.execute(_OLDEST_DUE).one()
    return oldest, int(number)


def backlog(session: Session, now: datetime) -> dict[str, int]:
    """Count the mails to be sent: due now, waiting for the next attempt, and uncertain ones among both."""
    rows = session.execute(_BACKLOG).all()
    due = sum(row.next_attempt <= now for row in rows)
    uncertain = sum(row.state == "uncertain" for row in rows)
    return {"due": due, "waiting": len(rows) - due, "doubtful": uncertain}


@dataclass(frozen=True, slots=True)
class FailedMail:
    """A mail that failed for good and was neither retried nor dropped."""

    id: int
    kind: NotificationKind
    author: str
    recipient: str
    created: datetime


def failed(session: Session) -> list[FailedMail]:
    """Return the mails that failed for good."""
    return [
        FailedMail(row.id, NotificationKind(row.kind), row.author, row.recipient, row.created)
        for row in session.execute(_FAILED)
    ]


def counts(session: Session) -> dict[str, int]:
    """Count the mails in each state."""
    found = {state: int(number) for state, number in session.execute(_COUNT_UNSENT)}
    sent = session.execute(_COUNT).scalar_one() - sum(found.values())
    return {**found, "sent": sent} if sent else found
