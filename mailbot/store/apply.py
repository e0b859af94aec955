"""Store a decision: its effects, the audit trail and the outgoing mails, in the caller's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, bindparam, insert, update
from sqlmodel import Session

from mailbot.core.model.effects import (
    AddMessage,
    AddProof,
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
    RecordHelped,
    RecordReminder,
    RecordStatusQuestion,
    Register,
    ResendMails,
    RestoreAnswer,
    RevertChange,
    SaveAnswer,
    SendTip,
    SetAbsence,
    SetBlocked,
    SetMuted,
    SetTip,
    SolveByTip,
    Split,
    TicketEffect,
    UseAnswer,
)
from mailbot.core.model.ticket import Attachment, Message, Ticket
from mailbot.core.model.ticket_fields import state_of
from mailbot.core.model.transition import apply
from mailbot.store import ledger, outbox, people, places, saved_answers, search, tickets
from mailbot.store.audit import Origin, audit_desk, audit_tickets
from mailbot.store.enqueue import OutboxMail, enqueue
from mailbot.store.mapping import insert_ticket, to_tickets, update_row
from mailbot.store.prepared import execute
from mailbot.store.restructure import move_rows
from mailbot.store.tables import metadata

_ON_TICKETS = (
    AddMessage
    | AddProof
    | RecordReminder
    | RecordStatusQuestion
    | RecordHelped
    | SetMuted
    | ResendMails
    | UseAnswer
    | SendTip
    | SolveByTip
    | TicketEffect
    | MultiTicketEffect
)
_MESSAGE, _FILE = metadata.tables["message"], metadata.tables["attachment"]

_INSERT_MESSAGE = insert(_MESSAGE).returning(_MESSAGE.c.id)
# Record that the author of a message was authenticated.
_PROVE_MESSAGE = (
    update(_MESSAGE)
    .where(_MESSAGE.c.ticket_id == bindparam("b_ticket"), _MESSAGE.c.message_id == bindparam("b_message"))
    .values(proven=True, forged=False)
)
_INSERT_FILES = insert(_FILE)


def apply_decision(
    session: Session, origin: Origin, school: str, decision: Decision, mails: Iterable[OutboxMail]
) -> None:
    """Store the effects of a decision and put its outgoing mails into the outbox."""
    opened, rows, tickets_before = _tickets(session, decision.effects)
    # This raises if another worker has recorded the mail; the rollback undoes the tickets too.
    entry_id = _record(session, origin, rows, decision.ticket)
    for effect in decision.effects:
        _apply(session, origin, rows, effect)
    states = {name: state_of(ticket) for name, ticket in tickets_before.items()}
    chains = audit_tickets(session, origin, decision, rows, states)
    for name, before in tickets_before.items():
        # The columns of a ticket come from the core's transition, not from the single effects.
        after = apply(before, _effects_on(decision.effects, name), origin.now)
        update_row(session, rows[name], before, after, **chains[name])
    # This is last, because all workers lock the tickets before the desk's chain.
    audit_desk(session, origin, decision)
    search.index(session, [row.id for row in rows.values()])
    held_id = _add_held(session, entry_id, school, decision.effects)
    enqueue(session, school, mails, origin.now, origin.raw_id, held_id, opened)


def _record(session: Session, origin: Origin, rows: Mapping[str, Row[Any]], ticket: str | None) -> int | None:
    """Record the received mail, if there is one, in the ledger with its ticket; return its entry's key."""
    if origin.entry is None:
        return None
    # A mail may belong to a ticket that it does not change.
    row = (rows.get(ticket) or tickets.find(session, ticket)) if ticket is not None else None
    return ledger.record(session, replace(origin.entry, ticket_id=row.id if row is not None else None))


