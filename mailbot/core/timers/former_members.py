"""Return the tickets of supporters who left their team to the team."""

from collections.abc import Iterable, Mapping

from mailbot.core.model.effects import Assign, Decision, Effect, Notify
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Absence, Policy, Team, present
from mailbot.core.model.ticket import Role, Ticket
from mailbot.core.recipients.recipients import address_of

FORMER = "former"
"""The reason of the digest with these tickets."""


def has_former_assignee(ticket: Ticket, policy: Policy) -> bool:
    """Return whether a ticket of a configured school is assigned to a person who cannot work on it."""
    school = policy.school(ticket.school)
    if school is None or ticket.assignee is None:
        return False
    return not any(ticket.assignee.email in member.addresses for member in policy.staff(school))


def return_to_team(
    team: Team,
    role: Role,
    tickets: Iterable[Ticket],
    names: Mapping[str, str],
    absences: Mapping[str, Absence],
) -> Decision:
    """Unassign a team's tickets of former members, and notify each present member of the team once."""
    found = tuple(tickets)
    notify = [
        Notify(
            Notification(
                NotificationKind.DIGEST, address_of(member, names), role, tickets=found, reason=FORMER
            )
        )
        for member in present(team.members, absences, team.members)
    ]
    effects: list[Effect] = [Assign(ticket.key, None) for ticket in found]
    because = "the assignee left the team"
    return Decision("unassigned", (because,), (*effects, *notify))
