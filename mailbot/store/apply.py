"""Store a decision: its effects, the audit trail and the outgoing mails, in the caller's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlmodel import Session

from mailbot.core.decide.rate_limits import refusal_reasons
from mailbot.core.model.effects import (
    AddMessage,
    Decision,
    DiscardMail,
    Effect,
    HoldMail,
    LearnName,
    MarkUndeliverable,
    Merge,
    Move,
    MultiTicketEffect,
    OpenTicket,
    RecordReminder,
    Register,
    SetAbsence,
    SetBlocked,
    Split,
    TicketEffect,
)
from mailbot.core.model.notification import Notification
from mailbot.core.model.ticket import Attachment, Message
from mailbot.core.model.ticket_fields import state_of
from mailbot.core.model.transition import apply
from mailbot.outgoing import OutgoingMail
from mailbot.store import ledger, people, search, tickets
from mailbot.store.audit import Origin, audit_people, audit_tickets
from mailbot.store.facts import BOUNCED, hash_of
from mailbot.store.mapping import insert_ticket, to_tickets, update_row
from mailbot.store.restructure import move_rows
from mailbot.store.tables import metadata

MAX_REFERENCES = 12

_MESSAGE, _FILE, _OUTBOX = (metadata.tables[name] for name in ("message", "attachment", "outbox"))

# Store a message.
_INSERT_MESSAGE = insert(_MESSAGE).returning(_MESSAGE.c.id)
# Store the files of a message.
_INSERT_FILES = insert(_FILE)
# Store outgoing mails.
_INSERT_OUTBOX = insert(_OUTBOX)
# Note that a sent mail came back.
_SET_BOUNCED = (
    update(_OUTBOX)
    .where(_OUTBOX.c.message_id == bindparam("mail"))
    .values(state=BOUNCED, last_error=bindparam("diagnostic"))
)
# Find the Message-ID of the recipient's first own message in a ticket.
_OWN_MESSAGES = (
    select(_MESSAGE.c.message_id)
    .where(_MESSAGE.c.ticket_id == bindparam("ticket"), _MESSAGE.c.author == bindparam("reader"))
    .order_by(_MESSAGE.c.id)
    .limit(1)
)
# Find the Message-IDs of the last mails to the recipient about a ticket.
_EARLIER_MAILS = (
    select(_OUTBOX.c.message_id)
    .where(_OUTBOX.c.ticket_id == bindparam("ticket"), _OUTBOX.c.recipient == bindparam("reader"))
    .order_by(_OUTBOX.c.id.desc())
    .limit(MAX_REFERENCES)
)


@dataclass(frozen=True, slots=True)
class OutboxMail:
    """A rendered mail with its notification and its action key."""

    notice: Notification
    outgoing: OutgoingMail
    action_key: str


def apply_decision(
    session: Session, origin: Origin, school: str, decision: Decision, letters: Iterable[OutboxMail]
) -> None:
    """Store the effects of a decision and put its outgoing mails into the outbox."""
    rows = _rows(session, decision.effects)
    entry_id = _record(session, origin, rows, decision.ticket)
    for effect in decision.effects:
        _apply(session, origin, rows, effect)
    present = dict(zip(rows, to_tickets(session, list(rows.values())), strict=True))
    states = {name: state_of(ticket) for name, ticket in present.items()}
    chains = audit_tickets(session, origin, decision, rows, states)
    for name, before in present.items():
        after = apply(before, _concerning(decision.effects, name), origin.now)
        update_row(session, rows[name], before, after, **chains[name])
    audit_people(session, origin, decision)  # last: all workers lock the tickets before the desk
    search.index(session, [row.id for row in rows.values()])
    held = _hold(session, entry_id, school, decision.effects)
    merged = {effect.ticket for effect in decision.effects if isinstance(effect, Merge)}
    about = {name: row.id for name, row in rows.items() if name not in merged}
    for letter in letters:
        name = letter.outgoing.ticket
        if name and name not in about and (found := tickets.find(session, name)) is not None:
            about[name] = found.id
        _enqueue(session, school, letter, origin.now, about.get(name) if name else None, origin.raw_id, held)


def _record(session: Session, origin: Origin, rows: Mapping[str, Row[Any]], ticket: str | None) -> int | None:
    """Put the mail, if there is one, into the ledger with its ticket; return the key of its entry."""
    if origin.entry is None:
        return None
    row = (rows.get(ticket) or tickets.find(session, ticket)) if ticket is not None else None
    values = origin.entry | {"ticket_id": row.id if row is not None else None}
    if origin.entry_id is not None:
        ledger.rewrite(session, origin.entry_id, values)
        return origin.entry_id
    return ledger.record(session, [values])[0]


def _rows(session: Session, effects: Iterable[Effect]) -> dict[str, Row[Any]]:
    """Return the rows of the tickets that change; a new ticket takes its number here."""
    opened: dict[str, Row[Any]] = {}
    names: dict[str, None] = {}  # in the order of the effects
    for effect in effects:
        if isinstance(effect, OpenTicket):
            ticket = effect.ticket
            opened[ticket.key] = insert_ticket(session, replace(ticket, messages=0))
            tickets.set_last_number(session, ticket.school, ticket.number)
        elif isinstance(effect, AddMessage | RecordReminder | TicketEffect | MultiTicketEffect):
            names[effect.ticket] = None
        if isinstance(effect, Merge):
            names[effect.into] = None
    wanted = [name for name in names if name not in opened]
    return opened | (tickets.find_all(session, wanted) if wanted else {})


def _concerning(effects: Iterable[Effect], name: str) -> list[Effect]:
    roles = ("ticket", "into", "opened")
    return [e for e in effects if name in (getattr(e, role, None) for role in roles)]


def _apply(session: Session, origin: Origin, rows: Mapping[str, Row[Any]], effect: Effect) -> None:
    match effect:
        case AddMessage(name, message):
            _append(session, origin, rows[name].id, message)
        case LearnName(address):
            people.learn_name(session, address)
        case MarkUndeliverable(address, diagnostic, message_id):
            people.mark_undeliverable(session, address, diagnostic or "undeliverable")
            session.connection().execute(_SET_BOUNCED, {"mail": message_id, "diagnostic": diagnostic})
        case DiscardMail(held):
            ledger.close_held(session, held, "discarded")
        case Merge() | Split() | Move():
            move_rows(session, rows, effect)
        case SetBlocked(school, address, blocked=True):
            people.block(session, school, address, origin.actor, origin.now)
        case SetBlocked(school, address):
            people.unblock(session, address, school)
        case Register(address):
            people.register(session, address, origin.now)
        case SetAbsence(address, until, deputy):
            people.set_absence(session, address, until, deputy)
        case _:
            pass


def _append(session: Session, origin: Origin, ticket_id: int, message: Message) -> None:
    values = {
        "ticket_id": ticket_id,
        "direction": message.direction.value,
        "visibility": message.visibility.value,
        "author": message.author.email,
        "author_name": message.author.name,
        "text": message.text,
        "quoted": message.quoted,
        "at": message.at,
        "message_id": message.message_id,
        "raw_id": origin.raw_id,
    }
    message_row = session.connection().execute(_INSERT_MESSAGE, values).scalar_one()
    if message.attachments and origin.raw_id is not None:  # files are parts of a mail
        files = [_file(file, message_row, origin.raw_id) for file in message.attachments]
        session.connection().execute(_INSERT_FILES, files)


def _file(file: Attachment, message_row: int, raw_id: int) -> dict[str, Any]:
    return {
        "message_row": message_row,
        "raw_id": raw_id,
        "path": file.path,
        "filename": file.filename,
        "content_type": file.content_type,
        "size": file.size,
        "inline": file.inline,
        "danger": file.danger.value,
    }


def _hold(session: Session, entry_id: int | None, school: str, effects: Iterable[Effect]) -> int | None:
    for effect in effects:
        if isinstance(effect, HoldMail) and entry_id is not None:
            return ledger.hold(session, entry_id, school, effect.address, effect.until)
    return None


def enqueue(session: Session, school: str, letter: OutboxMail, now: datetime) -> None:
    """Put a mail into the outbox that no received mail caused."""
    name = letter.outgoing.ticket
    ticket = tickets.find(session, name) if name else None
    _enqueue(session, school, letter, now, ticket.id if ticket is not None else None)


def _enqueue(
    session: Session,
    school: str,
    letter: OutboxMail,
    now: datetime,
    ticket_id: int | None,
    raw_id: int | None = None,
    held: int | None = None,
) -> None:
    """Put a mail into the outbox, with references to the recipient's other mails about the ticket."""
    out, notice = letter.outgoing, letter.notice
    references = _references(session, ticket_id, out)
    values = {
        "school": school,
        "message_id": out.message_id,
        "key_hash": hash_of(letter.action_key),
        "ticket_id": ticket_id,
        "held_id": held,
        "kind": out.kind.value,
        "role": notice.role.value,
        "recipient": out.recipient.email,
        "recipient_name": out.recipient.name,
        "sender_name": out.sender.name,
        "subject": out.subject,
        "text": out.text,
        "html": out.html,
        "in_reply_to": out.in_reply_to or (references[-1] if references else ""),
        "reference_ids": references,
        "attachments": [asdict(_sent(file, raw_id)) for file in out.attachments],
        "automatic": out.automatic,
        "internal": out.internal,
        "author": notice.author.email if notice.author else "",
        "refusal_reasons": " ".join(sorted(refusal_reasons(notice))),
        "next_attempt": now,
        "created": now,
    }
    session.connection().execute(_INSERT_OUTBOX, values)


def _sent(file: Attachment, raw_id: int | None) -> Attachment:
    return file if file.raw is not None else replace(file, raw=raw_id)


def _references(session: Session, ticket_id: int | None, out: OutgoingMail) -> list[str]:
    """Return the ticket's Message-IDs that the recipient has: the first and the latest (RFC 5322, 3.6.4)."""
    known: list[str] = []
    if ticket_id is not None:
        of = {"ticket": ticket_id, "reader": out.recipient.email}
        connection = session.connection()
        known += [m for m in connection.execute(_OWN_MESSAGES, of).scalars() if m]
        known += reversed(connection.execute(_EARLIER_MAILS, of).scalars().all())
    known += [out.in_reply_to] if out.in_reply_to else []
    return list(dict.fromkeys(known))
