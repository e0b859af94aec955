"""Decide what becomes of a ticket when time passes: a pure function of ticket, policy and time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbot.core.absence import Absence, present, stand_in
from mailbot.core.audience import travel
from mailbot.core.effects import Decision, Effect, Reminded, SetStatus, Tell
from mailbot.core.mail import Address
from mailbot.core.notice import Notice, NoticeKind
from mailbot.core.policy import Member, Policy, School, Team
from mailbot.core.ticket import Direction, Message, Role, Status, Step, Ticket, Visibility
from mailbot.core.transition import apply
from mailbot.core.work import escalate

LONGEST_SLEEP = timedelta(days=1)
"""A ticket is looked at so often at least: changed hours and holidays are noticed within that time."""

DIGEST_LATEST = timedelta(hours=4)
"""How late a morning's digest still comes, if nobody could send it in time."""


@dataclass(frozen=True, slots=True)
class Passing:
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
class Plan:
    """What happens at a moment if nobody does anything before, and whose working hours it keeps."""

    at: datetime
    teams: tuple[Team, ...]
    act: Callable[[Passing], Decision]


def decide_tick(passing: Passing) -> Decision | None:
    """Decide what is to be done on a ticket now, or None: the most serious of what is due."""
    for plan in _plans(passing):
        if plan.at <= passing.now and _open(plan, passing.now):
            return plan.act(passing)
    return None


def next_look(passing: Passing) -> datetime | None:
    """Return when the ticket has to be looked at again; None if time changes nothing on it."""
    if passing.ticket.status is Status.CLOSED:
        return None
    moments = [plan.at if plan.at > passing.now else _opening(plan, passing.now) for plan in _plans(passing)]
    return min([*moments, passing.now + LONGEST_SLEEP])


def _open(plan: Plan, now: datetime) -> bool:
    return all(team.calendar.is_open(now) for team in plan.teams)


def _opening(plan: Plan, now: datetime) -> datetime:
    """Return the next moment that may suit all these teams."""
    return max(team.calendar.next_opening(now) for team in plan.teams)


def _plans(passing: Passing) -> Iterator[Plan]:
    """Yield what may happen next, the most serious first; nothing while a ticket rests."""
    ticket = passing.ticket
    if ticket.status is Status.CLOSED:
        return
    if ticket.due is not None and ticket.waits.since < ticket.due:
        yield Plan(passing.workers.calendar.next_opening(ticket.due), (passing.workers,), _remind_when_due)
    elif ticket.status is Status.WAITING:
        yield from _plans_for_requester(passing)
    else:
        yield from _plans_for_staff(passing)


def _plans_for_staff(passing: Passing) -> Iterator[Plan]:
    times, wait, team = passing.policy.times, passing.ticket.waits, passing.workers

    def after(hours: int) -> datetime:
        return team.calendar.add(wait.since, timedelta(hours=hours))

    if times.escalate_hours and wait.asked and passing.ticket.level == 1:
        both = (passing.team, passing.policy.second_level)
        yield Plan(after(times.escalate_hours), both, _escalate)
    if times.overdue_hours and wait.step is not Step.OVERDUE:
        yield Plan(after(times.overdue_hours), (team,), _say_overdue)
    if times.reminder_hours and wait.asked and wait.step is Step.NOTHING:
        yield Plan(after(times.reminder_hours), (team,), _remind)


def _plans_for_requester(passing: Passing) -> Iterator[Plan]:
    """A requester is reminded before the ticket is closed, and has the same days left as ever after it."""
    times, wait, team = passing.policy.times, passing.ticket.waits, passing.school.team
    add_days = team.calendar.add_days
    if times.wait_reminder_days and wait.step is Step.NOTHING:
        yield Plan(add_days(wait.since, times.wait_reminder_days), (team,), _remind_requester)
    elif times.wait_close_days:
        start = wait.told or wait.since
        left = times.wait_close_days - (times.wait_reminder_days if wait.told else 0)
        yield Plan(add_days(start, left), (team,), _close_waiting)


def _remind(passing: Passing) -> Decision:
    because = f"nobody has touched it for {passing.policy.times.reminder_hours} hours of work"
    return _tell_staff(passing, NoticeKind.REMINDER, Step.REMINDED, passing.ticket.waits.since, because)


def _say_overdue(passing: Passing) -> Decision:
    because = f"nothing has happened for {passing.policy.times.overdue_hours} hours of work"
    return _tell_staff(passing, NoticeKind.OVERDUE, Step.OVERDUE, passing.ticket.waits.since, because)


def _remind_when_due(passing: Passing) -> Decision:
    """From that day on the ticket counts as not yet touched; a requester who is asked has all days left."""
    since = passing.ticket.due or passing.now
    step = Step.NOTHING if passing.ticket.status is Status.WAITING else Step.REMINDED
    return _tell_staff(passing, NoticeKind.REMINDER, step, since, "the day has come")


def _tell_staff(passing: Passing, kind: NoticeKind, step: Step, since: datetime, because: str) -> Decision:
    said = Reminded(passing.ticket.key, step, since)
    after = apply(passing.ticket, [said], passing.now)
    latest = tuple(m for m in passing.history if m.visibility is not Visibility.SYSTEM)[-1:]
    letters = (Tell(Notice(kind, to, role, after, history=latest)) for to, role in _responsible(passing))
    return Decision(kind.value, (because,), (said, *letters), after.key)


