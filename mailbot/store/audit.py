"""Write the audit trail: each change with its actor, time, mail, proof of trust and reason.

Entries are only added; `mailbot.store.audit_hash` describes how a changed entry is detected.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same ON CONFLICT
from sqlmodel import Session

from mailbot.core.model.appointment import Appointment
from mailbot.core.model.effects import (
    AddCc,
    AddMessage,
    AddProof,
    Assign,
    Decision,
    Effect,
    EndTip,
    LearnName,
    MarkUndeliverable,
    Merge,
    Move,
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
    SetAppointment,
    SetBlocked,
    SetBundle,
    SetDue,
    SetLevel,
    SetMuted,
    SetPriority,
    SetRequester,
    SetStatus,
    SetTip,
    SolveByTip,
    Split,
    TicketEffect,
    UseAnswer,
)
from mailbot.core.model.ticket_fields import State
from mailbot.store.audit_hash import append_link
from mailbot.store.ledger import LedgerEntry
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

Columns = dict[str, Any]
"""The values of an entry of the audit trail, or of a chain, by column."""

DESK = "desk"

_EVENT, _TICKET, _CHAIN = (metadata.tables[name] for name in ("event", "ticket", "chain"))

_INSERT = insert(_EVENT)
# Read and lock the chain of a ticket.
_LOCK_TICKET = (
    select(_TICKET.c.head, _TICKET.c.entries).where(_TICKET.c.id == bindparam("ticket")).with_for_update()
)
_EXTEND_TICKET = (
    update(_TICKET)
    .where(_TICKET.c.id == bindparam("ticket"))
    .values(head=bindparam("b_head"), entries=bindparam("b_entries"))
)
# Read and lock the desk's chain.
_LOCK_DESK = select(_CHAIN.c.head, _CHAIN.c.entries).where(_CHAIN.c.name == DESK).with_for_update()
# Create the desk's chain, unless it exists.
_CREATE_DESK = insert(_CHAIN).on_conflict_do_nothing()
_EXTEND_DESK = (
    update(_CHAIN)
    .where(_CHAIN.c.name == DESK)
    .values(head=bindparam("b_head"), entries=bindparam("b_entries"))
)


@dataclass(frozen=True, slots=True)
class Origin:
    """The cause of changes: the actor, the time, and the mail if there is one.

    `entry` is the mail's entry in the ledger.
    """

    actor: str
    now: datetime
    message_id: str = ""
    entry: LedgerEntry | None = None
    raw_id: int | None = None


def _when(appointment: Appointment) -> str:
    return f"{appointment.begin.isoformat(timespec='minutes')} {appointment.minutes} min"


# Return the ticket, the action and the detail of an effect that changes a ticket.
ENTRIES: dict[type[Effect], Callable[[Any], tuple[str, str, str]]] = {
    OpenTicket: lambda e: (e.ticket.key, "opened", e.ticket.subject),
    AddMessage: lambda e: (e.ticket, "message", e.message.visibility.value),
    SetStatus: lambda e: (e.ticket, "status", e.status.value),
    SetLevel: lambda e: (e.ticket, "level", str(e.level)),
    SetPriority: lambda e: (e.ticket, "priority", e.priority.value),
    Assign: lambda e: (e.ticket, "assignee", e.assignee.email if e.assignee else ""),
    SetDue: lambda e: (e.ticket, "due", e.due.isoformat(timespec="minutes")),
    SetAppointment: lambda e: (e.ticket, "appointment", _when(e.appointment)),
    SetBundle: lambda e: (e.ticket, "bundled" if e.bundle else "unbundled", str(e.bundle or "")),
    AddCc: lambda e: (e.ticket, "copy", e.person.email),
    SetRequester: lambda e: (e.ticket, "requester", e.requester.email),
    SetBlocked: lambda e: (e.ticket, "blocked" if e.blocked else "unblocked", e.address),
    Merge: lambda e: (e.into, "merged", e.ticket),
    Split: lambda e: (e.ticket, "split", e.opened),
    Move: lambda e: (e.ticket, "moved", f"{e.school}-{e.number}"),
    RevertChange: lambda e: (e.ticket, "undone", e.before.status.value),
    ResendMails: lambda e: (e.ticket, "resent", " ".join(mail.recipient for mail in e.mails)),
    RecordReminder: lambda e: (e.ticket, "reminded", e.stage.value),
    RecordStatusQuestion: lambda e: (e.ticket, "status asked", ""),
    RecordHelped: lambda e: (e.ticket, "helped", ""),
    SetMuted: lambda e: (e.ticket, "muted" if e.muted else "unmuted", e.address),
    AddProof: lambda e: (e.ticket, "proven", e.message_id),
    UseAnswer: lambda e: (e.ticket, "answer used", e.key),
    SendTip: lambda e: (e.ticket, "tip sent", e.key),
    SolveByTip: lambda e: (e.ticket, "solved by tip", e.key),
}

# Return the action and the detail of an effect that changes a person or a saved answer.
_DESK_ENTRIES: dict[type[Effect], Callable[[Any], tuple[str, str]]] = {
    LearnName: lambda e: ("name learnt", f"{e.address.email} {e.address.name}"),
    Register: lambda e: ("registered", e.address),
    SetAbsence: lambda e: ("away" if e.until else "back", f"{e.address} {e.until or ''} {e.deputy}".rstrip()),
    MarkUndeliverable: lambda e: ("undeliverable", e.address),
    SaveAnswer: lambda e: ("answer saved" if e.answer.text else "answer deleted", e.answer.reference),
    RestoreAnswer: lambda e: ("answer restored", e.answer.reference),
    SetTip: lambda e: ("tip enabled" if e.answer.tip else "tip disabled", e.answer.reference),
    EndTip: lambda e: ("tip disabled", e.answer.reference),
}


def audit_tickets(
    session: Session,
    origin: Origin,
    decision: Decision,
    rows: Mapping[str, Row[Any]],
    states: Mapping[str, State],
) -> dict[str, Columns]:
    """Write an entry for each change of a ticket; return the columns of the tickets' extended chains.

    `states` has the states of the tickets before the change, by key.
    """
    # A ticket may have several entries in one decision: each continues the link of the one before.
    entries = []
    chains = {name: {"head": row.head, "entries": row.entries} for name, row in rows.items()}
    for effect in decision.effects:
        if (describe := ENTRIES.get(type(effect))) is not None:
            name, action, detail = describe(effect)
            before = states[name] if isinstance(effect, TicketEffect) else None
            chain, values = chains[name], _entry(origin, decision, action, detail, before, rows[name].id)
            entries.append(append_link(values, chain["head"]))
            chains[name] = {"head": entries[-1]["link"], "entries": chain["entries"] + 1}
    if entries:
        execute(session, _INSERT, entries)
    return chains


def audit_desk(session: Session, origin: Origin, decision: Decision) -> None:
    """Write an entry for each change of a person or a saved answer."""
    described = [_DESK_ENTRIES[type(e)](e) for e in decision.effects if type(e) in _DESK_ENTRIES]
    if described:
        _extend_desk(session, [_entry(origin, decision, action, detail) for action, detail in described])


def _entry(
    origin: Origin,
    decision: Decision,
    action: str,
    detail: str,
    before: State | None = None,
    ticket_id: int | None = None,
) -> Columns:
    return {
        "ticket_id": ticket_id,
        "at": origin.now,
        "actor": origin.actor,
        "action": action,
        "detail": detail,
        "message_id": origin.message_id,
        "because": "; ".join(decision.because),
        "trusted": decision.trusted,
        "before": before,
    }


def record(
    session: Session,
    origin: Origin,
    action: str,
    detail: str,
    because: str = "",
    ticket_id: int | None = None,
) -> None:
    """Write an entry about an action without a decision, of a ticket or of the desk."""
    entry = _entry(origin, Decision(action, (because,)), action, detail, ticket_id=ticket_id)
    if ticket_id is None:
        _extend_desk(session, [entry])
        return
    chain = session.execute(_LOCK_TICKET, {"ticket": ticket_id}).one()
    values = append_link(entry, chain.head)
    session.execute(_INSERT, [values])
    session.execute(
        _EXTEND_TICKET, {"ticket": ticket_id, "b_head": values["link"], "b_entries": chain.entries + 1}
    )


def lock_desk(session: Session) -> Row[Any]:
    """Lock the desk's chain until this transaction ends; return its length and newest link."""
    # A row that does not exist cannot be locked: two workers may both try to create it.
    found = session.execute(_LOCK_DESK).first()
    if found is None:
        session.execute(_CREATE_DESK, {"name": DESK})
        found = session.execute(_LOCK_DESK).one()
    return found


def _extend_desk(session: Session, entries: Sequence[Columns]) -> None:
    chain = lock_desk(session)
    head, values = chain.head, []
    for entry in entries:
        values.append(append_link(entry, head))
        head = values[-1]["link"]
    session.execute(_INSERT, values)
    session.execute(_EXTEND_DESK, {"b_head": head, "b_entries": chain.entries + len(values)})
