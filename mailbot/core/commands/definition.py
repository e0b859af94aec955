"""Kinds of commands: what each does, whom it concerns, and what its receipt says."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import Any, Generic, TypeVar

from mailbot.core.commands.arguments import TypedArgument
from mailbot.core.commands.command import Command
from mailbot.core.commands.context import MailContext
from mailbot.core.model.effects import Effect
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification
from mailbot.core.model.ticket import Ticket
from mailbot.core.recipients.ticket_change import TicketChange

T = TypeVar("T")
V = TypeVar("V")


class Exclusive(Enum):
    """One mail may hold one command of each group for a ticket."""

    STATUS = auto()
    HANDOVER = auto()
    ASSIGNEE = auto()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says besides the command: a detail, and a person whose absence matters."""

    detail: str = ""
    person: Address | None = None


def _plain(_: object) -> Receipt:
    return Receipt()


@dataclass(frozen=True, eq=False, kw_only=True)
class ResolvableCommand(Command, Generic[T]):
    """A command whose argument becomes a value of type T."""

    argument: TypedArgument[T]


@dataclass(frozen=True, eq=False, kw_only=True)
class Restructuring(Generic[T]):
    """What a command does that concerns several tickets.

    `notify` returns the notifications of a change, given its effects. `continues_in` returns the ticket
    that gets the text of the mail.
    """

    notify: Callable[[MailContext, TicketChange, T, list[Effect]], Iterable[Notification]]
    continues_in: Callable[[Ticket, T], Ticket] = lambda ticket, _: ticket


@dataclass(frozen=True, eq=False, kw_only=True)
class TicketCommand(ResolvableCommand[T]):
    """A command that changes tickets.

    `handler` returns the effects that are still missing, given the ticket, the value and the actor.
    `excludes`: groups of commands that contradict each other on one ticket. `alone`: it contradicts all
    others that change the ticket. `adds_up`: lines with other values add up instead of contradicting.
    `opening` applies it to the ticket that the mail opens.
    """

    handler: Callable[[Ticket, T, Address], tuple[Effect, ...]]
    receipt: Callable[[T], Receipt] = _plain
    excludes: frozenset[Exclusive] = frozenset()
    alone: bool = False
    adds_up: bool = False
    undoable: bool = True
    opening: Callable[[Ticket, T], Ticket] | None = None
    restructuring: Restructuring[T] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Annotation(ResolvableCommand[None]):
    """A command that says who may read the text of the mail."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Query(ResolvableCommand[T]):
    """A command that is answered and changes nothing."""

    answers: Callable[[MailContext, tuple[Ticket, ...], T], Iterable[Notification]]


@dataclass(frozen=True, slots=True)
class MemberChange:
    """What a command about its writer does. `already`: it was so before."""

    effects: tuple[Effect, ...]
    receipt: bool = True
    already: bool = False
    detail: str = ""
    until: date | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class MemberCommand(ResolvableCommand[T]):
    """A command about its writer. `links` are the actions that its receipt offers."""

    handler: Callable[[MailContext, T], MemberChange]
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolvedCommand(Generic[V]):
    """A command that may be carried out; `tickets` is empty where it is about none."""

    command: Command
    tickets: tuple[Ticket, ...]
    value: V


AnyResolved = ResolvedCommand[Any]
