"""Store rendered mails in the outbox."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Self

from sqlalchemy import Row, bindparam, func, insert, literal, select, union_all
from sqlmodel import Session

from mailbot.core.decide.rate_limits import refusal_reasons
from mailbot.core.model.notification import Cause, Notification, shown_tickets
from mailbot.outgoing import OutgoingMail
from mailbot.store import tickets
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

_OUTBOX, _MESSAGE = metadata.tables["outbox"], metadata.tables["message"]

_INSERT = insert(_OUTBOX)
# Find the Message-IDs of the first message by each of some people in each of some tickets, and of the first
# mail to them.
_FIRST_MESSAGE_IDS = union_all(
    *(
        select(
            literal(is_own).label("is_own"),
            mail.c.ticket_id,
            mail.c[person].label("person"),
            mail.c.message_id,
        ).where(
            mail.c.id.in_(
                select(func.min(mail.c.id))
                .where(
                    mail.c.ticket_id.in_(bindparam("tickets", expanding=True)),
                    mail.c[person].in_(bindparam("people", expanding=True)),
                )
                .group_by(mail.c.ticket_id, mail.c[person])
            )
        )
        for mail, person, is_own in ((_MESSAGE, "author", True), (_OUTBOX, "recipient", False))
    )
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
    opened: Mapping[str, Row[Any]] = MappingProxyType({}),
) -> None:
    """Store mails in the outbox, each with a reference to the recipient's first mail about the same ticket.

    `raw_id` is the received mail that their attachments are from; `held_id` is the held mail that they ask
    about; `opened` has the rows of the tickets that this transaction opened.
    """
    new = list(mails)
    shown = {key for mail in new for key in shown_tickets(mail.notification)}
    named = shown | {mail.outgoing.ticket for mail in new if mail.outgoing.ticket}
    rows = {**opened, **tickets.find_all(session, named - opened.keys())}
    threads = _Threads.load(session, [(rows[m.outgoing.ticket], m) for m in new if m.outgoing.ticket in rows])
    values = []
    for mail in new:
        row = rows.get(mail.outgoing.ticket)
        of_decision = {
            "school": school,
            "ticket_id": row.id if row is not None else None,
            "held_id": held_id,
            "next_attempt": now,
            "created": now,
            "shows": [rows[key].id for key in shown_tickets(mail.notification) if key in rows],
        }
        values.append(of_decision | _columns(mail, threads.references(row, mail.outgoing), raw_id))
    if values:
        execute(session, _INSERT, values)


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
        "calendar": out.calendar,
        "in_reply_to": references[0] if references else "",
        "reference_ids": references,
        "attachments": [asdict(file) for file in files],
        "automatic": out.automatic,
        "internal": out.internal,
        "author": notification.author.email if notification.author else "",
        "reasons": " ".join(sorted(refusal_reasons(notification) | {notification.cause} - {Cause.PROVEN})),
    }


@dataclass(frozen=True, slots=True)
class _Threads:
    """The Message-IDs of the first message by a person in a ticket, and of the first mail to them."""

    own: dict[tuple[int, str], str]
    sent: dict[tuple[int, str], str]

    @classmethod
    def load(cls, session: Session, mails: Collection[tuple[Row[Any], OutboxMail]]) -> Self:
        """Load the Message-IDs for new mails, each with the row of its ticket."""
        found = cls({}, {})
        if mails:
            people = {mail.outgoing.recipient.email for _, mail in mails}
            values = {"tickets": list({row.id for row, _ in mails}), "people": list(people)}
            for is_own, ticket_id, person, message_id in execute(session, _FIRST_MESSAGE_IDS, values):
                (found.own if is_own else found.sent)[ticket_id, person] = message_id
        return found

    def references(self, ticket: Row[Any] | None, out: OutgoingMail) -> list[str]:
        """Return the Message-ID to which a mail refers; none for a mail that starts a thread.

        All mails about a ticket refer to the same one: the requester's own first mail, and for others the
        first that they got. Threads that grow with each mail are shown as a staircase.
        """
        found = ""
        if ticket is not None:
            of_recipient = ticket.id, out.recipient.email
            own = self.own.get(of_recipient) if ticket.requester == out.recipient.email else None
            # A later mail of this batch to the same person refers to this one.
            found = own or self.sent.setdefault(of_recipient, out.message_id)
        if found and found != out.message_id:
            return [found]
        return [out.in_reply_to] if out.in_reply_to else []
