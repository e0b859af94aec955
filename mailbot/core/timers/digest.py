"""Who gets which tickets in the morning."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from mailbot.core.model.absence import Absence, stand_in
from mailbot.core.model.effects import Decision, Effect, Notify
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.policy import Policy, Team
from mailbot.core.model.ticket import Role, Status, Ticket

DIGEST_LATEST = timedelta(hours=4)
"""How late a morning's digest still comes, if nobody could send it in time."""


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
            to = Address(member.address, names.get(member.address) or member.name)
            letters.append(Notify(Notification(NotificationKind.DIGEST, to, role, tickets=mine)))
    because = f"{len(awake)} tickets, {len(letters)} people who have to know"
    return Decision(NotificationKind.DIGEST.value, (because,), tuple(letters))


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
