"""Write a decision down: effects, audit trail and letters, within the caller's transaction."""

import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, bindparam, insert, select, update
from sqlmodel import Session, col

from mailbot.core.decide.rate_limits import reasons
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
from mailbot.store.audit import Origin, audit
from mailbot.store.facts import BOUNCED, hash_of
from mailbot.store.repair import mend
from mailbot.store.rows import identity, insert_ticket, put_ticket, tickets_of
from mailbot.store.tables import AttachmentRow, OutboxRow, RawRow, TicketRow, metadata

THREAD_MOST = 12
COMPRESSION = 1  # most of what is large are pictures, which no effort makes smaller

# What is written or asked for each letter is put together once.
_INTO_RAW = insert(metadata.tables["raw_mail"])
_INTO_MESSAGES = insert(metadata.tables["message"])
_INTO_OUTBOX = insert(metadata.tables["outbox"])
_MESSAGE, _LETTER = metadata.tables["message"].c, metadata.tables["outbox"].c
_OWN_MESSAGES = (
    select(_MESSAGE.message_id)
    .where(_MESSAGE.ticket_id == bindparam("ticket"), _MESSAGE.author == bindparam("reader"))
    .order_by(_MESSAGE.id)
    .limit(1)
)
_EARLIER_LETTERS = (
    select(_LETTER.message_id)
    .where(_LETTER.ticket_id == bindparam("ticket"), _LETTER.recipient == bindparam("reader"))
    .order_by(_LETTER.id.desc())
    .limit(THREAD_MOST)
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered letter with the notice that it was and its action key."""

    notice: Notification
    outgoing: OutgoingMail
    action_key: str


def packed(octets: bytes) -> dict[str, Any]:
    """Return a mail's octets as they are stored: made before a transaction, nobody waits for it."""
    return {"octets": zlib.compress(octets, COMPRESSION), "size": len(octets)}


def keep_octets(session: Session, octets: dict[str, Any]) -> int:
    """Store the packed octets of a mail and return their key."""
    return _insert(session, _INTO_RAW, octets)


def _insert(session: Session, into: Insert, values: dict[str, Any]) -> int:
    """Write a row and return its key."""
    key = session.connection().execute(into, values).inserted_primary_key
    return identity(key[0] if key else None)


def octets_of(session: Session, raw_id: int) -> bytes:
    """Return the octets of a mail as they came."""
    row = session.get_one(RawRow, raw_id)
    return zlib.decompress(row.octets)


def write(
    session: Session, origin: Origin, school: str, decision: Decision, letters: Iterable[Letter]
) -> None:
    """Write the effects of a decision and its letters."""
    rows = _rows(session, decision.effects)
    entry_id = _record(session, origin, rows, decision.ticket)
    for effect in decision.effects:
        _apply(session, origin, rows, effect)
    present = dict(zip(rows, tickets_of(session, list(rows.values())), strict=True))
    states = {name: state_of(ticket) for name, ticket in present.items()}
    for name, before in present.items():
        after = apply(before, _concerning(decision.effects, name), origin.now)
        put_ticket(session, rows[name], before, after)
    audit(session, origin, decision, rows, states)
    search.index(session, [identity(row.id) for row in rows.values()])
    held = _hold(session, entry_id, school, decision.effects)
    for letter in letters:
        name = letter.outgoing.ticket
        about = _where_it_goes_on(session, rows, name) if name else None
        _post(session, school, letter, origin.now, about, origin.raw_id, held)


def _where_it_goes_on(session: Session, rows: dict[str, TicketRow], name: str) -> TicketRow | None:
    """Return the ticket of that name, or the one that it was merged into just now or earlier."""
    row = rows.get(name)
    return row if row is not None and row.merged_into is None else tickets.by_name(session, name)


def _record(session: Session, origin: Origin, rows: dict[str, TicketRow], ticket: str | None) -> int | None:
    """Put the mail, if there is one, into the ledger with its ticket; return the key of its entry."""
    if origin.entry is None:
        return None
    row = (rows.get(ticket) or tickets.by_name(session, ticket)) if ticket is not None else None
    values = origin.entry | {"ticket_id": row.id if row is not None else None}
    if origin.entry_id is not None:
        ledger.rewrite(session, origin.entry_id, values)
        return origin.entry_id
    return ledger.record(session, [values])[0]


def _rows(session: Session, effects: Iterable[Effect]) -> dict[str, TicketRow]:
    """Return the rows of the tickets that change; a new ticket takes its number here."""
    rows: dict[str, TicketRow] = {}
    for effect in effects:
        if isinstance(effect, OpenTicket):
            ticket = effect.ticket
            rows[ticket.key] = session.get_one(TicketRow, insert_ticket(session, replace(ticket, messages=0)))
            tickets.give_number(session, ticket.school, ticket.number)
        elif isinstance(effect, AddMessage | RecordReminder | TicketEffect | MultiTicketEffect):
            _find(session, rows, effect.ticket)
        if isinstance(effect, Merge):
            _find(session, rows, effect.into)
    return rows


def _find(session: Session, rows: dict[str, TicketRow], name: str) -> None:
    if name not in rows and (found := tickets.by_name(session, name)):
        rows[name] = found


def _concerning(effects: Iterable[Effect], name: str) -> list[Effect]:
    roles = ("ticket", "into", "opened")
    return [e for e in effects if name in (getattr(e, role, None) for role in roles)]


def _apply(session: Session, origin: Origin, rows: dict[str, TicketRow], effect: Effect) -> None:
    match effect:
        case AddMessage(name, message):
            _append(session, origin, identity(rows[name].id), message)
        case LearnName(address):
            people.learn_name(session, address)
        case MarkUndeliverable(address, diagnostic, message_id):
            people.mark_undeliverable(session, address, diagnostic or "undeliverable")
            session.execute(
                update(OutboxRow)
                .where(col(OutboxRow.message_id) == message_id)
                .values(state=BOUNCED, last_error=diagnostic)
            )
        case DiscardMail(held):
            ledger.close_held(session, held, "discarded")
        case Merge() | Split() | Move():
            mend(session, rows, effect)
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
    key = _insert(session, _INTO_MESSAGES, values)
    if not message.attachments or origin.raw_id is None:  # files are parts of a mail
        return
    for file in message.attachments:
        session.add(_attachment(file, key, origin.raw_id))


def _attachment(file: Attachment, message_row: int, raw_id: int) -> AttachmentRow:
    return AttachmentRow(
        message_row=message_row,
        raw_id=raw_id,
        path=file.path,
        filename=file.filename,
        content_type=file.content_type,
        size=file.size,
        inline=file.inline,
        danger=file.danger.value,
    )


def _hold(session: Session, entry_id: int | None, school: str, effects: Iterable[Effect]) -> int | None:
    for effect in effects:
        if isinstance(effect, HoldMail) and entry_id is not None:
            return ledger.hold(session, entry_id, school, effect.address, effect.until)
    return None


def post_alone(session: Session, school: str, letter: Letter, now: datetime) -> None:
    """Put a letter into the outbox that no mail caused."""
    name = letter.outgoing.ticket
    _post(session, school, letter, now, tickets.by_name(session, name) if name else None)


def _post(
    session: Session,
    school: str,
    letter: Letter,
    now: datetime,
    ticket: TicketRow | None,
    raw_id: int | None = None,
    held: int | None = None,
) -> None:
    """Put a letter into the outbox, tied to the letters that its recipient has of the same ticket."""
    out, notice = letter.outgoing, letter.notice
    session.flush()
    references = _references(session, ticket.id if ticket else None, out)
    values = {
        "school": school,
        "message_id": out.message_id,
        "key_hash": hash_of(letter.action_key),
        "ticket_id": ticket.id if ticket else None,
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
        "reasons": " ".join(sorted(reasons(notice))),
        "next_attempt": now,
        "created": now,
    }
    session.connection().execute(_INTO_OUTBOX, values)


def _sent(file: Attachment, raw_id: int | None) -> Attachment:
    return file if file.raw is not None else replace(file, raw=raw_id)


def _references(session: Session, ticket_id: int | None, out: OutgoingMail) -> list[str]:
    """Return the ticket's Message-IDs that the recipient has: the first and the latest (RFC 5322, 3.6.4)."""
    known: list[str] = []
    if ticket_id is not None:
        of = {"ticket": ticket_id, "reader": out.recipient.email}
        connection = session.connection()
        known += [m for m in connection.execute(_OWN_MESSAGES, of).scalars() if m]
        known += reversed(connection.execute(_EARLIER_LETTERS, of).scalars().all())
    known += [out.in_reply_to] if out.in_reply_to else []
    return list(dict.fromkeys(known))
