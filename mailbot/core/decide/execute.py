"""Execute the commands of a mail, answer its queries, and add its text to a ticket or open one."""

from dataclasses import replace

from mailbot.core.commands.bundle import Bundle
from mailbot.core.commands.context import MailContext, reply
from mailbot.core.commands.definition import (
    AnyResolved,
    MemberChange,
    MemberCommand,
    Query,
    ResolvedCommand,
    TicketCommand,
)
from mailbot.core.commands.members import REGISTER
from mailbot.core.decide.bundle_changes import change_tickets
from mailbot.core.decide.open_ticket import open_ticket
from mailbot.core.decide.ticket_changes import ChangedTicket
from mailbot.core.model.effects import Decision, DiscardMail, Effect, LearnName, Notify
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import CommandResult, Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Ticket

Commands = tuple[AnyResolved, ...]


def execute(context: MailContext, commands: Commands) -> Decision:
    """Decide about a human mail; discard a refused mail that it corrects, and learn the sender's name."""
    decision = _execute_commands(context, commands)
    effects = (*decision.effects, *_discard_refused(context), *_learn_name(context))
    return replace(decision, effects=effects)


def targets(context: MailContext, commands: Commands) -> tuple[Ticket, ...]:
    """Return the tickets that a mail changes: those that its commands name, else its own."""
    named = {t.key: t for c in commands if not isinstance(c.command, Query) for t in c.tickets}
    if named:
        return tuple(named.values())
    return () if context.ticket is None or (commands and context.has_no_content) else (context.ticket,)


def without_taken_text(context: MailContext, commands: Commands) -> MailContext:
    """Return the context without the text if that belongs to a command, and to no ticket."""
    named = any(resolved.tickets and not _for_author_only(resolved) for resolved in commands)
    to_ticket = named or context.answers_requester or _has_opening(commands)
    if to_ticket or not any(c.command.takes_text for c in commands):
        return context
    return replace(context, reading=replace(context.reading, text=""))


def _for_author_only(resolved: AnyResolved) -> bool:
    return isinstance(resolved.command, TicketCommand) and resolved.command.for_author_only


def _has_opening(commands: Commands) -> bool:
    """Return whether a command changes the ticket that its mail opens."""
    return any(isinstance(c.command, TicketCommand) and c.command.opening for c in commands)


def changed_tickets(context: MailContext, commands: Commands) -> tuple[Ticket, ...]:
    """Return the tickets that a mail changes, including those into which it merges others."""
    merged = (c.value for c in commands if isinstance(c.value, Ticket))
    return (*targets(context, commands), *merged)


def opens_ticket(context: MailContext, commands: Commands) -> bool:
    """Return whether a mail opens a ticket with its text."""
    if targets(context, commands) or (not commands and context.answers_invitation):
        return False
    return _has_opening(commands) or (not context.reading.lines and context.may_open_ticket)


def _execute_commands(context: MailContext, commands: Commands) -> Decision:
    if not commands and context.answers_invitation and context.trust.trusted:
        commands = (ResolvedCommand(REGISTER, (), None),)
    member_effects, member_results = _execute_member_commands(context, commands)
    answers: tuple[Effect, ...] = (*member_effects, *_answer_queries(context, commands))
    tickets = targets(context, commands)
    if not tickets:
        if member_results:
            receipt = reply(context, NotificationKind.COMMAND_RECEIPT, done=member_results)
            receipt = replace(receipt, undoable=_undoable(receipt, member_results, []))
            answers = (*answers, Notify(receipt))
        return _without_ticket(context, answers, commands)
    if context.has_no_content and not commands and context.role.staff:
        return _help(context, "the mail is empty")
    changes = change_tickets(context, tickets, commands)
    effects = [effect for change in changes for effect in change.effects]
    done = (*member_results, *(done for change in changes for done in change.done))
    if done:
        ticket = _receipt_ticket(context, done, commands)
        receipt = reply(context, NotificationKind.COMMAND_RECEIPT, ticket, done=done)
        effects.append(Notify(replace(receipt, undoable=_undoable(receipt, member_results, changes))))
    names = ", ".join(f"#{c.command.name}" for c in commands)
    because = f"executes {names}" if names else "adds a message"
    return Decision(
        "command" if done and commands else "reply", (because,), (*effects, *answers), tickets[0].key
    )


