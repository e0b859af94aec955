"""Store rendered mails in the outbox."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select
from sqlmodel import Session

from mailbot.core.decide.rate_limits import refusal_reasons
from mailbot.core.model.notification import Notification, shown_tickets
from mailbot.outgoing import OutgoingMail
from mailbot.store import tickets
from mailbot.store.tables import metadata

_OUTBOX, _MESSAGE = metadata.tables["outbox"], metadata.tables["message"]

# Store a mail.
_INSERT = insert(_OUTBOX)
# Find the Message-ID of the recipient's first own message in a ticket.
_OWN_MESSAGE_ID = (
    select(_MESSAGE.c.message_id)
    .where(_MESSAGE.c.ticket_id == bindparam("ticket"), _MESSAGE.c.author == bindparam("recipient"))
    .order_by(_MESSAGE.c.id)
    .limit(1)
)
# Find the Message-ID of the first mail to the recipient about a ticket.
_FIRST_MESSAGE_ID = (
    select(_OUTBOX.c.message_id)
    .where(_OUTBOX.c.ticket_id == bindparam("ticket"), _OUTBOX.c.recipient == bindparam("recipient"))
    .order_by(_OUTBOX.c.id)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class OutboxMail:
    """A rendered mail to store in the outbox, with its notification and its action key."""

    notification: Notification
    outgoing: OutgoingMail
    action_key: str


def hash_action_key(action_key: str) -> str:
    """Return the hash of an action key; the key itself is not stored."""
    return hashlib.sha256(action_key.encode()).hexdigest()


def enqueue(
    session: Session,
    school: str,
    mails: Iterable[OutboxMail],
    now: datetime,
    raw_id: int | None = None,
    held_id: int | None = None,
) -> None:
    """Store mails in the outbox, each with a reference to the recipient's first mail about the same ticket.

    `raw_id` is the received mail that their attachments are from; `held_id` is the held mail that they ask
    about.
    """
    new = list(mails)
    shown = {key for mail in new for key in shown_tickets(mail.notification)}
    rows = tickets.find_all(session, shown | {mail.outgoing.ticket for mail in new if mail.outgoing.ticket})
    for mail in new:
        row = rows.get(mail.outgoing.ticket)
        ticket_id = row.id if row is not None else None
        references = _references(session, row, mail.outgoing)
        keys = [rows[key].id for key in shown_tickets(mail.notification) if key in rows]
        of_decision = {
            "school": school,
            "held_id": held_id,
            "next_attempt": now,
            "created": now,
            "shows": keys,
        }
        values = {"ticket_id": ticket_id, **of_decision, **_columns(mail, references, raw_id)}
        session.connection().execute(_INSERT, values)


def _columns(mail: OutboxMail, references: list[str], raw_id: int | None) -> dict[str, Any]:
    out, notification = mail.outgoing, mail.notification
    files = [file if file.raw is not None else replace(file, raw=raw_id) for file in out.attachments]
    return {
        "message_id": out.message_id,
        "key_hash": hash_action_key(mail.action_key),
        "kind": out.kind.value,
        "role": notification.role.value,
        "recipient": out.recipient.email,
        "recipient_name": out.recipient.name,
        "sender_name": out.sender.name,
        "subject": out.subject,
        "text": out.text,
        "html": out.html,
        "in_reply_to": references[0] if references else "",
        "reference_ids": references,
        "attachments": [asdict(file) for file in files],
        "automatic": out.automatic,
        "internal": out.internal,
        "author": notification.author.email if notification.author else "",
        "reasons": " ".join(sorted(refusal_reasons(notification))),
    }


def _references(session: Session, ticket: Row[Any] | None, out: OutgoingMail) -> list[str]:
    """Return the Message-ID to which a mail refers; none for a mail that starts a thread.

    All mails about a ticket refer to the same one: the requester's own first mail, and for others the first
    that they got. Threads that grow with each mail are shown as a staircase.
    """
    if ticket is None:
        return [out.in_reply_to] if out.in_reply_to else []
    connection, values = session.connection(), {"ticket": ticket.id, "recipient": out.recipient.email}
    own_first = (_OWN_MESSAGE_ID,) if ticket.requester == out.recipient.email else ()
    for statement in (*own_first, _FIRST_MESSAGE_ID):
        if found := connection.execute(statement, values).scalar():
            return [found]
    return [out.in_reply_to] if out.in_reply_to else []
