"""Commands that set assignee, priority, cc and requester: take, assign, priority, cc, for."""

from collections.abc import Mapping
from dataclasses import replace

from mailbot.core.classify.author import is_no_reply
from mailbot.core.commands.command import STAFF, Words, lexicon
from mailbot.core.commands.definition import (
    TICKETS,
    ExclusiveGroup,
    Receipt,
    Request,
    Resolved,
    TicketCommand,
    TypedArgument,
)
from mailbot.core.commands.syntax import people, ticket_name
from mailbot.core.model.effects import AddCc, Assign, SetPriority, SetRequester, TicketEffect
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.ticket import MAX_CC, Priority, Ticket
from mailbot.core.recipients.no_person import is_mailbox_of
from mailbot.core.text.words import fold

PRIORITY_WORDS: Mapping[str, Words] = {
    "low": {"de": ("niedrig", "gering"), "fr": ("basse", "faible")},
    "normal": {"de": ("mittel",), "fr": ("normale", "moyenne")},
    "high": {"de": ("hoch", "wichtig"), "fr": ("haute", "élevée", "importante", "important")},
    "urgent": {"de": ("dringend", "eilig"), "fr": ("urgente",)},
}
_PRIORITIES = lexicon(PRIORITY_WORDS)


def priority(word: str) -> Priority | None:
    """Return the priority for a word in any language; None if there is none."""
    name = _PRIORITIES.get(fold(word.strip(".!")))
    return Priority(name) if name else None


def _resolve_priority(request: Request) -> Resolved[Priority]:
    args = request.line.args
    value = priority(args[0]) if args else None
    if value is None:
        raise request.wrong(args[0] if args else "")
    return request.tickets(args[1:]), value


def _resolve_colleague(request: Request) -> Resolved[Address]:
    """Return the tickets, and a member who may work on all of them."""
    school = request.context.facts.school.key
    numbers = tuple(arg for arg in request.line.args if ticket_name(arg, school))
    name = " ".join(arg for arg in request.line.args if arg not in numbers)
    if not name:
        raise request.wrong("")
    tickets = request.tickets(numbers)
    return tickets, request.member(name, request.context.staff_of(tickets))


def _resolve_person(request: Request) -> Resolved[Address]:
    tickets, found = _resolve_people(request, limit=1)
    return tickets, found[0]


def _resolve_people(request: Request, limit: int | None = None) -> Resolved[tuple[Address, ...]]:
    """Return the people, at most `limit`, and the tickets: none if the mail opens a ticket."""
    context, args = request.context, request.line.args
    named = tuple(a for a in args if "@" not in a and ticket_name(a, context.facts.school.key))
    found = people(tuple(arg for arg in args if arg not in named), context.facts.addresses)
    if not found or (limit is not None and len(found) > limit):
        raise request.wrong(" ".join(args))
    for person in found:
        if is_mailbox_of(person.email, context.policy.support_addresses):
            raise request.refusal(Reason.NOT_HERE, person.email)
        if is_no_reply(person.email):
            raise request.refusal(Reason.UNREAD, person.email)
    if request.default or named or not context.may_open_ticket:
        return request.tickets(named), found
    request.require_staff()
    return (), found


def _resolve_cc(request: Request) -> Resolved[tuple[Address, ...]]:
    """Return the people and the tickets; refuse people who work on the ticket, and too many people."""
    context = request.context
    tickets, found = _resolve_people(request)
    for ticket in tickets or (None,):
        staff = {a for member in context.policy.staff(context.school_of(ticket)) for a in member.addresses}
        if colleague := next((person.email for person in found if person.email in staff), None):
            raise request.refusal(Reason.WORKS_HERE, colleague)
        in_cc = {person.email for person in (*(ticket.cc if ticket else ()), *found)}
        if len(in_cc) > MAX_CC:
            raise request.refusal(Reason.TOO_MANY, str(MAX_CC))
    return tickets, found


def _assign(ticket: Ticket, person: Address) -> tuple[TicketEffect, ...]:
    if ticket.assignee is not None and ticket.assignee.email == person.email:
        return ()
    return (Assign(ticket.key, person),)


def _set_priority(ticket: Ticket, value: Priority, _: Address) -> tuple[TicketEffect, ...]:
    return () if ticket.priority is value else (SetPriority(ticket.key, value),)


def _add_cc(ticket: Ticket, found: tuple[Address, ...], _: Address) -> tuple[TicketEffect, ...]:
    present = {ticket.requester.email, *(person.email for person in ticket.cc)}
    return tuple(AddCc(ticket.key, person) for person in found if person.email not in present)


def _set_requester(ticket: Ticket, requester: Address, actor: Address) -> tuple[TicketEffect, ...]:
    """Set the requester; keep the former one in cc, unless they are the author of the command."""
    before = ticket.requester
    if requester.email == before.email:
        return ()
    copy = () if before.email == actor.email else (AddCc(ticket.key, before),)
    return (SetRequester(ticket.key, requester), *copy)


TAKE = TicketCommand(
    name="take",
    words={"de": ("übernehmen",), "fr": ("prendre",)},
    roles=STAFF,
    argument=TICKETS,
    handler=lambda ticket, _, actor: _assign(ticket, actor),
    exclusive_groups=frozenset({ExclusiveGroup.HANDOVER, ExclusiveGroup.ASSIGNEE}),
    in_short_help=True,
)
ASSIGN = TicketCommand(
    name="assign",
    words={"de": ("zuweisen",), "fr": ("attribuer", "assigner")},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_colleague),
    example="Mustermann",
    handler=lambda ticket, member, _: _assign(ticket, member),
    receipt=lambda member: Receipt(member.shown, member),
    exclusive_groups=frozenset({ExclusiveGroup.ASSIGNEE}),
)
PRIORITY = TicketCommand(
    name="priority",
    words={"de": ("priorität",), "fr": ("priorité",)},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_priority),
    example="high",
    examples={"de": "hoch", "fr": "haute"},
    complete_example=True,
    handler=_set_priority,
    receipt=lambda value: Receipt(value.value),
)
CC = TicketCommand(
    name="cc",
    words={"de": ("kopie",), "fr": ("copie",)},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_cc),
    example="name@schule.example",
    handler=_add_cc,
    receipt=lambda found: Receipt(", ".join(person.email for person in found)),
    adds_up=True,
    opening=lambda ticket, found: replace(ticket, cc=(*ticket.cc, *found)),
)
FOR = TicketCommand(
    name="for",
    words={"de": ("für",), "fr": ("pour",)},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_person),
    example="name@schule.example",
    handler=_set_requester,
    receipt=lambda requester: Receipt(requester.email),
    opening=lambda ticket, requester: replace(ticket, requester=requester),
)
ASSIGNMENT = (TAKE, ASSIGN, PRIORITY, CC, FOR)
