"""Decide about the answer of a calendar program to an invitation that mailbot sent (RFC 5546, 3.2.3)."""

from dataclasses import replace
from datetime import datetime, timedelta

from mailbot.core.classify.trust import Evidence, trust
from mailbot.core.model.appointment import Appointment, CalendarAnswer
from mailbot.core.model.effects import AddMessage, Decision, Effect, Notify
from mailbot.core.model.facts import Facts
from mailbot.core.model.mail import Address, Mail
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Policy
from mailbot.core.model.ticket import Direction, Message, Ticket, Visibility
from mailbot.core.model.transition import apply, attendees
from mailbot.core.recipients.recipients import deduplicate, to_assignees
from mailbot.core.recipients.ticket_change import TicketChange

MAX_HOURLY = 10
"""Messages by the requester's side of a ticket within an hour, after which answers are only filed."""


def decide_calendar_answer(
    mail: Mail, reason: str, facts: Facts, policy: Policy, now: datetime
) -> Decision | None:
    """Add an attendee's answer to the ticket, and notify the assignee; None if it is not one of ours.

    The UID proves that the sender got the invitation, since it is random. Nothing else in the answer counts
    as proof, so it changes neither the ticket nor the appointment.
    """
    answer, ticket, sender = mail.calendar_answer, facts.ticket(facts.by_appointment), mail.sender
    appointment = ticket.appointment if ticket is not None else None
    if answer is None or ticket is None or appointment is None or sender is None:
        return None
    addresses = policy.addresses(sender.email)
    found = answer.of(addresses)
    invited = {address for email in attendees(ticket) for address in policy.addresses(email)}
    if found is None or sender.email not in invited or _is_forged(mail, facts):
        return None
    body = mail.text if answer.in_body else ""
    found = replace(found, comment=found.comment or answer.comment or body)
    message = _message(mail, found.comment, now, by_requester=ticket.requester.email in addresses)
    added = AddMessage(ticket.key, message)
    because = (reason, f"{found.response.value}: the appointment of {ticket.key}")
    if silent := _reason_for_silence(answer, ticket, appointment, facts, now):
        return _filed(ticket, (*because, silent), (added,))
    change = TicketChange(
        before=ticket,
        after=apply(ticket, (added,), now),
        school=facts.school,
        policy=policy,
        absences=facts.absences,
        names=facts.names,
        now=now,
        actor=sender,
        message=message,
    )
    notifications = (
        replace(one, text=found.comment, answer=found, appointment=appointment)
        for one in deduplicate(to_assignees(change, NotificationKind.APPOINTMENT_ANSWER, ticket), change)
    )
    return _filed(ticket, because, (added, *map(Notify, notifications)))


def _filed(ticket: Ticket, because: tuple[str, ...], effects: tuple[Effect, ...]) -> Decision:
    return Decision("filed", because, effects, ticket.key, "appointment")


def _is_forged(mail: Mail, facts: Facts) -> bool:
    return trust(Evidence(mail=mail, authserv_id=facts.school.authserv_id)).forged


def _reason_for_silence(
    answer: CalendarAnswer,
    ticket: Ticket,
    appointment: Appointment,
    facts: Facts,
    now: datetime,
) -> str:
    """Return why the assignee is not notified of an answer, or ""."""
    if appointment.end <= now:
        return "the appointment is over"
    if _is_outdated(answer, ticket, appointment):
        return "answers an earlier time of the appointment"
    history = facts.histories.get(ticket.key, ())
    recent = [m for m in history if m.direction is Direction.IN and now - m.at < timedelta(hours=1)]
    return "too many messages within the hour" if len(recent) >= MAX_HOURLY else ""


def _is_outdated(answer: CalendarAnswer, ticket: Ticket, appointment: Appointment) -> bool:
    """Return whether an answer is about an earlier time of the appointment.

    The sequence alone does not say that: it also grows when the other attendee changes.
    """
    if answer.begin is not None:
        return answer.begin != appointment.begin
    return answer.sequence < ticket.appointment_revision - 1


def _message(mail: Mail, comment: str, now: datetime, *, by_requester: bool) -> Message:
    """Return the message to add: a comment as if it were a reply; the text of a program is only kept."""
    text, author = comment or mail.text or mail.subject, mail.sender or Address("")
    if not comment:
        return Message(Direction.IN, Visibility.SYSTEM, author, text, now, mail.message_id)
    if by_requester:
        return Message(Direction.IN, Visibility.PUBLIC, author, text, now, mail.message_id)
    return Message(Direction.OUT, Visibility.INTERNAL, author, text, now, mail.message_id)
