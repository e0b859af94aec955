"""Commands for the status of a ticket: close, escalate, return, wait, reopen, remind, helped, undo, note."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbot.core.commands.command import PARTICIPANTS, STAFF, LineLookups, Viewer
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import (
    TEXT,
    TICKETS,
    Annotation,
    ExclusiveGroup,
    Receipt,
    Request,
    Resolved,
    TicketCommand,
    TypedArgument,
    all_name_tickets,
)
from mailbot.core.commands.syntax import phrase, ticket_names
from mailbot.core.model.effects import (
    Assign,
    Effect,
    RecordHelped,
    RevertChange,
    SetDue,
    SetLevel,
    SetMuted,
    SetStatus,
    TicketEffect,
)
from mailbot.core.model.facts import Change
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.ticket import Role, Status, Ticket

MAX_SNOOZE = timedelta(days=730)
UNDO_WITHIN = timedelta(days=1)


def _look_up_day(words: tuple[str, ...], viewer: Viewer) -> LineLookups:
    day, named = phrase(words, viewer.school.key)
    return LineLookups(ticket_names(named, viewer.school.key), dates=(day,))


def _resolve_day(request: Request) -> Resolved[datetime]:
    """Return the start of the working hours of the sender's team on a future day."""
    context = request.context
    words, named = phrase(request.line.args, context.facts.school.key)
    day = context.facts.dates.get(words)
    team = context.policy.second_level if context.role is Role.SECOND_LEVEL else context.school.team
    today = team.calendar.day(context.now)
    if day is None or not today < day <= today + MAX_SNOOZE:
        raise request.wrong(words)
    return request.tickets(named), team.calendar.opening_on(day)


DAY = TypedArgument(resolve=_resolve_day, lookups=_look_up_day)
"""A day in natural language, and optional tickets such as "#104" or "GYM-104"."""


@dataclass(frozen=True, slots=True)
class LastChanges:
    """The last change of each ticket, by its key."""

    by_ticket: Mapping[str, Change] = field(compare=False)


def _look_up_changes(words: tuple[str, ...], viewer: Viewer) -> LineLookups:
    return LineLookups(ticket_names(words, viewer.school.key), changes=True)


def _resolve_changes(request: Request) -> Resolved[LastChanges]:
    tickets = request.tickets(request.line.args)
    for ticket in tickets:
        reason = _undo_refusal(request.context, ticket)
        if reason is not None:
            raise request.refusal(reason, ticket.key)
    return tickets, LastChanges({t.key: request.context.facts.changes[t.key] for t in tickets})


LAST_CHANGES = TypedArgument(resolve=_resolve_changes, fits=all_name_tickets, lookups=_look_up_changes)
"""Optional numbers of tickets whose last change the sender can undo."""


def _undo_refusal(context: MailContext, ticket: Ticket) -> Reason | None:
    """Return why the sender cannot undo the ticket's last change; None if they can."""
    change = context.facts.changes.get(ticket.key)
    if change is None:
        return Reason.NOTHING_TO_UNDO
    if change.actor not in context.sender_addresses:
        return Reason.CHANGED_SINCE
    if change.irreversible:
        return Reason.CANNOT_UNDO
    return None if context.now - change.at <= UNDO_WITHIN else Reason.TOO_LATE


def close(ticket: Ticket) -> tuple[TicketEffect, ...]:
    """Return the effects that close a ticket; none if it is closed."""
    return () if ticket.status is Status.CLOSED else (SetStatus(ticket.key, Status.CLOSED),)


def reopen(ticket: Ticket) -> tuple[TicketEffect, ...]:
    """Return the effects that open a waiting or closed ticket; none if it is open."""
    return () if ticket.status is Status.OPEN else (SetStatus(ticket.key, Status.OPEN),)


def escalate(ticket: Ticket) -> tuple[TicketEffect, ...]:
    """Return the effects that hand a ticket over to second level, for timers and `#escalate`."""
    return _hand_over(ticket, 2)


def _hand_over(ticket: Ticket, level: int) -> tuple[TicketEffect, ...]:
    if ticket.level == level:
        return ()
    return (*reopen(ticket), SetLevel(ticket.key, level), Assign(ticket.key, None))


