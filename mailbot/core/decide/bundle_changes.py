"""Change the tickets of a mail; a change of the ticket that leads a bundle is made on all of its tickets."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from mailbot.core.commands.bundle import BUNDLE, UNBUNDLE
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import AnswerCommand, AnyResolved, TicketCommand
from mailbot.core.commands.status import UNDO
from mailbot.core.decide.ticket_changes import ChangedTicket, Informed, change_ticket
from mailbot.core.model.effects import AddMessage, Notify, SetBundle
from mailbot.core.model.notification import CommandResult
from mailbot.core.model.notification_kind import Confirms
from mailbot.core.model.ticket import Direction, Ticket, Visibility, answered_with
from mailbot.core.text.header_block import is_quoted
from mailbot.core.text.repeated import names_any, repeats

ALONE = "answer_alone"
"""The phrase of the receipt that says that a mail concerns one ticket of a bundle only."""
_WHOLE_QUOTATION = 8
"""Lines from which the quotation above an answer is that of a whole mail, and not of one passage."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """The other tickets of a bundle that a mail changes.

    `readers` are the keys of the tickets whose requesters get its text. `spares`: it leaves others as they
    are, although it is about the ticket that leads the bundle.
    """

    readers: frozenset[str]
    others: tuple[Ticket, ...] = ()
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
        found |= {one.key: one for one in (ticket, *scope.others) if one.key in scope.readers}
    return tuple(found.values())


def _scope(context: MailContext, leading: Ticket, commands: tuple[AnyResolved, ...]) -> _Scope:
    """Return which other tickets a mail about a ticket changes with it, and who gets its text."""
    alone = frozenset({leading.key})
    if not context.role_on(leading).staff:
        return _Scope(alone)
    own = {c.command: c for c in commands if leading in c.tickets}
    if (bundle := own.get(BUNDLE)) is not None:
        return _scope_of_bundling(context, leading, bundle, commands)
    followers = context.facts.followers(leading)
    reached = answered_with(leading, followers)
    goes_to_all = _was_shown(context, leading, reached) and _is_for_all(
        context, (leading, *reached), commands
    )
    readers = alone.union(ticket.key for ticket in reached) if goes_to_all else alone
    if UNDO in own:
        return _Scope(readers, tuple(_changed_together(context, leading)))
    if UNBUNDLE in own:
        return _Scope(readers, followers)
    if goes_to_all:
        return _Scope(readers, reached)
    named = {ticket.key for c in commands for ticket in c.tickets}
    return _Scope(alone, spares=any(ticket.key not in named for ticket in reached))


def _scope_of_bundling(
    context: MailContext, ticket: Ticket, bundle: AnyResolved, commands: tuple[AnyResolved, ...]
) -> _Scope:
    """Return the scope of a mail with `#bundle`: the text goes to all only if it makes a new bundle.

    Otherwise the author was not shown all who are in it: the text goes to the requester of the mail's ticket.
    """
    leading: Ticket = bundle.value.leading
    members = {one.key: one for one in (leading, *bundle.tickets)}
    own = context.ticket
    if own is not None and own.leading_key == leading.key:
        members.setdefault(own.key, own)
    is_new = not leading.leads and all(one.bundle is None for one in members.values())
    if is_new and _is_for_all(context, members.values(), commands):
        readers = frozenset(members)
    else:
        readers = frozenset({own.key if own is not None and own.key in members else leading.key})
    others = (one for one in members.values() if one.key != leading.key)
    return _Scope(readers, tuple(others) if ticket.key == leading.key else ())


def _was_shown(context: MailContext, leading: Ticket, others: Iterable[Ticket]) -> bool:
    """Return whether a mail answers one about the ticket that leads a bundle, which showed these others."""
    answered = context.answered_mail
    about = context.facts.ticket(answered.ticket) if answered is not None else None
    is_about = about is not None and about.key == leading.key
    shown = {key for key, _ in answered.shows} if answered is not None and is_about else set()
    return shown.issuperset(other.key for other in others)


def _is_for_all(context: MailContext, tickets: Collection[Ticket], commands: Iterable[AnyResolved]) -> bool:
    """Return whether the text and the commands of a mail may concern all of these tickets.

    They may if the text has no line or words of a requester, is not between such lines, and names no one, and
    if each command is one for all of a bundle. An answer that was held and confirmed concerns one ticket, as
    the question about it said.
    """
    released = context.facts.released
    changes = (c.command for c in commands if isinstance(c.command, TicketCommand))
    return (
        (released is None or released.definition.confirms is not Confirms.WORDING)
        and all(command.for_bundle or command == BUNDLE for command in changes)
        and not _quotes_or_answers_lines(context)
        and not _is_about_one(context, tickets)
    )


def _is_about_one(context: MailContext, tickets: Collection[Ticket]) -> bool:
    """Return whether the text repeats words of a requester, or names one or another ticket."""
    text = context.reading.text
    histories = (context.facts.histories.get(ticket.key, ()) for ticket in tickets)
    said = (m.text for m in chain.from_iterable(histories) if m.direction is Direction.IN)
    people = [person for ticket in tickets for person in (ticket.requester, *ticket.cc)]
    identifiers = [*(ticket.key for ticket in tickets), *(person.email for person in people)]
    return repeats(text, said) or names_any(text, (person.name for person in people), identifiers)


def _quotes_or_answers_lines(context: MailContext) -> bool:
    """Return whether the text has quoted lines, or stands between or below a few of the answered mail."""
    if any(is_quoted(line) for line in context.reading.text.split("\n")):
        return True
    own, quoted = (_lines(text) for text in (context.reading.text, context.mail.quoted))
    lines = [line.strip("> \t") for line in context.mail.whole_text.split("\n")]
    at = [number for number, line in enumerate(lines) if line in quoted - own]
    if not at:
        return False
    last = at[-1] if len(at) >= _WHOLE_QUOTATION else len(lines)
    return any(at[0] < number < last for number, line in enumerate(lines) if line in own - quoted)


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
    change = _change_one(context, leading, own, scope)
    left = {ticket.key: ticket for ticket in context.facts.followers(leading)}
    for ticket in scope.others:
        for_all = [c for c in own if _is_for_others(c) and _has_answer(c, leading, ticket)]
        named = [c for c in commands if ticket in c.tickets and c not in for_all]
        other = _change_one(context, ticket, [*for_all, *named], scope, _informed(context, change))
        left[ticket.key] = other.after
        change = _joined(change, other)
    if not leading.leads or change.after.leads:
        return change
    ended = (SetBundle(key, None) for key, ticket in left.items() if ticket.bundle == leading.number)
    return replace(change, effects=(*change.effects, *ended))


def _change_one(
    context: MailContext,
    ticket: Ticket,
    commands: list[AnyResolved],
    scope: _Scope,
    informed: Informed | None = None,
) -> ChangedTicket:
    """Change one ticket of a bundle; `informed` are the colleagues who get a mail about an earlier one."""
    if ticket.key not in scope.readers or (informed is not None and context.is_internal):
        context = _without_text(context)
        commands = [c for c in commands if not isinstance(c.command, AnswerCommand)]
    change = change_ticket(context, ticket, commands, informed or frozenset())
    if scope.spares or (scope.others and scope.readers == {ticket.key}):
        return _with_note(change, commands if scope.spares else ())
    return change


def _is_for_others(resolved: AnyResolved) -> bool:
    command = resolved.command
    return isinstance(command, AnswerCommand) or (
        isinstance(command, TicketCommand) and (command.for_bundle or command == BUNDLE)
    )


def _has_answer(resolved: AnyResolved, leading: Ticket, other: Ticket) -> bool:
    """Return whether a command that adds text names another ticket, or that one followed the leading one."""
    adds = isinstance(resolved.command, AnswerCommand)
    return not adds or other in resolved.tickets or other.leading_key == leading.key


def _without_text(context: MailContext) -> MailContext:
    mail = replace(context.mail, text="", quoted="", parts=())
    return replace(context, mail=mail, reading=replace(context.reading, text=""))


def _with_note(change: ChangedTicket, commands: Iterable[AnyResolved]) -> ChangedTicket:
    """Return the change with the line of the receipt that says that it concerns this ticket only."""
    answers = any(
        isinstance(effect, AddMessage) and effect.message.visibility is Visibility.PUBLIC
        for effect in change.effects
    )
    if not answers and not any(map(_is_for_others, commands)):
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
