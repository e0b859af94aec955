"""Open a ticket for a mail that belongs to none: notify the requester and the team."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mailbot.core.commands.context import MailContext, reply
from mailbot.core.commands.definition import AnyResolved, TicketCommand
from mailbot.core.commands.saved_answers import without_placeholders
from mailbot.core.decide.same_problem import same_problem
from mailbot.core.model.effects import AddMessage, Decision, Effect, Notify, OpenTicket, SendTip
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import CommandResult
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.place import most_reported
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import MAX_CC, OpenReport, Ticket, Visibility
from mailbot.core.recipients import recipients
from mailbot.core.recipients.no_person import is_no_person
from mailbot.core.text.header_block import forwarded_sender
from mailbot.core.text.places import find_places
from mailbot.core.text.references import without_subject_tags

NO_SUBJECT = {"de": "(ohne Betreff)", "en": "(no subject)", "fr": "(sans objet)"}


def open_ticket(context: MailContext, commands: Iterable[AnyResolved] = ()) -> Decision:
    """Open a ticket with the text of the mail, including a forwarded mail.

    Only commands with an `opening` are applied to the new ticket.
    """
    opening = [(c.command, c.value) for c in commands if isinstance(c.command, TicketCommand)]
    ticket, text = _new_ticket(context, opening), _text(context)
    message = context.message(ticket.requester, text, Visibility.PUBLIC)
    present = {ticket.requester.email, *(person.email for person in ticket.cc)}
    offered = [p for p in people_in_headers(context) if p.email not in present]
    original = _original_sender(context, ticket)
    places = find_places(ticket.subject, text)
    calendar = context.facts.school.team.calendar
    change = replace(
        context.change(ticket, ticket, message, not_in_cc=offered, forwarded_from=original),
        resembling=same_problem(OpenReport.of(ticket, text), context.facts.open_reports),
        reports=most_reported(places, context.facts.reports, calendar, context.now),
    )
    notifications = recipients.deduplicate(recipients.to_team_of_new(change), change)
    earlier, reason = _previous_ticket(context)
    receipt = reply(
        context, NotificationKind.RECEIPT, ticket, text=text, related=earlier, related_reason=reason
    )
    receipt = replace(receipt, forwarded_from=original, tip=_tip(context, ticket))
    if ticket.requester is not context.sender:
        receipt = replace(receipt, to=ticket.requester, ticket=ticket, in_reply_to="")
    people = (ticket.requester, *(notification.to for notification in notifications))
    done = tuple(
        CommandResult(command.name, ticket, people, detail=command.receipt(value).detail)
        for command, value in opening
        if command.opening
    )
    receipts = (reply(context, NotificationKind.COMMAND_RECEIPT, ticket, done=done),) if done else ()
    effects: tuple[Effect, ...] = (
        OpenTicket(ticket, places),
        AddMessage(ticket.key, message),
        *map(Notify, (receipt, *notifications, *receipts)),
    )
    return Decision("opened", (f"opens {ticket.key}",), effects, ticket.key)


def _tip(context: MailContext, ticket: Ticket) -> SavedAnswer | None:
    """Return the tip for a new ticket, with its placeholders replaced.

    The team approved it for the people of the school and its staff. A stranger gets none, and neither does
    a person in whose name a forger wrote.
    """
    tip, school, requester = context.facts.tip, context.facts.school, ticket.requester
    works_for_it = any(requester.email in member.addresses for member in context.policy.staff(school))
    of_school = works_for_it or requester.domain in school.domains
    if tip is None or not of_school or context.trust.forged:
        return None
    return replace(tip, tip=without_placeholders(context, ticket, tip.tip))


def sent_tips(effects: Iterable[Effect]) -> tuple[SendTip, ...]:
    """Return the effects that record which tips the receipts among these effects have."""
    sent = (effect.notification for effect in effects if isinstance(effect, Notify))
    receipts = (one for one in sent if one.kind is NotificationKind.RECEIPT)
    return tuple(SendTip(one.ticket.key, one.tip.key) for one in receipts if one.ticket and one.tip)


def notify_of_tips(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    """Return the effects with the tip of each receipt in the mails to the team about that new ticket."""
    effects = tuple(effects)
    sent = [effect.notification for effect in effects if isinstance(effect, Notify)]
    tips = {one.ticket.key: one.tip for one in sent if one.ticket and one.tip}
    return tuple(_with_tip(effect, tips) for effect in effects)


def _with_tip(effect: Effect, tips: Mapping[str, SavedAnswer]) -> Effect:
    if not isinstance(effect, Notify) or effect.notification.ticket is None:
        return effect
    notification, key = effect.notification, effect.notification.ticket.key
    new = notification.kind in (NotificationKind.NEW_TICKET, NotificationKind.ALSO_REPORTED)
    return Notify(replace(notification, tip=tips[key])) if new and key in tips else effect


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
    added = people_in_headers(context) if context.trust.trusted else ()
    copies = {p.email: p for p in (*ticket.cc, *added) if p.email != email}
    return replace(ticket, cc=tuple(copies.values())[:MAX_CC])


def _text(context: MailContext) -> str:
    """Return the text of the mail, with the quotation if it is all or belongs to the problem."""
    text, mail = context.reading.text, context.mail
    belongs = mail.forwarded or not text or not mail.answers
    return f"{text}\n\n{mail.quoted}".strip() if mail.quoted and belongs else text


def _subject(context: MailContext) -> str:
    """Return the subject without our own tags; a supplier finds its ticket by its tag in our answer."""

    def is_ours(tag: str) -> bool:
        if tag.startswith("#"):  # a number of the former help desk, if that has a ticket of the sender
            imported = context.facts.ticket(tag)
            return imported is not None and context.is_participant(imported)
        return context.policy.school(tag.rpartition("-")[0]) is not None

    return without_subject_tags(context.reading.subject, is_ours)


def _previous_ticket(context: MailContext) -> tuple[Ticket | None, str]:
    """Return the sender's ticket that was closed too long ago to be reopened, and the reason."""
    related = context.match.related
    if related is None or not context.is_participant(related):
        return None, ""
    return related, context.match.related_reason


def _original_sender(context: MailContext, ticket: Ticket) -> Address | None:
    """Return the author of a mail that a member forwarded without `#for`, if they are no colleague."""
    mail = context.mail
    if context.member is None or not mail.forwarded or ticket.requester is not context.sender:
        return None
    found = forwarded_sender(mail.quoted)
    support = context.policy.support_addresses
    if found is None or context.policy.find_member(found.email) or is_no_person(found.email, mail, support):
        return None
    return found


def people_in_headers(context: MailContext) -> tuple[Address, ...]:
    """Return the people from the school's domains in To and Cc.

    In cc they get the answers and may query the ticket, so only an authenticated mail adds them.
    """
    school = context.facts.school
    addresses = {a.email: a for a in (*context.mail.to, *context.mail.cc)}
    staff = {address for m in context.policy.staff(school) for address in m.addresses}
    excluded = context.policy.support_addresses | context.sender_addresses | staff
    people = [a for a in addresses.values() if a.domain in school.domains and a.email not in excluded]
    support = context.policy.support_addresses
    return tuple(a for a in people if not is_no_person(a.email, context.mail, support))[:MAX_CC]
