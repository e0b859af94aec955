"""Carry out the commands of a mail, answer its questions, and file its text or open a ticket with it."""

from dataclasses import replace

from mailbot.core.commands.context import MailContext, reply
from mailbot.core.commands.definition import AnyResolved, MemberCommand, Query, TicketCommand
from mailbot.core.decide.open_ticket import open_ticket
from mailbot.core.decide.ticket_changes import ChangedTicket, change_ticket
from mailbot.core.model.effects import Decision, DiscardMail, Effect, LearnName, Notify
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import CommandResult, Notification, NotificationKind
from mailbot.core.model.ticket import Ticket

Commands = tuple[AnyResolved, ...]


def execute(context: MailContext, commands: Commands) -> Decision:
    """Return what a mail does, and what follows for a mail that was held and for the writer's name."""
    decision = _changes(context, commands)
    effects = (*decision.effects, *_discarded(context), *_name(context))
    return replace(decision, effects=effects)


def targets(context: MailContext, commands: Commands) -> tuple[Ticket, ...]:
    """Return the tickets that a mail changes: those its commands name, else the one it belongs to."""
    named = {t.key: t for c in commands if not isinstance(c.command, Query) for t in c.tickets}
    if named:
        return tuple(named.values())
    return () if context.ticket is None or (commands and context.has_no_content) else (context.ticket,)


def _changes(context: MailContext, commands: Commands) -> Decision:
    own, own_done = _about_writer(context, commands)
    answers: tuple[Effect, ...] = (*own, *_answers(context, commands))
    tickets = targets(context, commands)
    if not tickets:
        if own_done:
            answers = (*answers, Notify(reply(context, NotificationKind.COMMAND_RECEIPT, done=own_done)))
        return _without_ticket(context, answers, commands)
    if context.has_no_content and not commands and context.role.staff:
        return _help(context, "nothing is written in it")
    changes = [change_ticket(context, t, [c for c in commands if t in c.tickets]) for t in tickets]
    effects = [effect for change in changes for effect in change.effects]
    done = (*own_done, *(done for change in changes for done in change.done))
    if done:
        about = _about(context, done)
        receipt = reply(context, NotificationKind.COMMAND_RECEIPT, about, done=done)
        effects.append(Notify(replace(receipt, undoable=_undoable(receipt, own_done, changes))))
    names = ", ".join(f"#{c.command.name}" for c in commands)
    because = f"carries out {names}" if names else "files a message"
    return Decision("command" if done else "reply", (because,), (*effects, *answers), tickets[0].key)


def _undoable(receipt: Notification, own: tuple[CommandResult, ...], changes: list[ChangedTicket]) -> bool:
    """Tell whether one `#undo` in an answer to this receipt takes everything back."""
    changed = [change for change in changes if change.changed]
    if not all(own_change.already for own_change in own) or receipt.ticket is None:
        return False
    return [c.after.key for c in changed] == [receipt.ticket.key] and all(c.undoable for c in changed)


def _about_writer(
    context: MailContext, commands: Commands
) -> tuple[tuple[Effect, ...], tuple[CommandResult, ...]]:
    """Return what commands about the writer change, and what the receipt says of them."""
    effects: list[Effect] = []
    done: list[CommandResult] = []
    for resolved in commands:
        command = resolved.command
        if isinstance(command, MemberCommand):
            change = command.handler(context, resolved.value)
            effects += change.effects
            already, detail, until = change.already, change.detail, change.until
            if change.receipt:
                done.append(
                    CommandResult(command.name, None, (), already, detail, until, links=command.links)
                )
    return tuple(effects), tuple(done)


def _answers(context: MailContext, commands: Commands) -> tuple[Effect, ...]:
    return tuple(
        Notify(answer)
        for resolved in commands
        if isinstance(resolved.command, Query)
        for answer in resolved.command.answers(context, resolved.tickets, resolved.value)
    )


def _without_ticket(context: MailContext, answers: tuple[Effect, ...], commands: Commands) -> Decision:
    """Answer questions, or open a ticket with the remaining text."""
    opening = any(isinstance(c.command, TicketCommand) and c.command.opening for c in commands)
    if answers and not opening and (context.role.staff or context.has_no_content):
        names = ", ".join(f"#{command.name}" for command in context.reading.commands)
        only_mails = all(isinstance(effect, Notify) for effect in answers)
        return Decision("answered" if only_mails else "command", (f"carries out {names}",), answers)
    if context.role.staff and context.letter is not None and context.letter.ticket is None and not opening:
        return _help(context, "answers a letter that is about no ticket")
    opened = open_ticket(context, commands)
    return replace(opened, effects=(*opened.effects, *answers))


def _help(context: MailContext, because: str) -> Decision:
    return Decision("answered", (because,), (Notify(reply(context, NotificationKind.HELP, context.ticket)),))


def _about(context: MailContext, done: tuple[CommandResult, ...]) -> Ticket | None:
    """Return the ticket that a receipt is about, as it is now: that of the mail, or the last that changed."""
    changed = [item.ticket for item in done if item.ticket is not None]
    own = context.ticket.key if context.ticket else ""
    return next((t for t in reversed(changed) if t.key == own), None) or context.ticket or changed[-1]


def _discarded(context: MailContext) -> tuple[Effect, ...]:
    """Discard the mail that was held when it was refused: its corrected version is carried out."""
    letter = context.letter
    if letter is None or letter.held is None or letter.kind is not NotificationKind.REFUSAL:
        return ()
    return (DiscardMail(letter.held),)


def _name(context: MailContext) -> tuple[Effect, ...]:
    """Learn the name that a member uses."""
    shown, person = context.mail.senders[0].name, context.person.email
    known = context.facts.names.get(person)
    if context.member is None or not context.trust.trusted or not shown or shown == known:
        return ()
    return (LearnName(Address(person, shown)),)
