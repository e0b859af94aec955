"""A mail that belongs to no ticket opens one: receipt to the requester, the problem to the team."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from mailbot.core.commands.context import MailContext, reply
from mailbot.core.commands.definition import AnyResolved, TicketCommand
from mailbot.core.model.effects import AddMessage, Decision, Effect, Notify, OpenTicket
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import CommandResult, NotificationKind
from mailbot.core.model.ticket import MAX_CC, Direction, Message, Ticket, Visibility
from mailbot.core.recipients import recipients

NO_SUBJECT = {"de": "(ohne Betreff)", "en": "(no subject)", "fr": "(sans objet)"}

_TAG = re.compile(r"\[\s*#[^\]\[]{1,40}\]")
_PREFIX = re.compile(r"(?:\s*(?:re|aw|antw|wg|fwd?|tr|rép)(?:\[\d+\])?\s?:)+\s*", re.I)


def open_ticket(context: MailContext, commands: Iterable[AnyResolved] = ()) -> Decision:
    """Open a ticket with the text of the mail; what was forwarded belongs to it, or is all there is.

    Of the commands only those count that have an `opening`.
    """
    opening = [(c.command, c.value) for c in commands if isinstance(c.command, TicketCommand)]
    ticket, text = _new_ticket(context, opening), _text(context)
    message = _message(context, ticket.requester, text)
    change = context.change(ticket, ticket, message)
    told = recipients.deduplicate(recipients.to_team_of_new(change), change)
    earlier, reason = _previous_ticket(context)
    receipt = reply(
        context, NotificationKind.RECEIPT, ticket, text=text, related=earlier, related_reason=reason
    )
    if ticket.requester is not context.sender:
        receipt = replace(receipt, to=ticket.requester, ticket=ticket, in_reply_to="")
    people = (ticket.requester, *(notification.to for notification in told))
    done = tuple(
        CommandResult(command.name, ticket, people, detail=command.receipt(value).detail)
        for command, value in opening
        if command.opening
    )
    own = (reply(context, NotificationKind.COMMAND_RECEIPT, ticket, done=done),) if done else ()
    effects: tuple[Effect, ...] = (
        OpenTicket(ticket),
        AddMessage(ticket.key, message),
        *map(Notify, (receipt, *told, *own)),
    )
    return Decision("opened", (f"opens {ticket.key}",), effects, ticket.key)


def _new_ticket(context: MailContext, commands: Iterable[tuple[TicketCommand[Any], Any]]) -> Ticket:
    ticket = Ticket(
        school=context.facts.school.key,
        number=context.facts.next_number,
        subject=_subject(context) or NO_SUBJECT[context.facts.school.language],
        requester=context.sender,
        opened=context.now,
        updated=context.now,
        messages=1,
    )
    for command, value in commands:
        ticket = command.opening(ticket, value) if command.opening else ticket
    email = ticket.requester.email
    copies = {p.email: p for p in (*ticket.cc, *cc_from_headers(context)) if p.email != email}
    return replace(ticket, cc=tuple(copies.values())[:MAX_CC])


def _message(context: MailContext, requester: Address, text: str) -> Message:
    return Message(
        Direction.IN,
        Visibility.PUBLIC,
        requester,
        text,
        context.now,
        context.mail.message_id,
        context.mail.quoted,
        context.attachments,
    )


def _text(context: MailContext) -> str:
    """Return what the mail says, with what it forwards or quotes alone."""
    text, mail = context.reading.text, context.mail
    return f"{text}\n\n{mail.quoted}".strip() if mail.quoted and (mail.forwarded or not text) else text


def _subject(context: MailContext) -> str:
    """Return the subject without the marks of an older ticket or mail."""
    subject = " ".join(_TAG.sub(" ", context.reading.subject).split())
    return _PREFIX.sub("", subject, count=1) if _TAG.search(context.reading.subject) else subject


def _previous_ticket(context: MailContext) -> tuple[Ticket | None, str]:
    """Return the requester's own ticket that was closed too long ago to be opened again."""
    related = context.match.related
    if related is None or not context.is_participant(related):
        return None, ""
    return related, context.match.related_reason


def cc_from_headers(context: MailContext) -> tuple[Address, ...]:
    """Return the people of the school's own domains who got the mail too, if the mail is trusted.

    Answers go to them and they may ask for the ticket: a forger must not put an address of theirs there.
    """
    if not context.trust.trusted:
        return ()
    others = {a.email: a for a in (*context.mail.to, *context.mail.cc)}
    own = context.policy.support_addresses | context.support_addresses
    staff = {address for m in context.policy.staff(context.facts.school) for address in m.addresses}
    kept = [a for e, a in others.items() if a.domain in context.facts.school.domains and e not in own | staff]
    return tuple(kept[:MAX_CC])
