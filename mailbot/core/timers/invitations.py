"""Who is invited to register, and when: once, and twice more after a week each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.policy import Member, Policy, School, Team
from mailbot.core.model.ticket import Role

INVITATIONS_MOST = 3
APART = timedelta(days=7)
REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class Contact:
    """What is known of a member: own name, when registered and when invited last, and how often."""

    name: str = ""
    registered: datetime | None = None
    invited: datetime | None = None
    invitations: int = 0
    unreachable: bool = False  # away, or mail came back


@dataclass(frozen=True, slots=True)
class Invitee:
    """A member who is not registered, and the school and role that the invitation speaks of."""

    member: Member
    team: Team
    school: School
    role: Role
    contact: Contact

    def due(self, now: datetime, *, reminders: bool) -> bool:
        """Tell whether it is time for the first invitation or, with `reminders`, for a further one.

        Reminders come while the team works.
        """
        contact = self.contact
        if contact.unreachable or contact.invitations >= INVITATIONS_MOST:
            return False
        if contact.invited is None:
            return True
        return reminders and now - contact.invited >= APART and self.team.calendar.is_open(now)

    def letter(self) -> Notification:
        """Return the invitation."""
        to = Address(self.member.address, self.contact.name or self.member.name)
        reason = REMINDER if self.contact.invitations else ""
        return Notification(NotificationKind.INVITATION, to, self.role, reason=reason)


def unregistered(policy: Policy, contacts: Mapping[str, Contact]) -> Iterator[Invitee]:
    """Yield the members who are not registered, each once, by registered address in `contacts`."""
    seen: set[str] = set()
    for member, team, school, role in _staff(policy):
        contact = contacts.get(member.address, Contact())
        if member.address not in seen and contact.registered is None:
            yield Invitee(member, team, school, role, contact)
        seen.add(member.address)


def _staff(policy: Policy) -> Iterator[tuple[Member, Team, School, Role]]:
    """Yield all members; second level, which serves all schools, is written to from the first one."""
    for school in policy.schools:
        yield from ((member, school.team, school, Role.SUPPORTER) for member in school.team.members)
    over_all, first = policy.second_level, policy.schools[0]
    yield from ((member, over_all, first, Role.SECOND_LEVEL) for member in over_all.members)
