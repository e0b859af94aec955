"""Read sent mails as a decision about a reply to them needs them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlmodel import Session

from mailbot.core.model.facts import SentMail
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Role
from mailbot.store import ledger, tickets
from mailbot.store.enqueue import hash_action_key
from mailbot.store.outbox import BOUNCED
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

MAX_RECIPIENTS = 50

_OUTBOX, _TICKET, _PERSON = (metadata.tables[name] for name in ("outbox", "ticket", "person"))

# Read sent mails, each with its ticket's key and whether its recipient is marked as undeliverable.
_SENT = (
    select(
        _OUTBOX,
        _TICKET.c.school.label("ticket_school"),
        _TICKET.c.number.label("ticket_number"),
        _PERSON.c.undeliverable,
    )
    .join(_TICKET, _TICKET.c.id == _OUTBOX.c.ticket_id, isouter=True)
    .join(_PERSON, _PERSON.c.address == _OUTBOX.c.recipient, isouter=True)
)
_SENT_BY_KEY = _SENT.where(_OUTBOX.c.key_hash == bindparam("hash"))
_SENT_BY_ID = _SENT.where(_OUTBOX.c.id == bindparam("mail"))
_LAST_SENT_TO = (
    _SENT.where(
        _OUTBOX.c.ticket_id == bindparam("ticket"),
        _OUTBOX.c.recipient.in_(bindparam("recipients", expanding=True)),
    )
    .order_by(_OUTBOX.c.id.desc())
    .limit(1)
)


def by_action_key(session: Session, action_key: str | None, now: datetime) -> SentMail | None:
    """Return the mail with that action key."""
    if action_key is None:
        return None
    row = execute(session, _SENT_BY_KEY, {"hash": hash_action_key(action_key)}).first()
    return _to_sent_mail(session, row, now) if row else None


def by_id(session: Session, mail_id: int, now: datetime) -> SentMail:
    """Return a mail of the outbox by its key."""
    return _to_sent_mail(session, execute(session, _SENT_BY_ID, {"mail": mail_id}).one(), now)


def last_to(session: Session, recipients: Sequence[str], ticket_id: int, now: datetime) -> SentMail | None:
    """Return the last mail of a ticket to one of these recipients."""
    values = {"recipients": recipients[:MAX_RECIPIENTS], "ticket": ticket_id}
    row = execute(session, _LAST_SENT_TO, values).first()
    return _to_sent_mail(session, row, now) if row else None


def _to_sent_mail(session: Session, row: Row[Any], now: datetime) -> SentMail:
    return SentMail(
        recipient=row.recipient,
        role=Role(row.role),
        kind=NotificationKind(row.kind),
        ticket=_ticket(row),
        internal=row.internal,
        held=_still_held(session, row.held_id, now),
        message_id=row.message_id,
        author=row.author,
        subject=row.subject,
        text=row.text,
        shows=_shown(session, row),
        created=row.created,
        bounced=row.state == BOUNCED,
        undeliverable=bool(row.undeliverable),
    )


def _shown(session: Session, row: Row[Any]) -> tuple[tuple[str, datetime | None], ...]:
    """Return the tickets that a sent mail shows, each with the time when it was closed."""
    ids = dict.fromkeys((*((row.ticket_id,) if row.ticket_id is not None else ()), *row.shows))
    found = tickets.current_rows(session, ids.keys())
    return tuple((tickets.key_of(shown), shown.closed) for shown in found)


def _ticket(row: Row[Any]) -> str | None:
    return f"{row.ticket_school}-{row.ticket_number}" if row.ticket_school is not None else None


def _still_held(session: Session, held_id: int | None, now: datetime) -> int | None:
    """Return the key of the held mail that a sent mail asks about, if it still waits."""
    return held_id if held_id is not None and ledger.find_waiting(session, held_id, now) else None
