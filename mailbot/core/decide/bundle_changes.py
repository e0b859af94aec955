"""Change the tickets of a mail; a change of the ticket that leads a bundle is made on all of its tickets."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from mailbot.core.commands.bundle import BUNDLE, UNBUNDLE
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import AnswerCommand, AnyResolved, TicketCommand
from mailbot.core.commands.status import UNDO
from mailbot.core.decide.common_answer import CommonAnswer, common_answer
from mailbot.core.decide.ticket_changes import ChangedTicket, Informed, change_ticket
from mailbot.core.model.effects import AddMessage, Effect, Notify, SetBundle
from mailbot.core.model.notification import CommandResult
from mailbot.core.model.notification_kind import Audience, Confirms
from mailbot.core.model.ticket import Ticket, Visibility, answered_with

ALONE = "answer_alone"
"""The phrase of the receipt that says that a mail concerns one ticket of a bundle only."""
TEXT_ALONE = "text_alone"
"""The phrase of the receipt that says that only the requester of one ticket of a bundle got the text."""
FILES_ALONE = "files_alone"
"""The phrase of the receipt that names files which only the requester of one ticket of a bundle got."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """The other tickets of a bundle that a mail changes.

    `readers` are the keys of the tickets whose requesters get its text: that of `own` all of it, the others
    what is `common`. `spares`: it leaves others as they are, although it is about the ticket that leads.
    """

    own: str
    readers: frozenset[str]
    common: CommonAnswer | None = None
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
    alone = _Scope(leading.key, frozenset({leading.key}))
    if not context.role_on(leading).staff:
        return alone
    own = {c.command: c for c in commands if leading in c.tickets}
    if (bundle := own.get(BUNDLE)) is not None:
        return _scope_of_bundling(context, leading, bundle, commands)
    followers = context.facts.followers(leading)
    reached = answered_with(leading, followers)
    common = None
    if _was_shown(context, leading, reached) and _is_confirmed(context, reached):
        common = common_answer(context, leading, (leading, *followers), commands)
    scope = alone
    if common is not None:
        scope = replace(alone, readers=frozenset({leading.key, *(t.key for t in reached)}), common=common)
    if UNDO in own:
        return replace(scope, others=tuple(_changed_together(context, leading)))
    if UNBUNDLE in own:
        return replace(scope, others=followers)
    if common is not None:
        return replace(scope, others=reached)
    named = {ticket.key for c in commands for ticket in c.tickets}
    return replace(alone, spares=any(ticket.key not in named for ticket in reached))


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
    own = members.get(own.key, leading) if own is not None else leading
    is_new = not leading.leads and all(one.bundle is None for one in members.values())
    goes_to_all = is_new and _is_confirmed(context, members.values())
    common = common_answer(context, own, members.values(), commands) if goes_to_all else None
    readers = frozenset(members if common is not None else {own.key})
    others = (one for one in members.values() if one.key != leading.key)
    return _Scope(own.key, readers, common, tuple(others) if ticket.key == leading.key else ())


def _was_shown(context: MailContext, leading: Ticket, others: Iterable[Ticket]) -> bool:
    """Return whether a mail answers one about the ticket that leads a bundle, which showed these others."""
    answered = context.answered_mail
    about = context.facts.ticket(answered.ticket) if answered is not None else None
    is_about = about is not None and about.key == leading.key
    shown = {key for key, _ in answered.shows} if answered is not None and is_about else set()
    return shown.issuperset(other.key for other in others)


def _is_confirmed(context: MailContext, tickets: Iterable[Ticket]) -> bool:
    """Return whether the question that released a held answer, if any, showed all of these tickets."""
    released = context.facts.released
    if released is None or released.definition.confirms is not Confirms.WORDING:
        return True
    return context.facts.released_for.issuperset(ticket.key for ticket in tickets)


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
    context: MailContext, leading: Ticket, scope: _Scope, commands: tuple[AnyResolved, ...]
) -> ChangedTicket:
    """Change a ticket, and the others of its bundle in the same way; a colleague gets one mail of all."""
    own = [c for c in commands if leading in c.tickets]
    of_others = {ticket.key: [*_commands_for(ticket, leading, own, commands)] for ticket in scope.others}
    left = {ticket.key: ticket for ticket in context.facts.followers(leading)}
    left |= {t.key: _change_one(context, t, of_others[t.key], scope).after for t in scope.others}
    # The mails about the leading ticket show the bundle as it is after the change.
    tickets = {**context.facts.tickets, **left}
    context = replace(context, facts=replace(context.facts, tickets=tickets))
    change = _change_one(context, leading, own, scope)
    for ticket in scope.others:
        other = _change_one(context, ticket, of_others[ticket.key], scope, _informed(context, change))
        change = _joined(change, other)
    if change.after.leads:
        alike = {key for key, for_one in of_others.items() if all(c in own for c in for_one)}
        change = _about_leading(change, alike, tuple(left.values()))
    if not leading.leads or change.after.leads:
        return change
    ended = (SetBundle(key, None) for key, ticket in left.items() if ticket.bundle == leading.number)
    return replace(change, effects=(*change.effects, *ended))


def _about_leading(
    change: ChangedTicket, alike: Collection[str], others: tuple[Ticket, ...]
) -> ChangedTicket:
    """Let a colleague read about the leading ticket, and so of all, what happened to the others as well.

    The leading ticket causes no such mail if they know that its assignee works on it.
    """

    def about(effect: Effect) -> Effect:
        if not isinstance(effect, Notify):
            return effect
        mail = effect.notification
        definition = mail.kind.definition
        is_copy = definition.audience is Audience.STAFF and definition.shows_answer and mail.role.staff
        if not is_copy or mail.ticket is None or mail.ticket.key not in alike:
            return effect
        return Notify(replace(mail, ticket=change.after, bundle=others))

    return replace(change, effects=tuple(map(about, change.effects)))


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
    elif ticket.key != scope.own and scope.common is not None:
        context = scope.common.of(context)
        begin = scope.common.begin
        commands = [replace(c, position=max(0, c.position - begin)) for c in commands]
    change = change_ticket(context, ticket, commands, informed or frozenset())
    if ticket.key == scope.own:
        return replace(change, done=(*change.done, *_notes(change, commands, scope)))
    return change


def _is_for_others(resolved: AnyResolved) -> bool:
    command = resolved.command
    return isinstance(command, AnswerCommand) or (
        isinstance(command, TicketCommand) and (command.for_bundle or command == BUNDLE)
    )


def _commands_for(
    other: Ticket, leading: Ticket, own: Iterable[AnyResolved], commands: Iterable[AnyResolved]
) -> Iterator[AnyResolved]:
    """Yield the commands for another ticket of a bundle: those of the leading one for all, and its own."""
    for_all = [c for c in own if _is_for_others(c) and _has_answer(c, leading, other)]
    yield from for_all
    yield from (c for c in commands if other in c.tickets and c not in for_all)


def _has_answer(resolved: AnyResolved, leading: Ticket, other: Ticket) -> bool:
    """Return whether a command that adds text names another ticket, or that one followed the leading one."""
    adds = isinstance(resolved.command, AnswerCommand)
    return not adds or other in resolved.tickets or other.leading_key == leading.key


def _without_text(context: MailContext) -> MailContext:
    mail = replace(context.mail, text="", quoted="", parts=())
    return replace(context, mail=mail, reading=replace(context.reading, text=""))


def _notes(change: ChangedTicket, commands: Iterable[AnyResolved], scope: _Scope) -> Iterator[CommandResult]:
    """Yield the lines of the receipt about what concerns this ticket only, or went to its requester only."""
    answers = any(
        isinstance(effect, AddMessage) and effect.message.visibility is Visibility.PUBLIC
        for effect in change.effects
    )
    people = tuple(e.notification.to for e in change.effects if isinstance(e, Notify))
    if scope.spares and (answers or any(map(_is_for_others, commands))):
        yield CommandResult(ALONE, change.after, people)
    elif answers and scope.others and scope.readers == {scope.own}:
        yield CommandResult(TEXT_ALONE, change.after)
    elif answers and scope.common is not None and len(scope.readers) > 1 and scope.common.withheld:
        yield CommandResult(FILES_ALONE, change.after, detail=", ".join(scope.common.withheld))


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
