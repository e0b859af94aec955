"""The command for appointments: visit."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from mailbot.core.commands.command import STAFF, LineLookups, Viewer
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import (
    ExclusiveGroup,
    Receipt,
    Request,
    Resolved,
    TicketCommand,
    TypedArgument,
)
from mailbot.core.commands.status import reopen
from mailbot.core.commands.syntax import ticket_names
from mailbot.core.commands.times import split_moment
from mailbot.core.model.appointment import Appointment
from mailbot.core.model.effects import Assign, SetAppointment, SetDue, TicketEffect
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.policy import Policy, Team
from mailbot.core.model.ticket import Ticket
from mailbot.core.text.signatures import without_politeness

MAX_AHEAD = timedelta(days=366)
MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Visit:
    """The time and the text of an appointment; `uid` is the end of its UID, random and unique to the mail."""

    begin: datetime
    minutes: int
    text: str
    now: datetime = field(compare=False)
    uid: str = field(compare=False)


def _look_up_day(words: tuple[str, ...], viewer: Viewer) -> LineLookups:
    moment = split_moment(" ".join(words), _school_keys(viewer.policy))
    return LineLookups(ticket_names(moment.tickets, viewer.school.key), dates=(moment.day,))


def _school_keys(policy: Policy) -> frozenset[str]:
    return frozenset(school.key for school in policy.schools)


def _resolve_visit(request: Request) -> Resolved[Visit]:
    """Return the tickets and the time; refuse a time at which the team or a school is off."""
    context = request.context
    keys = _school_keys(context.policy)
    moment = split_moment(request.line.rest, keys)
    day = context.facts.dates.get(split_moment(" ".join(request.line.args), keys).day)
    if day is None or moment.clock is None or moment.minutes is None:
        raise request.wrong(" ".join(request.line.rest.split())[:MAX_TEXT])
    tickets = request.tickets(moment.tickets)
    team = context.team
    if (reason := _refused_day(context, tickets, team, day)) is not None:
        raise request.refusal(reason, moment.written)
    begin = datetime.combine(day, moment.clock, team.calendar.timezone).astimezone(UTC)
    text = moment.text[:MAX_TEXT] if without_politeness(moment.text.split()) else ""
    uid = f"{context.facts.token}@{context.school.address.rpartition('@')[2]}"
    visit = Visit(begin, moment.minutes, text, context.now, uid)
    if (reason := _refused_time(team, visit)) is not None:
        raise request.refusal(reason, moment.written)
    return tickets, visit


def _refused_day(context: MailContext, tickets: tuple[Ticket, ...], team: Team, day: date) -> Reason | None:
    """Return why an appointment cannot be made on that day; None if it can."""
    today = team.calendar.day(context.now)
    if day < today:
        return Reason.PAST
    if day > today + MAX_AHEAD:
        return Reason.TOO_FAR
    teams = (team, *(context.school_of(ticket).team for ticket in tickets))
    return Reason.HOLIDAY if any(day in t.calendar.closed for t in teams) else None


def _refused_time(team: Team, visit: Visit) -> Reason | None:
    if visit.begin <= visit.now:
        return Reason.PAST
    length = timedelta(minutes=visit.minutes)
    works = team.calendar.open_between(visit.begin, visit.begin + length) == length
    return None if works else Reason.OUTSIDE_HOURS


def _visit(ticket: Ticket, visit: Visit, actor: Address) -> tuple[TicketEffect, ...]:
    """Make the appointment, or move the present one; the ticket is snoozed until then.

    The author takes a ticket that no one has, since the appointment needs an assignee.
    """
    present = ticket.appointment
    moved = present if present is not None and present.begin > visit.now else None
    uid = moved.uid if moved else f"{ticket.key.lower()}-{visit.uid}"
    appointment = Appointment(uid, visit.begin, visit.minutes, visit.text)
    if moved == appointment:
        return ()
    takes = (Assign(ticket.key, actor),) if ticket.assignee is None else ()
    return (
        *reopen(ticket),
        *takes,
        SetAppointment(ticket.key, appointment),
        SetDue(ticket.key, visit.begin),
    )


VISIT = TicketCommand(
    name="visit",
    words={"de": ("termin",), "fr": ("rendez-vous", "rdv")},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_visit, lookups=_look_up_day, verbatim=True),
    example="Thursday 10:00",
    examples={"de": "Do 10:00", "fr": "jeudi 10h00"},
    handler=_visit,
    receipt=lambda visit: Receipt(due=visit.begin),
    exclusive_groups=frozenset({ExclusiveGroup.STATUS, ExclusiveGroup.DUE}),
)