def _responsible(passing: Passing) -> list[tuple[Address, Role]]:
    """Return the assignee or a deputy, or the whole team of the ticket's level where there is neither."""
    assignee, who = passing.ticket.assignee, passing.keeper
    if who is not None and assignee is not None:
        role = Role.SUPPORTER if passing.school.team.member(who.address) else Role.SECOND_LEVEL
        return [(assignee if assignee.email in who.addresses else _addressed(who, passing.names), role)]
    return [(to, passing.role) for to in passing.people(passing.team)]


def _remind_requester(passing: Passing) -> Decision:
    ticket = passing.ticket
    answers = [
        m for m in passing.history if m.direction is Direction.OUT and m.visibility is Visibility.PUBLIC
    ]
    said = Reminded(ticket.key, Step.REMINDED, ticket.waits.since)
    letter = Notice(
        NoticeKind.WAIT_REMINDER,
        ticket.requester,
        Role.REQUESTER,
        apply(ticket, [said], passing.now),
        author=answers[-1].author if answers else None,
        text=answers[-1].text if answers else "",
    )
    because = f"no answer for {passing.policy.times.wait_reminder_days} working days"
    return Decision(NoticeKind.WAIT_REMINDER.value, (because,), (said, Tell(letter)), ticket.key)


def _close_waiting(passing: Passing) -> Decision:
    ticket = passing.ticket
    closing = SetStatus(ticket.key, Status.CLOSED)
    after = apply(ticket, [closing], passing.now)
    letters = _to_requester_side(NoticeKind.CLOSED_WAITING, after)
    because = f"no answer for {passing.policy.times.wait_close_days} working days"
    return Decision(NoticeKind.CLOSED_WAITING.value, (because,), (closing, *letters), ticket.key)


def _escalate(passing: Passing) -> Decision:
    """Do what the team would have done by `#escalate`; all three sides are told."""
    key, policy = passing.ticket.key, passing.policy
    changes = escalate(passing.ticket)
    after = apply(passing.ticket, changes, passing.now)
    files = (file for message in passing.history for file in message.attachments)
    travelling, listed = travel(files, policy.limits.attachments)
    second_level = (
        Notice(
            NoticeKind.ESCALATED_SECOND_LEVEL,
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
        Notice(NoticeKind.ESCALATED_TEAM, to, Role.SUPPORTER, after)
        for to in passing.people(passing.school.team)
    )
    letters = (*_to_requester_side(NoticeKind.ESCALATED_REQUESTER, after), *map(Tell, (*second_level, *team)))
    because = f"nobody has touched it for {policy.times.escalate_hours} hours of work"
    return Decision("escalated", (because,), (*changes, *letters), key)


def _to_requester_side(kind: NoticeKind, ticket: Ticket) -> tuple[Tell, ...]:
    copies = (Tell(Notice(kind, person, Role.CC, ticket)) for person in ticket.cc)
    return (Tell(Notice(kind, ticket.requester, Role.REQUESTER, ticket)), *copies)


def _addressed(member: Member, names: Mapping[str, str]) -> Address:
    return Address(member.address, names.get(member.address) or member.name)


def digest_slot(team: Team, policy: Policy, now: datetime) -> str | None:
    """Return the morning whose digest a team may get now, or None if it is not the time for one."""
    calendar, begin = team.calendar, policy.times.digest
    if begin is None or not calendar.is_open(now):
        return None
    start = datetime.combine(calendar.day(now), begin, calendar.timezone)
    return calendar.day(now).isoformat() if start <= now < start + DIGEST_LATEST else None


def decide_digest(
    team: Team,
    role: Role,
    tickets: Iterable[Ticket],
    policy: Policy,
    now: datetime,
    names: Mapping[str, str],
    absences: Mapping[str, Absence],
) -> Decision:
    """Decide who of a team gets which tickets this morning: those of nobody, the own ones, a deputy's too.

    Nobody gets a digest in which nothing asks for anything: a ticket that nobody has, a requester who waits
    for an answer, one that rests until today, one on which nothing has happened for long. The longest wait
    comes first, within each school. Who is away gets none.
    """
    schools = [school.key for school in policy.schools]
    awake = sorted(
        (t for t in tickets if t.school in schools and _awake(t, team, now)),
        key=lambda t: (schools.index(t.school), t.waits.since),
    )
    keepers = {ticket.key: _keeper(ticket, team, policy, absences) for ticket in awake}
    letters: list[Effect] = []
    for member in team.members:
        if member.address in absences:
            continue
        mine = tuple(t for t in awake if keepers[t.key] in (None, member.address))
        if any(keepers[t.key] is None or _asks(t, team, policy, now) for t in mine):
            to = _addressed(member, names)
            letters.append(Tell(Notice(NoticeKind.DIGEST, to, role, tickets=mine)))
    because = f"{len(awake)} tickets, {len(letters)} people who have to know"
    return Decision(NoticeKind.DIGEST.value, (because,), tuple(letters))


def _keeper(ticket: Ticket, team: Team, policy: Policy, absences: Mapping[str, Absence]) -> str | None:
    """Return who has the ticket today, a deputy perhaps; None if nobody has it (any more)."""
    member = policy.member(ticket.assignee.email) if ticket.assignee else None
    who = stand_in(member, absences, team.members) if member else None
    return who.address if who else None


def _awake(ticket: Ticket, team: Team, now: datetime) -> bool:
    """Tell whether a ticket is the staff's to work on today."""
    rests = ticket.due is not None and team.calendar.day(ticket.due) > team.calendar.day(now)
    return ticket.status is Status.OPEN and not rests


def _asks(ticket: Ticket, team: Team, policy: Policy, now: datetime) -> bool:
    wait = ticket.waits
    idle = team.calendar.open_between(wait.since, now) >= timedelta(hours=policy.times.reminder_hours)
    return wait.asked or ticket.due is not None or idle
