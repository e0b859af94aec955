"""Decide what becomes of a ticket when time passes: a pure function of ticket, policy and time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbot.core.commands.status import escalate
from mailbot.core.model.absence import Absence, present, stand_in
from mailbot.core.model.effects import Decision, Notify, RecordReminder, SetStatus
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.policy import Member, Policy, School, Team
from mailbot.core.model.ticket import Direction, Message, ReminderStage, Role, Status, Ticket, Visibility
from mailbot.core.model.transition import apply
from mailbot.core.recipients.recipients import split_attachments

MAX_CHECK_INTERVAL = timedelta(days=1)
"""A ticket is looked at so often at least: changed hours and holidays are noticed within that time."""


@dataclass(frozen=True, slots=True)
class TimerContext:
    """A ticket of a school at a moment; `names` and `absences` are those of people, by address."""

    ticket: Ticket
    school: School
    policy: Policy
    now: datetime
    names: Mapping[str, str] = field(default_factory=dict)
    history: tuple[Message, ...] = ()
    absences: Mapping[str, Absence] = field(default_factory=dict)

    @property
    def staff(self) -> tuple[Member, ...]:
        """Return who may work on the ticket."""
        return tuple(self.policy.staff(self.school))

    def people(self, team: Team) -> list[Address]:
        """Return who of a team is there."""
        members = present(team.members, self.absences, self.staff)
        return [_addressed(member, self.names) for member in members]

    @property
    def team(self) -> Team:
        """Return who works on the ticket: the school's team or second level."""
        return self.policy.second_level if self.ticket.level == 2 else self.school.team

    @property
    def keeper(self) -> Member | None:
        """Return the assignee, or a deputy while away; None where there is neither (any more)."""
        assignee = self.ticket.assignee
        member = next((m for m in self.staff if assignee and assignee.email in m.addresses), None)
        return stand_in(member, self.absences, self.staff) if member else None

    @property
    def workers(self) -> Team:
        """Return whose working hours count: the team of whoever has the ticket, or that of its level."""
        if self.keeper is None:
            return self.team
        return self.school.team if self.school.team.member(self.keeper.address) else self.policy.second_level

    @property
    def role(self) -> Role:
        """Return in which role they do."""
        return Role.SECOND_LEVEL if self.ticket.level == 2 else Role.SUPPORTER


@dataclass(frozen=True, slots=True)
class Timer:
    """What happens at a moment if nobody does anything before, and whose working hours it keeps."""

    at: datetime
    teams: tuple[Team, ...]
    act: Callable[[TimerContext], Decision]


def decide_timer(passing: TimerContext) -> Decision | None:
    """Decide what is to be done on a ticket now, or None: the most serious of what is due."""
    for plan in _plans(passing):
        if plan.at <= passing.now and _open(plan, passing.now):
            return plan.act(passing)
    return None


def next_check(passing: TimerContext) -> datetime | None:
    """Return when the ticket has to be looked at again; None if time changes nothing on it."""
    if passing.ticket.status is Status.CLOSED:
        return None
    moments = [plan.at if plan.at > passing.now else _opening(plan, passing.now) for plan in _plans(passing)]
    return min([*moments, passing.now + MAX_CHECK_INTERVAL])


def _open(plan: Timer, now: datetime) -> bool:
    return all(team.calendar.is_open(now) for team in plan.teams)


def _opening(plan: Timer, now: datetime) -> datetime:
    """Return the next moment that may suit all these teams."""
    return max(team.calendar.next_opening(now) for team in plan.teams)


def _plans(passing: TimerContext) -> Iterator[Timer]:
    """Yield what may happen next, the most serious first; nothing while a ticket rests."""
    ticket = passing.ticket
    if ticket.status is Status.CLOSED:
        return
    if ticket.due is not None and ticket.waits.since < ticket.due:
        yield Timer(passing.workers.calendar.next_opening(ticket.due), (passing.workers,), _remind_when_due)
    elif ticket.status is Status.WAITING:
        yield from _plans_for_requester(passing)
    else:
        yield from _plans_for_staff(passing)


def _plans_for_staff(passing: TimerContext) -> Iterator[Timer]:
    times, wait, team = passing.policy.times, passing.ticket.waits, passing.workers

    def after(hours: int) -> datetime:
        return team.calendar.add(wait.since, timedelta(hours=hours))

    if times.escalate_hours and wait.asked and passing.ticket.level == 1:
        both = (passing.team, passing.policy.second_level)
        yield Timer(after(times.escalate_hours), both, _escalate)
    if times.overdue_hours and wait.step is not ReminderStage.OVERDUE:
        yield Timer(after(times.overdue_hours), (team,), _say_overdue)
    if times.reminder_hours and wait.asked and wait.step is ReminderStage.NOTHING:
        yield Timer(after(times.reminder_hours), (team,), _remind)


def _plans_for_requester(passing: TimerContext) -> Iterator[Timer]:
    """A requester is reminded before the ticket is closed, and has the same days left as ever after it."""
    times, wait, team = passing.policy.times, passing.ticket.waits, passing.school.team
    add_days = team.calendar.add_days
    if times.wait_reminder_days and wait.step is ReminderStage.NOTHING:
        yield Timer(add_days(wait.since, times.wait_reminder_days), (team,), _remind_requester)
    elif times.wait_close_days:
        start = wait.told or wait.since
        left = times.wait_close_days - (times.wait_reminder_days if wait.told else 0)
        yield Timer(add_days(start, left), (team,), _close_waiting)


