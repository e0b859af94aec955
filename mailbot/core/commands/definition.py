"""Kinds of commands and arguments: how they are resolved, what they do, and what their receipt shows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum, auto
from typing import Any, Generic, TypeVar

from mailbot.core.commands.command import Argument, Command, CommandLine, LineLookups, Viewer
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.syntax import numbers, ticket_name
from mailbot.core.model.effects import Effect
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification, Reason, RefusedLine
from mailbot.core.model.policy import Member
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import Role, Ticket
from mailbot.core.recipients.ticket_change import TicketChange

T = TypeVar("T")
Resolved = tuple[tuple[Ticket, ...], T]
"""The tickets that a command is about, and the value of its argument."""


class RefusedLineError(Exception):
    """A command line cannot be executed; `problem` has the reason."""

    def __init__(self, problem: RefusedLine) -> None:
        super().__init__(problem.line)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Request:
    """One command line of a mail. `default` are the tickets for a line that names none.

    `number` returns the number that a ticket gets in the school with that key.
    """

    line: CommandLine
    command: Command
    context: MailContext
    default: tuple[Ticket, ...]
    number: Callable[[Ticket, str], int]

    def tickets(self, args: Iterable[str]) -> tuple[Ticket, ...]:
        """Return the tickets that these words name, or the default ones; refuse tickets of other people."""
        named = [self._named(arg) for arg in numbers(tuple(args))]
        tickets = tuple({t.key: t for t in named}.values()) or self.default
        if not tickets:
            raise self.refusal(Reason.NO_TICKET, expected=self._example_with_ticket())
        for ticket in tickets:
            if not self.context.is_participant(ticket):  # a stranger may reply to a forwarded mail
                raise self.refusal(Reason.NO_SUCH_TICKET)
            if not self.context.roles(ticket) & self.command.roles:
                raise self.refusal(Reason.FORBIDDEN, ticket.key)
        return tickets

    def own_ticket(self) -> Ticket:
        """Return the ticket of the mail."""
        own = self.context.ticket
        (ticket,) = replace(self, default=(own,) if own is not None else ()).tickets(())
        return ticket

    def require_staff(self) -> None:
        """Refuse a command for members to people outside the teams."""
        if Role.STRANGER not in self.command.roles and self.context.member is None:
            raise self.refusal(Reason.FORBIDDEN)

    def member(self, name: str, candidates: Iterable[Member]) -> Address:
        """Return the only candidate with that name; refuse no match and several matches."""
        found = {m.address: m for m in candidates if self.context.is_called(m, name)}
        if len(found) != 1:
            reason = Reason.AMBIGUOUS if found else Reason.ARGUMENT
            raise self.refusal(reason, name, expected=self._example())
        member = next(iter(found.values()))
        return Address(member.address, self.context.name_of(member))

    def wrong(self, argument: str) -> RefusedLineError:
        """Return the error for a wrong or missing argument."""
        meant = self._without_argument()
        return self.refusal(Reason.ARGUMENT, argument, expected=self._example(), meant=meant)

    def refusal(
        self, reason: Reason, argument: str = "", *, expected: str = "", meant: str = ""
    ) -> RefusedLineError:
        """Return the error that refuses this line."""
        return RefusedLineError(
            RefusedLine(self.line.raw, reason, argument=argument, expected=expected, meant=meant)
        )

    def _named(self, arg: str) -> Ticket:
        name = ticket_name(arg, self.context.facts.school.key)
        if name is None:
            raise self.wrong(arg)
        ticket = self.context.facts.ticket(name)
        # The same refusal for both cases: strangers do not learn whether the ticket exists.
        if ticket is None or not self.context.is_participant(ticket):
            raise self.refusal(Reason.NO_SUCH_TICKET, name)
        return ticket

    def _without_argument(self) -> str:
        """Return the command for the mail's own ticket, with the words after it as text below.

        Return "" if the words begin or end with a number: "3" in "#close 3 printers work" or "#close n° 3"
        may be a ticket, but not "204" in "#close room 204 works again".
        """
        args, context = self.line.args, self.context
        number = any(ticket_name(arg, context.facts.school.key) for arg in (*args[:1], *args[-1:]))
        if not self.command.argument.optional or context.ticket is None or number:
            return ""
        return f"#{self.command.word(context.school.language)}\n{self.line.rest}"

    def _example_with_ticket(self) -> str:
        """Return an example line that names a ticket, after the other words that the command needs."""
        example = self._example()
        words = tuple(example.split()[1:])
        return self._example("104") if all_name_tickets(words) else f"{example} #104"

    def _example(self, argument: str = "") -> str:
        return self.command.line(self.context.school.language, argument)


@dataclass(frozen=True, eq=False, kw_only=True)
class TypedArgument(Argument, Generic[T]):
    """An argument whose words become tickets and a value; `resolve` raises `RefusedLineError`."""

    resolve: Callable[[Request], Resolved[T]]


def look_up_nothing(_: tuple[str, ...], __: Viewer) -> LineLookups:
    """Return no lookups: a number among the words names no ticket."""
    return LineLookups()


def anything(_: tuple[str, ...]) -> bool:
    """Accept any words, including none."""
    return True


def all_name_tickets(words: tuple[str, ...]) -> bool:
    """Return whether all words name tickets."""
    return all(ticket_name(word, "X") for word in words)


def resolve_nothing(request: Request) -> Resolved[None]:
    """Check that there are no words, and that the sender may use the command."""
    if request.line.args:
        raise request.wrong(request.line.args[0])
    request.require_staff()
    return (), None


def resolve_tickets(request: Request) -> Resolved[None]:
    """Return the tickets that the words name, or the default ones."""
    return request.tickets(request.line.args), None


def _resolve_text(request: Request) -> Resolved[None]:
    if request.context.has_no_content:
        raise request.wrong("")
    return request.tickets(()), None


NOTHING = TypedArgument(resolve=resolve_nothing, fits=lambda words: not words)
TICKETS = TypedArgument(resolve=resolve_tickets, fits=all_name_tickets, optional=True)
TEXT = TypedArgument(resolve=_resolve_text, fits=anything, lookups=look_up_nothing, is_text=True)


class ExclusiveGroup(Enum):
    """Groups of commands of which a mail may have one for each ticket."""

    STATUS = auto()
    DUE = auto()
    HANDOVER = auto()
    ASSIGNEE = auto()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The details in a receipt: a text, a person whose absence is shown, a due date.

    `forged` are keys of tickets whose mails the mail server takes for forged: the receipt has other words.
    """

    detail: str = ""
    person: Address | None = None
    due: datetime | None = None
    forged: frozenset[str] = frozenset()


