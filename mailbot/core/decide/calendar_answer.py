"""Decide about the answer of a calendar program to an invitation that mailbot sent (RFC 5546, 3.2.3).

An answer with words or files of a person is an ordinary mail, whose notification shows the response too. Of
the other ones a response may be notified, but it changes nothing.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from mailbot.core.classify.trust import Evidence, Trust, trust
from mailbot.core.commands.context import MailContext
from mailbot.core.model.appointment import (
    Appointment,
    AttendeeResponse,
    CalendarAnswer,
    Response,
)
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
_OF_TEXT = (NotificationKind.REQUESTER_REPLY, NotificationKind.NOTE)


def decide_calendar_answer(
    mail: Mail, reason: str, facts: Facts, policy: Policy, now: datetime
) -> Decision | None:
    """Add an answer without words to the ticket, and notify the assignee; None if it is not one of ours.

    The UID proves that the sender got the invitation, since it is random. Nothing else in the answer counts
    as proof, so it changes neither the ticket nor the appointment.
    """
    answer, ticket, sender = mail.calendar_answer, facts.ticket(facts.by_appointment), mail.sender
    appointment = ticket.appointment if ticket is not None else None
    if answer is None or ticket is None or appointment is None or sender is None:
        return None
    found, proof = answer.of(policy.addresses(sender.email)), _proof(mail, facts)
    if found is None or proof.forged:
        return None
    message = _message(mail, now, proof)
    added = AddMessage(ticket.key, message)
    because = (reason, f"{_said(found)}: the appointment of {ticket.key}")
    silent = _not_invited(sender, found, ticket, policy, proof)
    silent = silent or _reason_for_silence(answer, ticket, appointment, facts, now)
    if silent:
        return _file(ticket, (*because, silent), (added,))
    change = TicketChange(
        before=ticket,
        after=apply(ticket, (added,), now),
        school=facts.school,
        policy=policy,
        absences=facts.absences,
        names=facts.names,
        now=now,
        actor=sender,
    )
    # If the assignee declines, the team has to know, not the assignee.
    about = replace(ticket, assignee=None) if _is_assignee(sender, ticket, policy) else ticket
    notifications = (
        replace(one, answer=found, appointment=appointment)
        for one in deduplicate(to_assignees(change, NotificationKind.APPOINTMENT_ANSWER, about), change)
    )
    return _file(ticket, because, (added, *map(Notify, notifications)))


def with_response(decision: Decision, context: MailContext) -> Decision:
    """Show the response in the notifications of an answer with words, unless it is to another time."""
    answer, ticket = context.mail.calendar_answer, context.facts.ticket(context.facts.by_appointment)
    if answer is None or ticket is None or ticket.appointment is None:
        return decision
    found, appointment = answer.of(context.sender_addresses), ticket.appointment
    if found is None or not _is_invited(context.sender, ticket, context.policy):
        return decision
    because = (*decision.because, f"{_said(found)}: the appointment of {ticket.key}")
    if appointment.end <= context.now or _is_outdated(answer, ticket, appointment):
        return replace(decision, because=(*because, "answers an earlier time of the appointment"))
    effects = (_showing(effect, found, ticket, appointment) for effect in decision.effects)
    return replace(decision, because=because, effects=tuple(effects))


def _said(found: AttendeeResponse) -> str:
    return "proposes another time" if found.proposed else found.response.value


def _showing(effect: Effect, found: AttendeeResponse, ticket: Ticket, appointment: Appointment) -> Effect:
    if not isinstance(effect, Notify):
        return effect
    plain = effect.notification
    if plain.kind not in _OF_TEXT or plain.ticket is None or plain.ticket.key != ticket.key:
        return effect
    kind = NotificationKind.APPOINTMENT_ANSWER
    return Notify(replace(plain, kind=kind, answer=found, appointment=appointment))


def _file(ticket: Ticket, because: tuple[str, ...], effects: tuple[Effect, ...]) -> Decision:
    return Decision("filed", because, effects, ticket.key, "appointment")


def _proof(mail: Mail, facts: Facts) -> Trust:
    return trust(Evidence(mail=mail, authserv_id=facts.school.authserv_id))


def _is_invited(sender: Address, ticket: Ticket, policy: Policy) -> bool:
    return any(sender.email in policy.addresses(email) for email in attendees(ticket))


def _is_assignee(sender: Address, ticket: Ticket, policy: Policy) -> bool:
    return ticket.assignee is not None and ticket.assignee.email in policy.addresses(sender.email)


def _not_invited(
    sender: Address, found: AttendeeResponse, ticket: Ticket, policy: Policy, proof: Trust
) -> str:
    """Return why no one is notified of the response of this sender, or "".

    The requester knows the UID as well, so an answer of the staff needs proof. The team is notified only if
    the assignee will not come, or not then.
    """
    if not _is_invited(sender, ticket, policy):
        return f"{sender.email} is not invited"
    if policy.find_member(sender.email) is not None and not proof.trusted:
        return "nothing proves that the staff wrote it"
    comes = found.response is not Response.DECLINED and found.proposed is None
    if comes and _is_assignee(sender, ticket, policy):
        return "the assignee does not decline"
    return ""


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


def _message(mail: Mail, now: datetime, proof: Trust) -> Message:
    """Return the message to add: the text of a program, which is only kept."""
    return Message(
        Direction.IN,
        Visibility.SYSTEM,
        mail.sender or Address(""),
        mail.text or mail.subject,
        now,
        mail.message_id,
        mail.quoted,
        proven=proof.trusted,
        forged=proof.forged,
        signature=mail.signature,
    )