def _wait(ticket: Ticket) -> tuple[TicketEffect, ...]:
    return () if ticket.status is Status.WAITING else (SetStatus(ticket.key, Status.WAITING),)


def _remind(ticket: Ticket, until: datetime, _: Address) -> tuple[TicketEffect, ...]:
    if ticket.due == until:
        return ()
    opens = reopen(ticket) if ticket.status is Status.CLOSED else ()
    return (*opens, SetDue(ticket.key, until))


def _undo(ticket: Ticket, last: LastChanges, actor: Address) -> tuple[Effect, ...]:
    before = last.by_ticket[ticket.key].before
    if before.muted != ticket.muted:
        return (SetMuted(ticket.key, actor.email, muted=actor.email in before.muted),)
    return (RevertChange(ticket.key, before),)


CLOSE = TicketCommand(
    name="close",
    words={
        "de": ("schließen", "geschlossen", "erledigt", "gelöst"),
        "fr": ("fermer", "fermé", "clôturer", "résolu"),
    },
    roles=PARTICIPANTS,
    argument=TICKETS,
    example="12 14",
    handler=lambda ticket, _, __: close(ticket),
    exclusive_groups=frozenset({ExclusiveGroup.STATUS}),
    in_short_help=True,
)
ESCALATE = TicketCommand(
    name="escalate",
    words={"de": ("eskalieren", "weiterleiten"), "fr": ("transmettre", "escalader")},
    roles=frozenset({Role.SUPPORTER}),
    argument=TICKETS,
    handler=lambda ticket, _, __: escalate(ticket),
    exclusive_groups=frozenset({ExclusiveGroup.STATUS, ExclusiveGroup.HANDOVER}),
    in_short_help=True,
)
RETURN = TicketCommand(
    name="return",
    words={"de": ("zurück",), "fr": ("renvoyer", "retourner")},
    roles=frozenset({Role.SECOND_LEVEL}),
    argument=TICKETS,
    handler=lambda ticket, _, __: _hand_over(ticket, 1),
    exclusive_groups=frozenset({ExclusiveGroup.STATUS, ExclusiveGroup.HANDOVER}),
    internal=True,
    in_short_help=True,
)
REOPEN = TicketCommand(
    name="reopen",
    words={"de": ("öffnen",), "fr": ("rouvrir",)},
    roles=PARTICIPANTS,
    argument=TICKETS,
    handler=lambda ticket, _, __: reopen(ticket),
    exclusive_groups=frozenset({ExclusiveGroup.STATUS}),
    asks_why=True,
)
WAIT = TicketCommand(
    name="wait",
    words={"de": ("rückfrage", "warten"), "fr": ("attendre", "attente")},
    roles=STAFF,
    argument=TICKETS,
    handler=lambda ticket, _, __: _wait(ticket),
    exclusive_groups=frozenset({ExclusiveGroup.STATUS}),
    in_short_help=True,
)
REMIND = TicketCommand(
    name="remind",
    words={"de": ("wiedervorlage",), "fr": ("rappel", "rappeler")},
    roles=STAFF,
    argument=DAY,
    example="tomorrow",
    examples={"de": "morgen", "fr": "demain"},
    handler=_remind,
    receipt=lambda until: Receipt(due=until),
    exclusive_groups=frozenset({ExclusiveGroup.DUE}),
)
UNDO = TicketCommand(
    name="undo",
    words={"de": ("rückgängig",), "fr": ("annuler",)},
    roles=PARTICIPANTS,
    argument=LAST_CHANGES,
    handler=_undo,
    alone=True,
    in_short_help=True,
)
HELPED = TicketCommand(
    name="helped",
    words={"de": ("geholfen",), "fr": ("utile",)},
    roles=frozenset({Role.REQUESTER}),
    argument=TICKETS,
    handler=lambda ticket, _, __: (*close(ticket), RecordHelped(ticket.key)),
    exclusive_groups=frozenset({ExclusiveGroup.STATUS}),
)
NOTE = Annotation(
    name="note",
    words={"de": ("notiz", "intern"), "fr": ("note", "interne")},
    roles=STAFF,
    argument=TEXT,
    internal=True,
    in_short_help=True,
)
STATUS = (CLOSE, ESCALATE, RETURN, REOPEN, WAIT, REMIND, HELPED)
