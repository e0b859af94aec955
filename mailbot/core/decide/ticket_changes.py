"""Change one ticket by the commands and the text of a mail."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import (
    Annotation,
    AnswerCommand,
    AnyResolved,
    Restructuring,
    TicketCommand,
)
from mailbot.core.commands.parse import COMMANDS
from mailbot.core.commands.saved_answers import SAVE, USE, without_placeholders
from mailbot.core.commands.status import NOTE
from mailbot.core.decide.open_ticket import people_in_headers
from mailbot.core.model.effects import (
    AddCc,
    AddMessage,
    Assign,
    Effect,
    Notify,
    RevertChange,
    SetBlocked,
    SetMuted,
    SetStatus,
    SolveByTip,
)
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import CommandResult, Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import MAX_CC, Direction, Message, Role, Status, Ticket, Visibility
from mailbot.core.model.transition import apply
from mailbot.core.recipients import recipients
from mailbot.core.recipients.attendees import to_attendees, without_repetition
from mailbot.core.recipients.ticket_change import TicketChange
from mailbot.core.text.header_block import is_quoted
from mailbot.core.text.tip_text import capitalised

Informed = frozenset[tuple[str, NotificationKind]]
"""The registered addresses of colleagues who get a mail about a bundle, each with the kind of the mail."""


@dataclass(frozen=True, slots=True)
class ChangedTicket:
    """A ticket after a mail, and the lines of the receipt.

    `changed`: commands changed it. `undoable`: `#undo` can revert them.
    """

    after: Ticket
    effects: tuple[Effect, ...]
    done: tuple[CommandResult, ...]
    changed: bool
    undoable: bool


@dataclass(frozen=True, slots=True)
class _Applied:
    resolved: AnyResolved
    command: TicketCommand[object]
    effects: tuple[Effect, ...]


def change_ticket(
    context: MailContext, ticket: Ticket, commands: list[AnyResolved], informed: Informed = frozenset()
) -> ChangedTicket:
    """Apply the commands about one ticket and the text of the mail; return the change and its effects.

    `informed` are the colleagues who get a mail of the same kind about the ticket that leads its bundle.
    """
    # A supporter who is the requester acts as staff by a command that only staff have.
    by_staff = context.role_on(ticket).staff or any(Role.REQUESTER not in c.command.roles for c in commands)
    applied = _apply_commands(context, ticket, commands)
    restructuring = next((one for one in applied if one.command.restructuring), None)
    answers = [(c.command, c) for c in commands if isinstance(c.command, AnswerCommand)]
    texts = [(one.position, command.text(context, ticket, one.value)) for command, one in answers]
    message = _new_message(context, ticket, texts, by_staff=by_staff)
    people = _new_people(context, ticket)
    # An unproven mail adds no reader; the team is offered these people instead.
    cc_added = [AddCc(ticket.key, person) for person in people if context.trust.trusted]
    not_in_cc = () if context.trust.trusted else people
    effects: list[Effect] = [*cc_added]
    effects += _add_message(ticket, message, restructuring, by_stranger=not context.is_participant(ticket))
    effects += [effect for one in applied for effect in one.effects]
    effects += [effect for command, one in answers for effect in command.handler(ticket, one.value)]
    effects += (
        _auto_assign(context, ticket, effects, message)
        if by_staff
        else _reopen_on_reply(context, ticket, applied, message)
    )
    after = apply(ticket, effects, context.now)
    effects += _unblock(ticket, after, effects, context.facts.blocked)
    change = context.change(ticket, after, message, [cc.person for cc in cc_added], not_in_cc)
    found = _notifications(context, change, effects, restructuring, by_staff=by_staff)
    notifications = _once(found, change, effects, informed)
    effects += map(Notify, notifications)
    others = (n.to for n in notifications if n.to.email not in change.actor_addresses)
    people = tuple({person.email: person for person in others}.values())
    done = [_result(context, one, after, people, asks=not by_staff and message is None) for one in applied]
    done += [CommandResult(c.name, after, people, detail=c.receipt(one.value).detail) for c, one in answers]
    done += _notes(commands, message, after, people)
    undoable = all(one.command.undoable for one in applied if one.effects)
    return ChangedTicket(after, tuple(effects), tuple(done), any(one.effects for one in applied), undoable)


def _once(
    found: Iterable[Notification], change: TicketChange, effects: list[Effect], informed: Informed
) -> tuple[Notification, ...]:
    """Return one notification to each person, none to colleagues who are informed, and those to attendees."""
    others = recipients.deduplicate(found, change)
    registered = change.policy.registered
    others = tuple(n for n in others if not (n.role.staff and (registered(n.to.email), n.kind) in informed))
    calendar_mails = to_attendees(change, _blocked(effects))
    return (*without_repetition(others, calendar_mails, change), *calendar_mails)


def _apply_commands(context: MailContext, ticket: Ticket, commands: list[AnyResolved]) -> list[_Applied]:
    """Apply the commands to the ticket in the order of COMMANDS; return each with its effects."""
    applied: list[_Applied] = []
    for resolved in sorted(commands, key=lambda c: COMMANDS.index(c.command)):
        command = resolved.command
        # The same command in subject and text is one command.
        known = any(one.command == command and one.resolved.value == resolved.value for one in applied)
        if isinstance(command, TicketCommand) and not known:
            effects = command.handler(ticket, resolved.value, context.person)
            effects = tuple(effect for effect in effects if not _copies_to_list(context, ticket, effect))
            ticket = apply(ticket, effects, context.now)
            applied.append(_Applied(resolved, command, effects))
    return applied


def _copies_to_list(context: MailContext, ticket: Ticket, effect: Effect) -> bool:
    """Return whether an effect keeps a list in cc that is not the requester any more."""
    listed = ticket.key in context.facts.from_lists
    return listed and isinstance(effect, AddCc) and effect.person == ticket.requester


def _result(
    context: MailContext, one: _Applied, after: Ticket, notified: tuple[Address, ...], *, asks: bool
) -> CommandResult:
    """Return the line of the receipt about a command; `asks`: a requester wrote no text beside it."""
    receipt = one.command.receipt(one.resolved.value)
    absence = context.facts.absences.get(receipt.person.email) if receipt.person else None
    until = absence.until if absence else None
    already = not one.effects
    phrase = one.command.name
    if after.key in receipt.forged:
        phrase += "_forged"
    elif asks and one.command.asks_why:
        phrase += "_why"
    return CommandResult(phrase, after, notified, already, receipt.detail, until, receipt.due)


def _notes(
    commands: list[AnyResolved], message: Message | None, after: Ticket, people: tuple[Address, ...]
) -> list[CommandResult]:
    """Return the line of the receipt that says that the text of the mail stayed internal."""
    internal = message is not None and message.visibility is Visibility.INTERNAL
    noted = any(isinstance(c.command, Annotation) for c in commands)
    return [CommandResult(NOTE.name, after, people)] if noted or (internal and commands) else []


def _add_message(
    ticket: Ticket, message: Message | None, applied: _Applied | None, *, by_stranger: bool
) -> list[Effect]:
    """Add the text to the ticket, or to the one in which a restructured ticket continues."""
    if message is None:
        return []
    if applied is not None and applied.command.restructuring is not None:
        ticket = applied.command.restructuring.continues_in(ticket, applied.resolved.value)
    return [AddMessage(ticket.key, message, by_stranger)]


def _notifications(
    context: MailContext,
    change: TicketChange,
    effects: list[Effect],
    applied: _Applied | None,
    *,
    by_staff: bool,
) -> Iterator[Notification]:
    restructuring: Restructuring[object] | None = applied.command.restructuring if applied else None
    if applied is not None and restructuring is not None:
        yield from restructuring.notify(context, change, applied.resolved.value, effects)
        return
    yield from recipients.to_new_participants(change)
    reverted = [effect.ticket for effect in effects if isinstance(effect, RevertChange)]
    for key in reverted:
        yield from recipients.undo_notifications(change, context.facts.changes[key])
    if reverted:
        change = replace(change, before=change.after)  # people who knew of the change are notified above
    if by_staff:
        yield from recipients.to_requester_side(change)
        yield from recipients.to_colleagues(change)
    else:
        by_tip = any(isinstance(effect, SolveByTip) for effect in effects)
        yield from recipients.to_staff_from_requester(change, by_tip=by_tip)


def _new_people(context: MailContext, ticket: Ticket) -> tuple[Address, ...]:
    """Return the school's people in To and Cc of a participant's mail who do not take part in the ticket."""
    if ticket != context.ticket or not context.is_participant(ticket):
        return ()
    present = {ticket.requester.email, *(person.email for person in ticket.cc)}
    new = [person for person in people_in_headers(context) if person.email not in present]
    return tuple(new[: max(0, MAX_CC - len(ticket.cc))])


def _new_message(
    context: MailContext, ticket: Ticket, added: list[tuple[int, str]], *, by_staff: bool
) -> Message | None:
    """Return a message with the remaining text and the texts that commands add; None without any content.

    The quotation stays in the ticket of the mail, and so do quoted lines and pictures within the text:
    programs repeat those of the quoted mail.
    """
    if context.has_no_content and not added and (context.reading.lines or by_staff):
        return None
    own = context.mail.quoted if context.has_no_content and not added else context.reading.text
    # "#note" applies to the whole mail: together with "#close 14" it keeps the text internal there too.
    internal = context.is_internal if by_staff else context.reading.has(NOTE)
    quotes = _may_quote(context, ticket)
    return Message(
        # An answer to an invitation is no work on the ticket, so reminders go on.
        direction=Direction.OUT if by_staff and not context.answers_calendar else Direction.IN,
        visibility=Visibility.INTERNAL if internal else Visibility.PUBLIC,
        author=context.sender,
        # Without any text, the author wrote between quoted lines.
        text="\n\n".join(_paragraphs(context, ticket, own, added)),
        at=context.now,
        message_id=context.mail.message_id,
        quoted=context.mail.quoted if quotes else "",
        attachments=tuple(file for file in context.attachments if quotes or not file.inline),
        proven=context.trust.trusted,
        forged=context.trust.forged,
        signature=context.signature,
    )


def _may_quote(context: MailContext, ticket: Ticket) -> bool:
    """Return whether the answered mail, parts of which the mail may repeat, is about this ticket."""
    return context.ticket is None or context.ticket.key == ticket.key


def _paragraphs(
    context: MailContext, ticket: Ticket, own: str, added: list[tuple[int, str]]
) -> Iterator[str]:
    """Yield the author's own words, and each added text at the line of its command.

    A saved answer without the salutation that its author wrote above begins in upper case.
    """
    filled = context.reading.has(SAVE) or context.reading.has(USE)
    begin, has_text_above = 0, False
    for position, text in (*added, (len(own), "")):
        words = own[begin:position].strip() if added else own
        if not _may_quote(context, ticket):
            words = "\n".join(line for line in words.split("\n") if not is_quoted(line)).strip()
        words = without_placeholders(context, ticket, words) if filled else words
        if words:
            yield words
        if text:
            yield text if words or has_text_above else capitalised(text)
        has_text_above = has_text_above or bool(words or text)
        begin = position


def _auto_assign(
    context: MailContext, ticket: Ticket, effects: list[Effect], message: Message | None
) -> list[Effect]:
    """Assign the ticket to the first member who answers or closes it, unless it was just assigned."""
    decided = ticket.assignee is not None or any(
        isinstance(e, Assign | RevertChange | SetBlocked | SetMuted) for e in effects
    )
    closes = any(isinstance(e, SetStatus) and e.status is Status.CLOSED for e in effects)
    answers = message is not None and message.visibility is Visibility.PUBLIC
    other_level = ticket.level == 2 and Role.SECOND_LEVEL not in context.roles(ticket)
    if decided or other_level or not (answers or closes):
        return []
    return [Assign(ticket.key, context.person)]


def _reopen_on_reply(
    context: MailContext, ticket: Ticket, applied: list[_Applied], message: Message | None
) -> list[Effect]:
    """Reopen a closed or waiting ticket when the requester's side writes again; a stranger does not."""
    if ticket.status is Status.OPEN or applied or message is None or not context.is_participant(ticket):
        return []
    return [SetStatus(ticket.key, Status.OPEN)]


def _blocked(effects: Iterable[Effect]) -> set[str]:
    return {effect.address for effect in effects if isinstance(effect, SetBlocked) and effect.blocked}


def _unblock(
    before: Ticket, after: Ticket, effects: Iterable[Effect], blocked: frozenset[tuple[str, str]]
) -> list[Effect]:
    """Unblock the requester of a spam ticket that is reopened or restored."""
    reopened = before.status is Status.CLOSED and after.status is not Status.CLOSED
    opens = reopened or any(isinstance(effect, RevertChange) for effect in effects)
    sender = (after.school, after.requester.email)
    return [SetBlocked(*sender, blocked=False, ticket=before.key)] if opens and sender in blocked else []
