"""Decide which tickets each member gets in the morning digest."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from mailbot.core.model.effects import Decision, Effect, Notify
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Absence, Member, Policy, Team
from mailbot.core.model.ticket import Role, Status, Ticket
from mailbot.core.recipients.recipients import address_of, effective_assignee

DIGEST_LATEST = timedelta(hours=4)
"""Time after the start of the digest within which a delayed digest is still sent."""


def digest_slot(team: Team, policy: Policy, now: datetime) -> str | None:
    """Return the date of the digest that is due for a team now; None if none is due."""
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
    """Decide which tickets each member of a team gets: unassigned ones, and those they act for.

    Members who are away get no digest. The others get one only if one of these tickets is unassigned or needs
    attention. Tickets are sorted by school, then by the longest wait.
    """
    schools = {school.key: school for school in policy.schools}
    order = list(schools)
    active = sorted(
        (t for t in tickets if t.school in schools and _is_active(t, team, now)),
        key=lambda t: (order.index(t.school), t.waits.since),
    )
    assigned = {t.key: _assigned(t, team, tuple(policy.staff(schools[t.school])), absences) for t in active}
    notify: list[Effect] = []
    for member in team.members:
        if member.address in absences:
            continue
        own = tuple(t for t in active if (m := assigned[t.key]) is None or m.address == member.address)
        if any(assigned[t.key] is None or _needs_attention(t, team, policy, now) for t in own):
            to = address_of(member, names)
            notify.append(Notify(Notification(NotificationKind.DIGEST, to, role, tickets=own)))
    because = f"{len(active)} tickets, {len(notify)} recipients"
    return Decision(NotificationKind.DIGEST.value, (because,), tuple(notify))


def _assigned(
    ticket: Ticket, team: Team, staff: tuple[Member, ...], absences: Mapping[str, Absence]
) -> Member | None:
    """Return the only member who gets a ticket; None if the whole team gets it.

    A deputy of another team gets no digest of this one, so the team gets the ticket.
    """
    member = effective_assignee(ticket.assignee, staff, absences)
    if member is None or ticket.assignee is None:
        return None
    acts_for_other = ticket.assignee.email not in member.addresses
    return None if acts_for_other and team.member(member.address) is None else member


def _is_active(ticket: Ticket, team: Team, now: datetime) -> bool:
    """Return whether the staff can work on a ticket today: it is open and not snoozed."""
    snoozed = ticket.due is not None and team.calendar.day(ticket.due) > team.calendar.day(now)
    return ticket.status is Status.OPEN and not snoozed


def _needs_attention(ticket: Ticket, team: Team, policy: Policy, now: datetime) -> bool:
    """Return whether the requester waits for an answer, the due day has come, or activity is overdue."""
    wait = ticket.waits
    idle = team.calendar.open_between(wait.since, now) >= timedelta(hours=policy.times.reminder_hours)
    return wait.awaiting_staff or ticket.due is not None or idle