def _tickets(
    session: Session, effects: Iterable[Effect]
) -> tuple[dict[str, Row[Any]], dict[str, Row[Any]], dict[str, Ticket]]:
    """Insert the new tickets; return their rows, and rows and values of all tickets that change, by key."""
    opened: dict[str, Row[Any]] = {}
    before: dict[str, Ticket] = {}
    names: dict[str, None] = {}  # in the order of the effects
    for effect in effects:
        if isinstance(effect, OpenTicket):
            # Its messages are effects of their own, and `apply` counts them.
            ticket = before[effect.ticket.key] = replace(effect.ticket, messages=0)
            opened[ticket.key] = insert_ticket(session, ticket)
            places.add(session, opened[ticket.key].id, effect.places)
            tickets.set_last_number(session, ticket.school, ticket.number)
        elif isinstance(effect, _ON_TICKETS):
            names[effect.ticket] = None
        if isinstance(effect, Merge):
            names[effect.into] = None
    existing = tickets.find_all(session, [name for name in names if name not in opened])
    before |= zip(existing, to_tickets(session, list(existing.values())), strict=True)
    return opened, opened | existing, before


def _effects_on(effects: Iterable[Effect], name: str) -> list[Effect]:
    roles = ("ticket", "into", "opened")
    return [e for e in effects if name in (getattr(e, role, None) for role in roles)]


def _apply(session: Session, origin: Origin, rows: Mapping[str, Row[Any]], effect: Effect) -> None:
    match effect:
        case AddMessage(name, message):
            _add_message(session, origin, rows[name].id, message)
        case AddProof(name, message_id):
            session.execute(_PROVE_MESSAGE, {"b_ticket": rows[name].id, "b_message": message_id})
        case MarkUndeliverable(address, diagnostic, message_id):
            people.mark_undeliverable(session, address, diagnostic or "undeliverable")
            outbox.mark_bounced(session, message_id, diagnostic)
        case ResendMails(_, mails):
            outbox.resend(session, [mail.message_id for mail in mails], origin.now)
        case DiscardMail(held_id):
            ledger.close_held(session, held_id, "discarded")
        case Merge() | Split() | Move():
            move_rows(session, rows, effect)
        case SaveAnswer() | SetTip() | RestoreAnswer() | UseAnswer() | RevertChange():
            _apply_to_answers(session, rows, effect)
        case _:
            _apply_to_person(session, origin, effect)


def _apply_to_person(session: Session, origin: Origin, effect: Effect) -> None:
    match effect:
        case LearnName(address):
            people.learn_name(session, address)
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


def _apply_to_answers(
    session: Session,
    rows: Mapping[str, Row[Any]],
    effect: SaveAnswer | SetTip | RestoreAnswer | UseAnswer | RevertChange,
) -> None:
    match effect:
        case SaveAnswer(answer) | SetTip(answer):
            saved_answers.save(session, answer)
        case RestoreAnswer(answer):
            saved_answers.remove_newest(session, answer.school, answer.key)
        case UseAnswer(name, school, key):
            saved_answers.record_use(session, school, key, rows[name].id)
        case RevertChange(name, _, made):
            saved_answers.remove_uses(session, rows[name].id, made)


def _add_message(session: Session, origin: Origin, ticket_id: int, message: Message) -> None:
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
        "proven": message.proven,
        "forged": message.forged,
        "signature": message.signature,
    }
    message_row = execute(session, _INSERT_MESSAGE, values).scalar_one()
    if message.attachments and origin.raw_id is not None:  # a file is a part of a stored mail
        files = [_file_columns(file, message_row, origin.raw_id) for file in message.attachments]
        execute(session, _INSERT_FILES, files)


def _file_columns(file: Attachment, message_row: int, raw_id: int) -> dict[str, Any]:
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


def _add_held(session: Session, entry_id: int | None, school: str, effects: Iterable[Effect]) -> int | None:
    for effect in effects:
        if isinstance(effect, HoldMail) and entry_id is not None:
            return ledger.add_held(session, entry_id, school, effect.address, effect.until)
    return None
