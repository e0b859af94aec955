"""Everything that a person is to a ticket."""

from mailbot.core.model.policy import Policy, School
from mailbot.core.model.ticket import Role, Ticket


def roles(email: str, ticket: Ticket | None, school: School, policy: Policy) -> frozenset[Role]:
    """Return everything that somebody is to a ticket, or to a school where there is no ticket yet."""
    found = set()
    addresses = policy.addresses(email)
    if school.team.member(email):
        found.add(Role.SUPPORTER)
    if policy.second_level.member(email):
        found.add(Role.SECOND_LEVEL)
    if ticket is not None and ticket.requester.email in addresses:
        found.add(Role.REQUESTER)
    if ticket is not None and any(person.email in addresses for person in ticket.cc):
        found.add(Role.CC)
    return frozenset(found) or frozenset({Role.STRANGER})
