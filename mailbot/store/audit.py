"""The audit trail: who changed what of a ticket, when, by which mail, why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from mailbot.core.effects import (
    Append,
    Assign,
    Copy,
    Decision,
    Effect,
    Merge,
    Move,
    Open,
    Reminded,
    Restore,
    SetBlocked,
    SetDue,
    SetLevel,
    SetPriority,
    SetRequester,
    SetStatus,
    Split,
    TicketEffect,
)
from mailbot.store.changes import State
from mailbot.store.rows import identity
from mailbot.store.tables import EventRow, LedgerRow, TicketRow


@dataclass(frozen=True, slots=True)
class Origin:
    """What causes changes: who, when, and the mail if one does, with its ledger entry and raw octets."""

    actor: str
    now: datetime
    message_id: str = ""
    ledger: LedgerRow | None = None
    raw_id: int | None = None


# Of each effect that changes a ticket: the ticket, what happened to it, and to whom, where or how.
_ENTRIES: dict[type[Effect], Callable[[Any], tuple[str, str, str]]] = {
    Open: lambda e: (e.ticket.key, "opened", e.ticket.subject),
    Append: lambda e: (e.ticket, "message", e.message.visibility.value),
    SetStatus: lambda e: (e.ticket, "status", e.status.value),
    SetLevel: lambda e: (e.ticket, "level", str(e.level)),
    SetPriority: lambda e: (e.ticket, "priority", e.priority.value),
    Assign: lambda e: (e.ticket, "assignee", e.assignee.email if e.assignee else ""),
    SetDue: lambda e: (e.ticket, "due", e.due.isoformat(timespec="minutes")),
    Copy: lambda e: (e.ticket, "copy", e.person.email),
    SetRequester: lambda e: (e.ticket, "requester", e.requester.email),
    SetBlocked: lambda e: (e.ticket, "blocked" if e.blocked else "unblocked", e.address),
    Merge: lambda e: (e.into, "merged", e.ticket),
    Split: lambda e: (e.ticket, "split", e.opened),
    Move: lambda e: (e.ticket, "moved", f"{e.school}-{e.number}"),
    Restore: lambda e: (e.ticket, "undone", e.before.status.value),
    Reminded: lambda e: (e.ticket, "reminded", e.step.value),
}


def note(session: Session, ticket_id: int, origin: Origin, action: str, detail: str, because: str) -> None:
    """Note what happened to a ticket without changing it."""
    session.add(
        EventRow(
            ticket_id=ticket_id,
            at=origin.now,
            actor=origin.actor,
            action=action,
            detail=detail,
            message_id=origin.message_id,
            because=because,
        )
    )


def audit(
    session: Session,
    origin: Origin,
    decision: Decision,
    rows: dict[str, TicketRow],
    states: dict[str, State],
) -> None:
    """Note each change of a ticket; `states` are those before it, by the tickets' names."""
    for effect in decision.effects:
        entry = _ENTRIES.get(type(effect))
        if entry is None:
            continue
        name, action, detail = entry(effect)
        session.add(
            EventRow(
                ticket_id=identity(rows[name].id),
                at=origin.now,
                actor=origin.actor,
                action=action,
                detail=detail,
                message_id=origin.message_id,
                because="; ".join(decision.because),
                before=states[name] if isinstance(effect, TicketEffect) else None,
            )
        )
