"""Decide about the timers of a ticket: a pure function of ticket, policy and time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailbot.core.commands.status import escalate
from mailbot.core.model.effects import Decision, Effect, Notify, RecordReminder, SetStatus
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Absence, Member, Policy, School, Team
from mailbot.core.model.ticket import Direction, Message, ReminderStage, Role, Status, Ticket, Visibility
from mailbot.core.model.transition import apply
from mailbot.core.recipients.attendees import to_attendees
from mailbot.core.recipients.recipients import (
    deduplicate,
    effective_assignee,
    notification_for,
    to_assignees,
    to_colleagues,
    to_requester_side,
)
from mailbot.core.recipients.ticket_change import TicketChange

MAX_CHECK_INTERVAL = timedelta(days=1)
"""Maximum time between two checks, and thus until changed working hours and holidays take effect."""


@dataclass(frozen=True, slots=True)
class TimerContext:
    """A ticket of a school at a point in time; `names` and `absences` are keyed by registered address.

    `unread`: no single person reads mail to the requester, which is a list. `bundle` are the tickets of
    its bundle.
    """

    ticket: Ticket
    school: School
    policy: Policy
    now: datetime
    names: Mapping[str, str] = field(default_factory=dict)
    history: tuple[Message, ...] = ()
    absences: Mapping[str, Absence] = field(default_factory=dict)
    unread: bool = False
    bundle: tuple[Ticket, ...] = ()

    @property
    def leading(self) -> Ticket | None:
        """Return the open ticket that leads the bundle of the ticket; None if there is none."""
        leading = next((ticket for ticket in self.bundle if ticket.leads), None)
        is_open = self.ticket.follows and leading is not None and leading.status is Status.OPEN
        return leading if is_open else None

    @property
    def is_represented(self) -> bool:
        """Return whether the staff are reminded of the ticket that leads its bundle instead.

        A reply that only this ticket got has a reminder of its own.
        """
        leading = self.leading
        awaiting = self.ticket.waits.awaiting_staff
        return leading is not None and (leading.waits.awaiting_staff or not awaiting)

    @property
    def effective_assignee(self) -> Member | None:
        """Return the assignee, or the deputy while they are away; None if neither is present."""
        return effective_assignee(self.ticket.assignee, self.policy.staff(self.school), self.absences)

    @property
    def acting_team(self) -> Team:
        """Return the team whose working hours count: that of the effective assignee, or of the level."""
        member = self.effective_assignee
        if member is not None:
            in_team = self.school.team.member(member.address) is not None
        else:
            in_team = self.ticket.level == 1
        return self.school.team if in_team else self.policy.second_level

    def change(self, effects: Iterable[Effect]) -> TicketChange:
        """Return the change of the ticket by these effects of a timer."""
        return TicketChange(
            before=self.ticket,
            after=apply(self.ticket, effects, self.now),
            school=self.school,
            policy=self.policy,
            absences=self.absences,
            names=self.names,
            now=self.now,
            actor=None,
            history=self.history,
            unread=self.unread,
            bundle=tuple(t for t in self.bundle if t.follows) if self.ticket.leads else (),
        )


@dataclass(frozen=True, slots=True)
class Timer:
    """An action at a point in time, and the teams in whose working hours it may happen."""

    at: datetime
    teams: tuple[Team, ...]
    act: Callable[[TimerContext], Decision]


def decide_timer(context: TimerContext) -> Decision | None:
    """Run the most serious timer of a ticket that is due now; return None if none is due."""
    timer = _due(context)
    return timer.act(context) if timer is not None else None


def _due(context: TimerContext) -> Timer | None:
    now = context.now
    return next((t for t in _timers(context) if t.at <= now and _is_open(t, now)), None)


def next_check(context: TimerContext) -> datetime | None:
    """Return when to check the ticket again; None if no timer can change it."""
    if context.ticket.status is Status.CLOSED:
        return None
    moments = (t.at if t.at > context.now else _next_opening(t, context.now) for t in _timers(context))
    return min([*moments, context.now + MAX_CHECK_INTERVAL])


def _is_open(timer: Timer, now: datetime) -> bool:
    return all(team.calendar.is_open(now) for team in timer.teams)


def _next_opening(timer: Timer, now: datetime) -> datetime:
    """Return the earliest moment at which all teams of a timer can be working."""
    return max(team.calendar.next_opening(now) for team in timer.teams)


def _timers(context: TimerContext) -> Iterator[Timer]:
    """Yield the timers of a ticket, the most serious first; a snoozed ticket has only its reminder."""
    ticket, team = context.ticket, context.acting_team
    if ticket.status is Status.CLOSED:
        return
    if ticket.due is not None and ticket.waits.since < ticket.due:
        yield Timer(team.calendar.next_opening(ticket.due), (team,), _remind_when_due)
    elif ticket.status is Status.WAITING:
        yield from _timers_for_requester(context)
    else:
        yield from _timers_for_staff(context)


def _timers_for_staff(context: TimerContext) -> Iterator[Timer]:
    times, wait, team = context.policy.times, context.ticket.waits, context.acting_team

    def after(hours: int) -> datetime:
        return team.calendar.add(wait.since, timedelta(hours=hours))

    if times.escalate_hours and wait.awaiting_staff and context.ticket.level == 1:
        # Only while both work: the school may still act, and second level can begin.
        both = (context.school.team, context.policy.second_level)
        yield Timer(after(times.escalate_hours), both, _escalate)
    if context.is_represented:
        return
    if times.overdue_hours and wait.stage is not ReminderStage.OVERDUE:
        yield Timer(after(times.overdue_hours), (team,), _report_overdue)
    if times.reminder_hours and wait.awaiting_staff and wait.stage is ReminderStage.NOTHING:
        yield Timer(after(times.reminder_hours), (team,), _remind)


def _timers_for_requester(context: TimerContext) -> Iterator[Timer]:
    """Yield the reminder or the closing; after a late reminder the requester still has the full period."""
    times, wait, team = context.policy.times, context.ticket.waits, context.school.team
    add_days = team.calendar.add_days
    if times.wait_reminder_days and wait.stage is ReminderStage.NOTHING:
        yield Timer(add_days(wait.since, times.wait_reminder_days), (team,), _remind_requester)
    elif times.wait_close_days:
        start = wait.reminded_at or wait.since
        left = times.wait_close_days - (times.wait_reminder_days if wait.reminded_at else 0)
        yield Timer(add_days(start, left), (team,), _close_waiting)


def _remind(context: TimerContext) -> Decision:
    because = f"no staff activity for {context.policy.times.reminder_hours} working hours"
    since = context.ticket.waits.since
    return _remind_staff(context, NotificationKind.REMINDER, ReminderStage.REMINDED, since, because)


def _report_overdue(context: TimerContext) -> Decision:
    because = f"no activity for {context.policy.times.overdue_hours} working hours"
    since = context.ticket.waits.since
    return _remind_staff(context, NotificationKind.OVERDUE, ReminderStage.OVERDUE, since, because)


def _remind_when_due(context: TimerContext) -> Decision:
    """Remind the staff; the wait of the ticket counts from the due day on.

    If the ticket waits for the requester, their reminder and the closing count from then on too.
    """
    since = context.ticket.due or context.now
    stage = ReminderStage.NOTHING if context.ticket.status is Status.WAITING else ReminderStage.REMINDED
    return _remind_staff(context, NotificationKind.REMINDER, stage, since, "the due day has come")


def _remind_staff(
    context: TimerContext, kind: NotificationKind, stage: ReminderStage, since: datetime, because: str
) -> Decision:
    effects = (RecordReminder(context.ticket.key, stage, since),)
    change = context.change(effects)
    return _decision(kind.value, because, change, effects, to_assignees(change, kind, change.after))


def _remind_requester(context: TimerContext) -> Decision:
    """Remind the requester, and repeat the last public answer, which contains the question."""
    kind, ticket = NotificationKind.WAIT_REMINDER, context.ticket
    effects = (RecordReminder(ticket.key, ReminderStage.REMINDED, ticket.waits.since),)
    change = context.change(effects)
    reminder = notification_for(change, kind, ticket.requester, Role.REQUESTER)
    for message in context.history:
        # The last one stays; notes are not for the requester.
        if message.direction is Direction.OUT and message.visibility is Visibility.PUBLIC:
            reminder = replace(reminder, author=message.author, text=message.text)
    because = f"no answer for {context.policy.times.wait_reminder_days} working days"
    return _decision(kind.value, because, change, effects, () if context.unread else (reminder,))


def _close_waiting(context: TimerContext) -> Decision:
    effects = (SetStatus(context.ticket.key, Status.CLOSED),)
    change = context.change(effects)
    because = f"no answer for {context.policy.times.wait_close_days} working days"
    outcome = NotificationKind.CLOSED_WAITING.value
    return _decision(outcome, because, change, effects, to_requester_side(change))


def _escalate(context: TimerContext) -> Decision:
    """Escalate the ticket as `#escalate` does.

    The staff are not notified of it if they are of the ticket that leads its bundle.
    """
    effects = escalate(context.ticket)
    change = context.change(effects)
    because = f"no staff activity for {context.policy.times.escalate_hours} working hours"
    to_staff = () if _leading_escalates(context) else to_colleagues(change)
    notifications = (*to_requester_side(change), *to_staff)
    return _decision("escalated", because, change, effects, notifications)


def _leading_escalates(context: TimerContext) -> bool:
    """Return whether second level has the ticket that leads the bundle, or gets it in the same run."""
    leading = context.leading
    if leading is None:
        return False
    # The run checks one ticket at a time, so ask what it will decide about the other.
    due = _due(replace(context, ticket=leading))
    return leading.level == 2 or (due is not None and due.act is _escalate)


def _decision(
    outcome: str,
    because: str,
    change: TicketChange,
    effects: Iterable[Effect],
    notifications: Iterable[Notification],
) -> Decision:
    notify = map(Notify, (*deduplicate(notifications, change), *to_attendees(change)))
    return Decision(outcome, (because,), (*effects, *notify), change.before.key)