def _no_details(_: object) -> Receipt:
    return Receipt()


@dataclass(frozen=True, eq=False, kw_only=True)
class ResolvableCommand(Command, Generic[T]):
    """A command whose argument becomes a value of type T."""

    argument: TypedArgument[T]


@dataclass(frozen=True, eq=False, kw_only=True)
class Restructuring(Generic[T]):
    """The part of a command that affects several tickets.

    `notify` returns the notifications of a change, given its effects. `continues_in` returns the ticket
    that gets the text of the mail.
    """

    notify: Callable[[MailContext, TicketChange, T, list[Effect]], Iterable[Notification]]
    continues_in: Callable[[Ticket, T], Ticket] = lambda ticket, _: ticket


@dataclass(frozen=True, slots=True)
class MemberChange:
    """The result of a command about no ticket. `already`: it changes nothing. `text`: the saved text.

    `phrase` is the name of another phrase about it, "" for that of the command. `personal` are names and
    contact details in the text, which the author should check.
    """

    effects: tuple[Effect, ...]
    receipt: bool = True
    already: bool = False
    detail: str = ""
    until: date | None = None
    text: str = ""
    phrase: str = ""
    personal: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class TicketCommand(ResolvableCommand[T]):
    """A command that changes tickets.

    `handler` returns the effects, given the ticket, the value and the actor; none if nothing changes.
    `exclusive_groups`: it conflicts with the other commands of these groups on one ticket. `alone`: it
    conflicts with all other commands that change the ticket. `adds_up`: lines with different values add up
    instead of conflicting. `opening` applies it to the ticket that the mail opens. `asks_why`: the receipt
    of a requester who writes no text beside it asks for one. `for_author_only`: it concerns only its author,
    so a text that another command takes is not sent to its tickets. `beside` returns what it changes
    apart from tickets. `for_bundle`: on a ticket that leads a bundle, it changes all tickets of the bundle.
    """

    handler: Callable[[Ticket, T, Address], tuple[Effect, ...]]
    receipt: Callable[[T], Receipt] = _no_details
    exclusive_groups: frozenset[ExclusiveGroup] = frozenset()
    alone: bool = False
    adds_up: bool = False
    undoable: bool = True
    asks_why: bool = False
    for_author_only: bool = False
    for_bundle: bool = False
    opening: Callable[[Ticket, T], Ticket] | None = None
    beside: Callable[[MailContext, T], tuple[MemberChange, ...]] | None = None
    restructuring: Restructuring[T] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Annotation(ResolvableCommand[None]):
    """A command that restricts who may read the text of the mail."""


@dataclass(frozen=True, eq=False, kw_only=True)
class AnswerCommand(ResolvableCommand[T]):
    """A command that adds text to the answer to a ticket.

    `text` returns the text, given the ticket and the value; `handler` returns the effects.
    """

    text: Callable[[MailContext, Ticket, T], str]
    handler: Callable[[Ticket, T], tuple[Effect, ...]]
    receipt: Callable[[T], Receipt] = _no_details


@dataclass(frozen=True, eq=False, kw_only=True)
class Query(ResolvableCommand[T]):
    """A command that is answered and changes nothing that people see; `effects` are the others it has."""

    answers: Callable[[MailContext, tuple[Ticket, ...], T], Iterable[Notification]]
    effects: Callable[[MailContext, tuple[Ticket, ...], T], Iterable[Effect]] = lambda *_: ()


@dataclass(frozen=True, eq=False, kw_only=True)
class MemberCommand(ResolvableCommand[T]):
    """A command about its author or team. `links` are the actions that its receipt offers.

    `undoable`: `#undo` in a reply to its receipt reverts it. `answer` returns the saved answer that it
    changes: it conflicts with other commands that change the same one.
    """

    handler: Callable[[MailContext, T], MemberChange]
    answer: Callable[[T], SavedAnswer] | None = None
    links: tuple[str, ...] = ()
    undoable: bool = False


@dataclass(frozen=True, slots=True)
class ResolvedCommand(Generic[T]):
    """A command that can be executed; `tickets` is empty if it concerns none.

    `position` is the number of characters of the remaining text above its line.
    """

    command: Command
    tickets: tuple[Ticket, ...]
    value: T
    position: int = field(default=0, compare=False)


AnyResolved = ResolvedCommand[Any]