def _remind(passing: TimerContext) -> Decision:
    because = f"nobody has touched it for {passing.policy.times.reminder_hours} hours of work"
    return _tell_staff(
        passing, NotificationKind.REMINDER, ReminderStage.REMINDED, passing.ticket.waits.since, because
    )


def _say_overdue(passing: TimerContext) -> Decision:
    because = f"nothing has happened for {passing.policy.times.overdue_hours} hours of work"
    return _tell_staff(
        passing, NotificationKind.OVERDUE, ReminderStage.OVERDUE, passing.ticket.waits.since, because
    )


def _remind_when_due(passing: TimerContext) -> Decision:
    """From that day on the ticket counts as not yet touched; a requester who is asked has all days left."""
    since = passing.ticket.due or passing.now
    step = ReminderStage.NOTHING if passing.ticket.status is Status.WAITING else ReminderStage.REMINDED
    return _tell_staff(passing, NotificationKind.REMINDER, step, since, "the day has come")


def _tell_staff(
    passing: TimerContext, kind: NotificationKind, step: ReminderStage, since: datetime, because: str
) -> Decision:
    said = RecordReminder(passing.ticket.key, step, since)
    after = apply(passing.ticket, [said], passing.now)
    latest = tuple(m for m in passing.history if m.visibility is not Visibility.SYSTEM)[-1:]
    letters = (
        Notify(Notification(kind, to, role, after, history=latest)) for to, role in _responsible(passing)
    )
    return Decision(kind.value, (because,), (said, *letters), after.key)


def _responsible(passing: TimerContext) -> list[tuple[Address, Role]]:
    """Return the assignee or a deputy, or the whole team of the ticket's level where there is neither."""
    assignee, who = passing.ticket.assignee, passing.keeper
    if who is not None and assignee is not None:
        role = Role.SUPPORTER if passing.school.team.member(who.address) else Role.SECOND_LEVEL
        return [(assignee if assignee.email in who.addresses else _addressed(who, passing.names), role)]
    return [(to, passing.role) for to in passing.people(passing.team)]


def _remind_requester(passing: TimerContext) -> Decision:
    ticket = passing.ticket
    answers = [
        m for m in passing.history if m.direction is Direction.OUT and m.visibility is Visibility.PUBLIC
    ]
    said = RecordReminder(ticket.key, ReminderStage.REMINDED, ticket.waits.since)
    letter = Notification(
        NotificationKind.WAIT_REMINDER,
        ticket.requester,
        Role.REQUESTER,
        apply(ticket, [said], passing.now),
        author=answers[-1].author if answers else None,
        text=answers[-1].text if answers else "",
    )
    because = f"no answer for {passing.policy.times.wait_reminder_days} working days"
    return Decision(NotificationKind.WAIT_REMINDER.value, (because,), (said, Notify(letter)), ticket.key)


def _close_waiting(passing: TimerContext) -> Decision:
    ticket = passing.ticket
    closing = SetStatus(ticket.key, Status.CLOSED)
    after = apply(ticket, [closing], passing.now)
    letters = _to_requester_side(NotificationKind.CLOSED_WAITING, after)
    because = f"no answer for {passing.policy.times.wait_close_days} working days"
    return Decision(NotificationKind.CLOSED_WAITING.value, (because,), (closing, *letters), ticket.key)


def _escalate(passing: TimerContext) -> Decision:
    """Do what the team would have done by `#escalate`; all three sides are told."""
    key, policy = passing.ticket.key, passing.policy
    changes = escalate(passing.ticket)
    after = apply(passing.ticket, changes, passing.now)
    files = (file for message in passing.history for file in message.attachments)
    travelling, listed = split_attachments(files, policy.limits.attachments)
    second_level = (
        Notification(
            NotificationKind.ESCALATED_SECOND_LEVEL,
            to,
            Role.SECOND_LEVEL,
            after,
            attachments=travelling,
            listed=listed,
            history=passing.history,
        )
        for to in passing.people(policy.second_level)
    )
    team = (
        Notification(NotificationKind.ESCALATED_TEAM, to, Role.SUPPORTER, after)
        for to in passing.people(passing.school.team)
    )
    letters = (
        *_to_requester_side(NotificationKind.ESCALATED_REQUESTER, after),
        *map(Notify, (*second_level, *team)),
    )
    because = f"nobody has touched it for {policy.times.escalate_hours} hours of work"
    return Decision("escalated", (because,), (*changes, *letters), key)


def _to_requester_side(kind: NotificationKind, ticket: Ticket) -> tuple[Notify, ...]:
    copies = (Notify(Notification(kind, person, Role.CC, ticket)) for person in ticket.cc)
    return (Notify(Notification(kind, ticket.requester, Role.REQUESTER, ticket)), *copies)


def _addressed(member: Member, names: Mapping[str, str]) -> Address:
    return Address(member.address, names.get(member.address) or member.name)
