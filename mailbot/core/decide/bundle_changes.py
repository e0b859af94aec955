"""Change the tickets of a mail; a change of the ticket that leads a bundle is made on all of its tickets."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import AnswerCommand, AnyResolved, TicketCommand
from mailbot.core.commands.status import UNDO
from mailbot.core.decide.ticket_changes import ChangedTicket, change_ticket
from mailbot.core.model.effects import Notify
from mailbot.core.model.notification import CommandResult
from mailbot.core.model.ticket import Status, Ticket


def change_tickets(
    context: MailContext, tickets: Iterable[Ticket], commands: Iterable[AnyResolved]
) -> list[ChangedTicket]:
    """Apply the commands and the text of a mail to its tickets, and to the bundles that they lead."""
    named = {ticket.key: ticket for ticket in tickets}
    bundles = {key: _others(context, ticket, commands) for key, ticket in named.items()}
    others = {ticket.key for ticket in chain.from_iterable(bundles.values())}
    return [
        _change_bundle(context, ticket, bundles[key], commands)
        for key, ticket in named.items()
        if key not in others
    ]


def _others(context: MailContext, leading: Ticket, commands: Iterable[AnyResolved]) -> tuple[Ticket, ...]:
    """Return the other tickets of a bundle that a mail by the staff about its leading ticket changes.

    A closed one stays as it is while the leading ticket is open: its requester may have solved the problem.
    """
    if not context.role_on(leading).staff:
        return ()
    if any(c.command == UNDO and leading in c.tickets for c in commands):
        return tuple(_changed_together(context, leading))
    found = context.facts.followers(leading)
    closed = leading.status is Status.CLOSED
    return tuple(ticket for ticket in found if closed or ticket.status is not Status.CLOSED)


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


def _change_bundle(
    context: MailContext, leading: Ticket, others: tuple[Ticket, ...], commands: Iterable[AnyResolved]
) -> ChangedTicket:
    """Change a ticket, and the others of its bundle in the same way; a colleague gets one mail of all."""
    own = [c for c in commands if leading in c.tickets]
    for_all = [c for c in own if _is_for_bundle(c)]
    change = change_ticket(context, leading, own)
    for ticket in others:
        informed = frozenset(_informed(context, change))
        named = [c for c in commands if ticket in c.tickets and c not in for_all]
        change = _joined(change, change_ticket(context, ticket, [*for_all, *named], informed))
    return change


def _is_for_bundle(resolved: AnyResolved) -> bool:
    command = resolved.command
    return isinstance(command, AnswerCommand) or (isinstance(command, TicketCommand) and command.for_bundle)


def _informed(context: MailContext, change: ChangedTicket) -> Iterator[str]:
    """Yield the addresses of the colleagues who are notified of a change."""
    for effect in change.effects:
        if isinstance(effect, Notify) and effect.notification.role.staff:
            yield context.policy.registered(effect.notification.to.email)


def _joined(first: ChangedTicket, other: ChangedTicket) -> ChangedTicket:
    """Return the changes of two tickets of a bundle as one, with one line of the receipt for each command."""
    results = {result.command: result for result in other.done}
    same = [_joined_results(result, results.pop(result.command, None)) for result in first.done]
    return ChangedTicket(
        first.after,
        (*first.effects, *other.effects),
        (*same, *results.values()),
        first.changed or other.changed,
        first.undoable and other.undoable,
    )


def _joined_results(first: CommandResult, other: CommandResult | None) -> CommandResult:
    if other is None or other.ticket is None or other.already:
        return first
    people = {person.email: person for person in (*first.notified, *other.notified)}
    return replace(first, notified=tuple(people.values()), others=(*first.others, other.ticket.key))
