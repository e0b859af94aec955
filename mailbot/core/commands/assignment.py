"""Commands that say who works on a ticket, for whom, how urgently: take, assign, priority, cc, for."""

from collections.abc import Mapping
from dataclasses import replace

from mailbot.core.commands.argument_text import people, ticket_name
from mailbot.core.commands.arguments import Request, Resolved, Tickets, TypedArgument
from mailbot.core.commands.command import STAFF, Words, lexicon
from mailbot.core.commands.definition import Exclusive, Receipt, TicketCommand
from mailbot.core.model.effects import AddCc, Assign, SetPriority, SetRequester, TicketEffect
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.ticket import MAX_CC, Priority, Ticket
from mailbot.core.text.fold import fold

PRIORITY_WORDS: Mapping[str, Words] = {
    "low": {"de": ("niedrig", "gering"), "fr": ("basse", "faible")},
    "normal": {"de": ("mittel",), "fr": ("normale", "moyenne")},
    "high": {"de": ("hoch", "wichtig"), "fr": ("haute", "élevée", "importante", "important")},
    "urgent": {"de": ("dringend", "eilig"), "fr": ("urgente",)},
}
_PRIORITIES = lexicon(PRIORITY_WORDS)


def priority(word: str) -> Priority | None:
    """Return the priority that a word in any language means."""
    name = _PRIORITIES.get(fold(word.strip(".!")))
    return Priority(name) if name else None


class PriorityWord(TypedArgument[Priority]):
    """A priority, then perhaps numbers of tickets."""

    def resolve(self, request: Request) -> Resolved[Priority]:
        """Return the tickets and the priority."""
        args = request.line.args
        value = priority(args[0]) if args else None
        if value is None:
            raise request.wrong(args[0] if args else "")
        return request.tickets(args[1:]), value


class Colleague(TypedArgument[Address]):
    """The name of a member, then perhaps numbers of tickets."""

    def resolve(self, request: Request) -> Resolved[Address]:
        """Return the tickets and the member, who may work on all of them."""
        school = request.context.facts.school.key
        numbers = tuple(arg for arg in request.line.args if ticket_name(arg, school))
        name = " ".join(arg for arg in request.line.args if arg not in numbers)
        if not name:
            raise request.wrong("")
        tickets = request.tickets(numbers)
        return tickets, request.member(name, request.context.staff_of(tickets))


class People(TypedArgument[tuple[Address, ...]]):
    """Addresses, then perhaps tickets as "#104" or "GYM-104".

    The ticket is the mail's, or the one that the mail opens.
    """

    def resolve(self, request: Request) -> Resolved[tuple[Address, ...]]:
        """Return the tickets and the people."""
        context, args = request.context, request.line.args
        named = tuple(a for a in args if "@" not in a and ticket_name(a, context.facts.school.key))
        found = self._check(request, people(tuple(arg for arg in args if arg not in named)))
        if own := next((p.email for p in found if p.email in context.policy.own_addresses), None):
            raise request.refusal(Reason.NOT_HERE, own)
        if request.default or named or not context.opens:
            tickets = request.tickets(named)
        else:
            request.require_staff()
            tickets = ()
        self._check_tickets(request, found, tickets)
        return tickets, found

    def _check(self, request: Request, found: tuple[Address, ...]) -> tuple[Address, ...]:
        if not found:
            raise request.wrong(" ".join(request.line.args))
        return found

    def _check_tickets(
        self, request: Request, found: tuple[Address, ...], tickets: tuple[Ticket, ...]
    ) -> None:
        """Refuse copies to people who work on the ticket, and more of them than a ticket takes."""
        context = request.context
        for ticket in tickets or (None,):
            members = context.policy.staff(context.school_of(ticket))
            staff = {address for member in members for address in member.addresses}
            if colleague := next((person.email for person in found if person.email in staff), None):
                raise request.refusal(Reason.WORKS_HERE, colleague)
            there = {person.email for person in (*(ticket.cc if ticket else ()), *found)}
            if len(there) > MAX_CC:
                raise request.refusal(Reason.TOO_MANY, str(MAX_CC))


class Person(People):
    """One address, then perhaps tickets."""

    def _check(self, request: Request, found: tuple[Address, ...]) -> tuple[Address, ...]:
        if len(found) != 1:
            raise request.wrong(" ".join(request.line.args))
        return found

    def _check_tickets(
        self, request: Request, found: tuple[Address, ...], tickets: tuple[Ticket, ...]
    ) -> None:
        """Accept everybody."""


def _assign(ticket: Ticket, person: Address) -> tuple[TicketEffect, ...]:
    if ticket.assignee is not None and ticket.assignee.email == person.email:
        return ()
    return (Assign(ticket.key, person),)


def _set_priority(ticket: Ticket, value: Priority, _: Address) -> tuple[TicketEffect, ...]:
    return () if ticket.priority is value else (SetPriority(ticket.key, value),)


def _add_cc(ticket: Ticket, found: tuple[Address, ...], _: Address) -> tuple[TicketEffect, ...]:
    there = {ticket.requester.email, *(person.email for person in ticket.cc)}
    return tuple(AddCc(ticket.key, person) for person in found if person.email not in there)


def _set_requester(ticket: Ticket, found: tuple[Address, ...], actor: Address) -> tuple[TicketEffect, ...]:
    """Keep the former requester in copy, unless they are the colleague who only passed the mail on."""
    (requester,) = found
    before = ticket.requester
    if requester.email == before.email:
        return ()
    copy = () if before.email == actor.email else (AddCc(ticket.key, before),)
    return (SetRequester(ticket.key, requester), *copy)


def _emails(found: tuple[Address, ...]) -> Receipt:
    return Receipt(", ".join(person.email for person in found))


TAKE = TicketCommand(
    name="take",
    words={"de": ("übernehmen",), "fr": ("prendre",)},
    roles=STAFF,
    argument=Tickets(),
    handler=lambda ticket, _, actor: _assign(ticket, actor),
    excludes=frozenset({Exclusive.HANDOVER, Exclusive.ASSIGNEE}),
)
ASSIGN = TicketCommand(
    name="assign",
    words={"de": ("zuweisen",), "fr": ("attribuer", "assigner")},
    roles=STAFF,
    argument=Colleague(),
    example="Mustermann",
    handler=lambda ticket, member, _: _assign(ticket, member),
    receipt=lambda member: Receipt(member.shown, member),
    excludes=frozenset({Exclusive.ASSIGNEE}),
)
PRIORITY = TicketCommand(
    name="priority",
    words={"de": ("priorität",), "fr": ("priorité",)},
    roles=STAFF,
    argument=PriorityWord(),
    example="high",
    examples={"de": "hoch", "fr": "haute"},
    handler=_set_priority,
    receipt=lambda value: Receipt(value.value),
)
CC = TicketCommand(
    name="cc",
    words={"de": ("kopie",), "fr": ("copie",)},
    roles=STAFF,
    argument=People(),
    example="name@schule.example",
    handler=_add_cc,
    receipt=_emails,
    adds_up=True,
    opening=lambda ticket, found: replace(ticket, cc=(*ticket.cc, *found)),
)
FOR = TicketCommand(
    name="for",
    words={"de": ("für",), "fr": ("pour",)},
    roles=STAFF,
    argument=Person(),
    example="name@schule.example",
    handler=_set_requester,
    receipt=_emails,
    opening=lambda ticket, found: replace(ticket, requester=found[0]),
)
ASSIGNMENT = (TAKE, ASSIGN, PRIORITY, CC, FOR)
