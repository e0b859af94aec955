"""Commands for the status of a ticket: close, escalate, return, wait, reopen, remind, helped, undo, note."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailbot.core.commands.command import PARTICIPANTS, STAFF, LineLookups, Viewer
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import (
    TEXT,
    TICKETS,
    Annotation,
    ExclusiveGroup,
    MemberChange,
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
    RestoreAnswer,
    RevertChange,
    SetDue,
    SetLevel,
    SetMuted,
    SetStatus,
    TicketEffect,
)
from mailbot.core.model.facts import Change, Facts
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.saved_answer import SavedVersion
from mailbot.core.model.ticket import MAX_BUNDLE, Role, Status, Ticket

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
    calendar = context.team.calendar
    today = calendar.day(context.now)
    if day is None or not today < day <= today + MAX_SNOOZE:
        raise request.wrong(words)
    return request.tickets(named), calendar.opening_on(day)


DAY = TypedArgument(resolve=_resolve_day, lookups=_look_up_day)
"""A day in natural language, and optional tickets such as "#104" or "GYM-104"."""


@dataclass(frozen=True, slots=True)
class LastChanges:
    """The last change of each ticket, by its key, and the versions of saved answers by the same mail.

    `rejoining` are the keys of the tickets that can be in their former bundle again.
    """

    by_ticket: Mapping[str, Change] = field(compare=False)
    saved: tuple[SavedVersion, ...] = field(default=(), compare=False)
    rejoining: frozenset[str] = field(default=frozenset(), compare=False)


def _look_up_changes(words: tuple[str, ...], viewer: Viewer) -> LineLookups:
    return LineLookups(ticket_names(words, viewer.school.key), changes=True)


def _resolve_changes(request: Request) -> Resolved[LastChanges]:
    context = request.context
    saved = context.facts.saved_versions if not request.line.args else ()
    tickets = _changed_by_same_mail(request) if saved else request.tickets(request.line.args)
    for ticket in tickets:
        reason = _undo_refusal(context, ticket)
        if reason is not None:
            raise request.refusal(reason, ticket.key)
    for version in saved:
        reason = _restore_refusal(context, version)
        if reason is not None:
            raise request.refusal(reason, version.answer.name)
    return tickets, LastChanges(context.facts.changes, saved, frozenset(_rejoining(context.facts, tickets)))


def _rejoining(facts: Facts, undone: Iterable[Ticket]) -> Iterator[str]:
    """Yield the keys of the tickets that can be in their former bundle again.

    The ticket that led it leads it now, with room for one more, or leads it again by the same `#undo`.
    """
    restored = {t.key: facts.changes[t.key] for t in undone if facts.changes[t.key].before.leads}
    for key, change in facts.changes.items():
        former = change.before.leading_key
        leading, again = facts.ticket(former), restored.get(former)
        together = again is not None and (again.at, again.actor) == (change.at, change.actor)
        has_room = leading is not None and leading.leads and len(facts.followers(leading)) + 1 < MAX_BUNDLE
        if together or has_room:
            yield key


def _changed_by_same_mail(request: Request) -> tuple[Ticket, ...]:
    """Return the ticket of a mail that saved an answer, if the same mail made the ticket's last change."""
    context, receipt = request.context, request.context.answered_mail
    change = context.facts.changes.get(context.ticket.key) if context.ticket is not None else None
    same = change is not None and receipt is not None and change.at == receipt.created
    return (request.own_ticket(),) if same else ()


def _restore_refusal(context: MailContext, version: SavedVersion) -> Reason | None:
    """Return why the sender cannot undo a change of a saved answer; None if they can."""
    answer = version.answer
    if not version.newest or version.by not in context.sender_addresses:
        return Reason.CHANGED_SINCE
    return None if context.now - answer.at <= UNDO_WITHIN else Reason.TOO_LATE


def _restore_answers(_: MailContext, last: LastChanges) -> tuple[MemberChange, ...]:
    return tuple(
        MemberChange((RestoreAnswer(version.answer),), detail=version.answer.name, phrase="undo_saved")
        for version in last.saved
    )


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
    change = last.by_ticket[ticket.key]
    before = change.before
    if before.muted != ticket.muted:
        return (SetMuted(ticket.key, actor.email, muted=actor.email in before.muted),)
    if before.bundle is not None and before.bundle != ticket.bundle and ticket.key not in last.rejoining:
        before = replace(before, bundle=ticket.bundle)
    return (RevertChange(ticket.key, before, change.at),)


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
    for_bundle=True,
)
ESCALATE = TicketCommand(
    name="escalate",
    words={"de": ("eskalieren", "weiterleiten"), "fr": ("transmettre", "escalader")},
    roles=frozenset({Role.SUPPORTER}),
    argument=TICKETS,
    handler=lambda ticket, _, __: escalate(ticket),
    exclusive_groups=frozenset({ExclusiveGroup.STATUS, ExclusiveGroup.HANDOVER}),
    in_short_help=True,
    for_bundle=True,
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
    for_bundle=True,
)
REOPEN = TicketCommand(
    name="reopen",
    words={"de": ("öffnen",), "fr": ("rouvrir",)},
    roles=PARTICIPANTS,
    argument=TICKETS,
    handler=lambda ticket, _, __: reopen(ticket),
    exclusive_groups=frozenset({ExclusiveGroup.STATUS}),
    asks_why=True,
    for_bundle=True,
)
WAIT = TicketCommand(
    name="wait",
    words={"de": ("rückfrage", "warten"), "fr": ("attendre", "attente")},
    roles=STAFF,
    argument=TICKETS,
    handler=lambda ticket, _, __: _wait(ticket),
    exclusive_groups=frozenset({ExclusiveGroup.STATUS}),
    in_short_help=True,
    for_bundle=True,
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
    beside=_restore_answers,
    alone=True,
    in_short_help=True,
    for_bundle=True,
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
