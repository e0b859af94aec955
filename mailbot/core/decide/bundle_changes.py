"""Change the tickets of a mail; a change of the ticket that leads a bundle is made on all of its tickets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from mailbot.core.commands.bundle import BUNDLE, UNBUNDLE
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import AnswerCommand, AnyResolved, TicketCommand
from mailbot.core.commands.status import UNDO
from mailbot.core.decide.ticket_changes import ChangedTicket, Informed, change_ticket
from mailbot.core.model.effects import AddMessage, Notify, SetBundle
from mailbot.core.model.notification import CommandResult
from mailbot.core.model.ticket import Ticket, Visibility, answered_with
from mailbot.core.text.attribution import is_quoted

ALONE = "answer_alone"
"""The phrase of the receipt that says that a mail concerns one ticket of a bundle only."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """The other tickets of a bundle that a mail changes, and whether its text goes to their requesters.

    `spares`: it leaves others as they are, although it is about the ticket that leads the bundle.
    """

    others: tuple[Ticket, ...] = ()
    has_text: bool = False
    spares: bool = False


def change_tickets(
    context: MailContext, tickets: Iterable[Ticket], commands: Iterable[AnyResolved]
) -> list[ChangedTicket]:
    """Apply the commands and the text of a mail to its tickets, and to the bundles that they lead."""
    commands = tuple(commands)
    named = {ticket.key: ticket for ticket in tickets}
    scopes = {key: _scope(context, ticket, commands) for key, ticket in named.items()}
    others = {ticket.key for scope in scopes.values() for ticket in scope.others}
    context = _bundled(context, commands)
    return [
        _change_bundle(context, ticket, scopes[key], commands)
        for key, ticket in named.items()
        if key not in others
    ]


def answered_tickets(
    context: MailContext, tickets: Iterable[Ticket], commands: Iterable[AnyResolved]
) -> tuple[Ticket, ...]:
    """Return the tickets whose requesters get the text of a mail about these tickets."""
    found: dict[str, Ticket] = {}
    for ticket in tickets:
        scope = _scope(context, ticket, tuple(commands))
        others = scope.others if scope.has_text else ()
        found |= {one.key: one for one in (ticket, *others)}
    return tuple(found.values())


def _scope(context: MailContext, leading: Ticket, commands: tuple[AnyResolved, ...]) -> _Scope:
    """Return which other tickets a mail about a ticket changes with it."""
    if not context.role_on(leading).staff:
        return _Scope()
    bundle = next((c for c in commands if c.command == BUNDLE and leading in c.tickets), None)
    if bundle is not None:
        leads = leading.key == bundle.value.leading.key
        others = tuple(t for t in bundle.tickets if t.key != leading.key) if leads else ()
        return _Scope(others, _goes_to_all(context, leading, (), commands))
    followers = context.facts.followers(leading)
    reached = answered_with(leading, followers)
    goes_to_all = _goes_to_all(context, leading, reached, commands)
    if any(c.command == UNDO and leading in c.tickets for c in commands):
        return _Scope(tuple(_changed_together(context, leading)), goes_to_all)
    if any(c.command == UNBUNDLE and leading in c.tickets for c in commands):
        return _Scope(followers, goes_to_all)
    if goes_to_all:
        return _Scope(reached, has_text=True)
    named = {ticket.key for c in commands for ticket in c.tickets}
    return _Scope(spares=any(ticket.key not in named for ticket in reached))


def _goes_to_all(
    context: MailContext, leading: Ticket, others: Iterable[Ticket], commands: Iterable[AnyResolved]
) -> bool:
    """Return whether a mail about the ticket that leads a bundle concerns all of the bundle.

    It does if it answers a mail about this ticket that showed the others, if no line of its text is from that
    mail or between such lines, and if each of its commands is one for all of the bundle.
    """
    answered = context.answered_mail
    about = context.facts.ticket(answered.ticket) if answered is not None else None
    is_about = about is not None and about.key == leading.key
    shown = {key for key, _ in answered.shows} if answered is not None and is_about else set()
    changes = [c.command for c in commands if isinstance(c.command, TicketCommand)]
    joins = BUNDLE in changes
    return (
        (joins or shown.issuperset(other.key for other in others))
        and not _quotes_or_answers_lines(context)
        and all(command.for_bundle or command == BUNDLE for command in changes)
    )


def _quotes_or_answers_lines(context: MailContext) -> bool:
    """Return whether the text has quoted lines, or was typed between those of the answered mail."""
    if any(is_quoted(line) for line in context.reading.text.split("\n")):
        return True
    own, quoted = (_lines(text) for text in (context.reading.text, context.mail.quoted))
    lines = [line.strip("> \t") for line in context.mail.whole_text.split("\n")]
    at = [number for number, line in enumerate(lines) if line in quoted - own]
    return any(at[0] < number < at[-1] for number, line in enumerate(lines) if at and line in own - quoted)


def _lines(text: str) -> set[str]:
    return {line.strip("> \t") for line in text.split("\n")} - {""}


def _changed_together(context: MailContext, leading: Ticket) -> Iterator[Ticket]:
    """Yield the other tickets of a bundle that the last change of the leading ticket changed, too."""
    changes = context.facts.changes
    last = changes[leading.key]
    for ticket in context.facts.tickets.values():
        change = changes.get(ticket.key)
        if change is None or ticket.key == leading.key or ticket.school != leading.school:
            continue
        in_bundle = leading.number in (ticket.bundle, change.before.bundle)
        if in_bundle and (change.at, change.actor) == (last.at, last.actor):
            yield ticket


def _bundled(context: MailContext, commands: Iterable[AnyResolved]) -> MailContext:
    """Return the context with the bundle that a command makes, so that notifications show it."""
    joined = {
        ticket.key: replace(ticket, bundle=c.value.leading.number)
        for c in commands
        if c.command == BUNDLE
        for ticket in c.tickets
    }
    return replace(context, facts=replace(context.facts, tickets={**context.facts.tickets, **joined}))


def _change_bundle(
    context: MailContext, leading: Ticket, scope: _Scope, commands: tuple[AnyResolved, ...]
) -> ChangedTicket:
    """Change a ticket, and the others of its bundle in the same way; a colleague gets one mail of all."""
    own = [c for c in commands if leading in c.tickets]
    change = change_ticket(context, leading, own)
    if scope.spares:
        change = _with_note(change, own)
    has_text = scope.has_text and not context.is_internal
    for_all = [c for c in own if _is_for_others(c, has_text=has_text)]
    other_context = context if has_text else _without_text(context)
    left = {ticket.key: ticket for ticket in context.facts.followers(leading)}
    for ticket in scope.others:
        named = [c for c in commands if ticket in c.tickets and c not in for_all]
        other = change_ticket(other_context, ticket, [*for_all, *named], _informed(context, change))
        left[ticket.key] = other.after
        change = _joined(change, other)
    if not leading.leads or change.after.leads:
        return change
    ended = (SetBundle(key, None) for key, ticket in left.items() if ticket.bundle == leading.number)
    return replace(change, effects=(*change.effects, *ended))


def _is_for_others(resolved: AnyResolved, *, has_text: bool) -> bool:
    command = resolved.command
    if isinstance(command, AnswerCommand):
        return has_text
    return isinstance(command, TicketCommand) and (command.for_bundle or command == BUNDLE)


def _without_text(context: MailContext) -> MailContext:
    mail = replace(context.mail, text="", quoted="", parts=())
    return replace(context, mail=mail, reading=replace(context.reading, text=""))


def _with_note(change: ChangedTicket, commands: Iterable[AnyResolved]) -> ChangedTicket:
    """Return the change with the line of the receipt that says that it concerns this ticket only."""
    answers = any(
        isinstance(effect, AddMessage) and effect.message.visibility is Visibility.PUBLIC
        for effect in change.effects
    )
    if not answers and not any(_is_for_others(c, has_text=True) for c in commands):
        return change
    people = tuple(e.notification.to for e in change.effects if isinstance(e, Notify))
    return replace(change, done=(*change.done, CommandResult(ALONE, change.after, people)))


def _informed(context: MailContext, change: ChangedTicket) -> Informed:
    """Return who of the staff is notified of a change, and how."""
    notifications = (effect.notification for effect in change.effects if isinstance(effect, Notify))
    return frozenset((context.policy.registered(n.to.email), n.kind) for n in notifications if n.role.staff)


def _joined(first: ChangedTicket, other: ChangedTicket) -> ChangedTicket:
    """Return the changes of two tickets of a bundle as one, with one line of the receipt for each command.

    `#undo` reverts both only if the first one has a change.
    """
    done = list(first.done)
    for result in other.done:
        at = next((at for at, one in enumerate(done) if _is_same(one, result)), None)
        if at is not None:
            done[at] = _joined_results(done[at], result)
        elif not result.already:
            done.append(result)
    undoable = first.undoable and other.undoable and (first.changed or not other.changed)
    effects = tuple(chain(first.effects, other.effects))
    return ChangedTicket(first.after, effects, tuple(done), first.changed or other.changed, undoable)


def _is_same(first: CommandResult, other: CommandResult) -> bool:
    return (first.command, first.already) == (other.command, other.already)


def _joined_results(first: CommandResult, other: CommandResult) -> CommandResult:
    if other.ticket is None or other.already:
        return first
    people = {person.email: person for person in (*first.notified, *other.notified)}
    return replace(first, notified=tuple(people.values()), others=(*first.others, other.ticket.key))