def _undoable(
    receipt: Notification, member_results: tuple[CommandResult, ...], changes: list[ChangedTicket]
) -> bool:
    """Return whether one `#undo` in a reply to this receipt reverts all changes."""
    changed = [change for change in changes if change.changed]
    if not all(result.already or result.undoable for result in member_results):
        return False
    about = [receipt.ticket.key] if receipt.ticket is not None and changed else []
    reverted = [*changed, *(result for result in member_results if not result.already)]
    return bool(reverted) and [c.after.key for c in changed] == about and all(c.undoable for c in changed)


def _execute_member_commands(
    context: MailContext, commands: Commands
) -> tuple[tuple[Effect, ...], tuple[CommandResult, ...]]:
    """Return the effects and the results of the commands' changes apart from tickets."""
    effects: list[Effect] = []
    done: list[CommandResult] = []
    for resolved in commands:
        for change in _member_changes(context, resolved):
            effects += change.effects
            if change.receipt:
                done.append(_member_result(resolved, change))
    return tuple(effects), tuple(done)


def _member_changes(context: MailContext, resolved: AnyResolved) -> tuple[MemberChange, ...]:
    command = resolved.command
    if isinstance(command, MemberCommand):
        return (command.handler(context, resolved.value),)
    if isinstance(command, TicketCommand) and command.beside is not None:
        return command.beside(context, resolved.value)
    return ()


def _member_result(resolved: AnyResolved, change: MemberChange) -> CommandResult:
    command = resolved.command
    return CommandResult(
        change.phrase or command.name,
        None,
        (),
        change.already,
        change.detail,
        change.until,
        links=command.links if isinstance(command, MemberCommand) else (),
        text=change.text,
        undoable=isinstance(command, MemberCommand) and command.undoable,
        personal=change.personal,
    )


def _answer_queries(context: MailContext, commands: Commands) -> tuple[Effect, ...]:
    effects: list[Effect] = []
    for resolved in commands:
        if isinstance(resolved.command, Query):
            about = (context, resolved.tickets, resolved.value)
            effects += map(Notify, resolved.command.answers(*about))
            effects += resolved.command.effects(*about)
    return tuple(effects)


def _without_ticket(context: MailContext, answers: tuple[Effect, ...], commands: Commands) -> Decision:
    """Answer queries, or open a ticket with the remaining text."""
    opening = _has_opening(commands)
    if answers and not opening and (context.role.staff or context.has_no_content):
        names = ", ".join(f"#{resolved.command.name}" for resolved in commands)
        only_queries = all(isinstance(resolved.command, Query) for resolved in commands)
        return Decision("answered" if only_queries else "command", (f"executes {names}",), answers)
    if (
        context.role.staff
        and context.answered_mail is not None
        and context.answered_mail.ticket is None
        and not opening
    ):
        return _help(context, "replies to a mail that belongs to no ticket")
    opened = open_ticket(context, commands)
    return replace(opened, effects=(*opened.effects, *answers))


def _help(context: MailContext, because: str) -> Decision:
    return Decision("answered", (because,), (Notify(reply(context, NotificationKind.HELP, context.ticket)),))


def _receipt_ticket(
    context: MailContext, done: tuple[CommandResult, ...], commands: Commands
) -> Ticket | None:
    """Return the ticket of a receipt after the changes: that of the mail, else the last changed one.

    For a new bundle it is the ticket that leads it, so that a reply concerns all of the bundle.
    """
    changed = {item.ticket.key: item.ticket for item in done if item.ticket is not None}
    leading = next((c.value.leading.key for c in commands if isinstance(c.value, Bundle)), "")
    own = context.ticket.key if context.ticket else ""
    return changed.get(leading) or changed.get(own) or context.ticket or next(reversed(changed.values()))


def _discard_refused(context: MailContext) -> tuple[Effect, ...]:
    """Discard the held mail of a refusal if this mail is its corrected version."""
    refusal = context.answered_mail
    if refusal is None or refusal.held is None or refusal.kind is not NotificationKind.REFUSAL:
        return ()
    return (DiscardMail(refusal.held),)


def _learn_name(context: MailContext) -> tuple[Effect, ...]:
    """Record the name that a member uses in From."""
    shown, person = context.mail.senders[0].name, context.person.email
    known = context.facts.names.get(person)
    if context.member is None or not context.trust.trusted or not shown or shown == known:
        return ()
    return (LearnName(Address(person, shown)),)
