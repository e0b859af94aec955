"""Invitations to register: one for each member, then two reminders a week apart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Member, Policy, School, Team
from mailbot.core.model.ticket import Role

MAX_INVITATIONS = 3
INTERVAL = timedelta(days=7)
REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class Contact:
    """A member's own name, the times of registration and last invitation, and the number of invitations."""

    name: str = ""
    registered: datetime | None = None
    invited: datetime | None = None
    invitations: int = 0
    unreachable: bool = False  # away, or the address bounced


@dataclass(frozen=True, slots=True)
class Invitee:
    """A member who is not registered, with the school and role that the invitation names."""

    member: Member
    team: Team
    school: School
    role: Role
    contact: Contact

    def due(self, now: datetime, *, reminders: bool) -> bool:
        """Return whether the first invitation is due or, with `reminders`, a further one.

        Reminders are due only in the working hours of the team.
        """
        contact = self.contact
        if contact.unreachable or contact.invitations >= MAX_INVITATIONS:
            return False
        if contact.invited is None:
            return True
        return reminders and now - contact.invited >= INTERVAL and self.team.calendar.is_open(now)

    def notification(self) -> Notification:
        """Return the invitation."""
        to = Address(self.member.address, self.contact.name or self.member.name)
        reason = REMINDER if self.contact.invitations else ""
        return Notification(NotificationKind.INVITATION, to, self.role, reason=reason)


def unregistered(policy: Policy, contacts: Mapping[str, Contact]) -> Iterator[Invitee]:
    """Yield each member who is not registered once; `contacts` is keyed by registered address."""
    seen: set[str] = set()
    for member, team, school, role in _staff(policy):
        contact = contacts.get(member.address, Contact())
        if member.address not in seen and contact.registered is None:
            yield Invitee(member, team, school, role, contact)
        seen.add(member.address)


def _staff(policy: Policy) -> Iterator[tuple[Member, Team, School, Role]]:
    """Yield all members; second level serves all schools and is invited by the first one."""
    for school in policy.schools:
        yield from ((member, school.team, school, Role.SUPPORTER) for member in school.team.members)
    second_level, first = policy.second_level, policy.schools[0]
    yield from ((member, second_level, first, Role.SECOND_LEVEL) for member in second_level.members)
