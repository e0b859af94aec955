"""The audit trail: who changed what, when, by which mail, trusted by what, why.

It is only ever added to; `mailbot.store.chain` says how a change of it is noticed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from mailbot.core.model.effects import (
    AddCc,
    AddMessage,
    Assign,
    Decision,
    Effect,
    LearnName,
    MarkUndeliverable,
    Merge,
    Move,
    OpenTicket,
    RecordReminder,
    Register,
    RevertChange,
    SetAbsence,
    SetBlocked,
    SetDue,
    SetLevel,
    SetPriority,
    SetRequester,
    SetStatus,
    Split,
    TicketEffect,
)
from mailbot.core.model.ticket_fields import State
from mailbot.store.chain import chained
from mailbot.store.ledger import Record
from mailbot.store.rows import existing, identity
from mailbot.store.tables import ChainRow, TicketRow, metadata

DESK = "desk"

_INTO_TRAIL = insert(metadata.tables["event"])


@dataclass(frozen=True, slots=True)
class Origin:
    """What causes changes: who, when, and the mail if one does, with its ledger entry and raw octets."""

    actor: str
    now: datetime
    message_id: str = ""
    ledger: Record | None = None
    raw_id: int | None = None


@dataclass
class _Event:
    """An entry that is to be written: a row of the table, without what it costs to build one."""

    at: datetime
    actor: str
    action: str
    detail: str
    message_id: str
    because: str
    trusted: str
    before: State | None
    ticket_id: int | None = None
    salt: str = ""
    digest: str = ""
    link: str = ""


# Of each effect that changes a ticket: the ticket, what happened to it, and to whom, where or how.
ENTRIES: dict[type[Effect], Callable[[Any], tuple[str, str, str]]] = {
    OpenTicket: lambda e: (e.ticket.key, "opened", e.ticket.subject),
    AddMessage: lambda e: (e.ticket, "message", e.message.visibility.value),
    SetStatus: lambda e: (e.ticket, "status", e.status.value),
    SetLevel: lambda e: (e.ticket, "level", str(e.level)),
    SetPriority: lambda e: (e.ticket, "priority", e.priority.value),
    Assign: lambda e: (e.ticket, "assignee", e.assignee.email if e.assignee else ""),
    SetDue: lambda e: (e.ticket, "due", e.due.isoformat(timespec="minutes")),
    AddCc: lambda e: (e.ticket, "copy", e.person.email),
    SetRequester: lambda e: (e.ticket, "requester", e.requester.email),
    SetBlocked: lambda e: (e.ticket, "blocked" if e.blocked else "unblocked", e.address),
    Merge: lambda e: (e.into, "merged", e.ticket),
    Split: lambda e: (e.ticket, "split", e.opened),
    Move: lambda e: (e.ticket, "moved", f"{e.school}-{e.number}"),
    RevertChange: lambda e: (e.ticket, "undone", e.before.status.value),
    RecordReminder: lambda e: (e.ticket, "reminded", e.step.value),
}

# Of each effect that changes what is known of a person: what happened to it, and to whom.
_OF_PEOPLE: dict[type[Effect], Callable[[Any], tuple[str, str]]] = {
    LearnName: lambda e: ("name learnt", f"{e.address.email} {e.address.name}"),
    Register: lambda e: ("registered", e.address),
    SetAbsence: lambda e: ("away" if e.until else "back", f"{e.address} {e.until or ''} {e.deputy}".rstrip()),
    MarkUndeliverable: lambda e: ("undeliverable", e.address),
}


def audit(
    session: Session,
    origin: Origin,
    decision: Decision,
    rows: dict[str, TicketRow],
    states: dict[str, State],
) -> None:
    """Note each change of a ticket or person; `states` are the tickets' before it, by their names."""
    for effect in decision.effects:
        if (entry := ENTRIES.get(type(effect))) is not None:
            name, action, detail = entry(effect)
            before = states[name] if isinstance(effect, TicketEffect) else None
            _add(session, rows[name], _event(origin, decision, action, detail, before))
    for effect in decision.effects:  # last, for all workers lock the tickets before the desk
        if (known := _OF_PEOPLE.get(type(effect))) is not None:
            _add(session, None, _event(origin, decision, *known(effect)))


def _event(
    origin: Origin, decision: Decision, action: str, detail: str, before: State | None = None
) -> _Event:
    return _Event(
        at=origin.now,
        actor=origin.actor,
        action=action,
        detail=detail,
        message_id=origin.message_id,
        because="; ".join(decision.because),
        trusted=decision.trusted,
        before=before,
    )


def note(
    session: Session,
    origin: Origin,
    action: str,
    detail: str,
    because: str = "",
    ticket_id: int | None = None,
) -> None:
    """Note what was done besides decisions, to a ticket or to the desk as a whole."""
    row = session.get_one(TicketRow, ticket_id, with_for_update=True) if ticket_id is not None else None
    decision = Decision(action, (because,))
    _add(session, row, _event(origin, decision, action, detail))


def lock_desk(session: Session) -> ChainRow:
    """Return the newest link of the desk's chain; others who lengthen it wait until this transaction ends."""
    return existing(session, ChainRow(name=DESK), DESK)


def _add(session: Session, ticket: TicketRow | None, event: _Event) -> None:
    """Lengthen a ticket's chain, or the desk's."""
    chain = ticket or lock_desk(session)
    if ticket is not None:
        event.ticket_id = identity(ticket.id)
    chain.head, chain.entries = chained(event, chain.head), chain.entries + 1
    session.connection().execute(_INTO_TRAIL, vars(event))
