"""Invite members of teams to register: the daemon a few times each, an operator at once."""

from collections.abc import Collection, Iterable
from datetime import datetime

from mailbot.core.model.policy import Policy
from mailbot.core.timers.invitations import Invitee, unregistered
from mailbot.service.desk import Desk
from mailbot.store import audit, people
from mailbot.store.apply import enqueue
from mailbot.store.audit import Origin, record
from mailbot.store.database import Session, transaction


class NotAMemberError(Exception):
    """An address to invite is not that of a member of a team; the text names it."""


def invite_due(desk: Desk, now: datetime, *, reminders: bool) -> list[str]:
    """Invite new members and, with `reminders`, remind those who did not register; return their addresses."""
    if not desk.policy.invitations:
        return []
    with transaction(desk.engine) as session:
        audit.lock_desk(session)
        due = [i for i in _invitees(session, desk.policy, now) if i.due(now, reminders=reminders)]
        return _invite(session, desk, due, now)


def invite(desk: Desk, addresses: Collection[str], now: datetime) -> list[str]:
    """Invite these members, or all without addresses, unless registered; return the invited addresses.

    Raises NotAMemberError.
    """
    for address in addresses:
        if desk.policy.find_member(address) is None:
            raise NotAMemberError(f"{address} is the address of no member of a team")
    wanted = {desk.policy.registered(address) for address in addresses}
    with transaction(desk.engine) as session:
        audit.lock_desk(session)
        found = _invitees(session, desk.policy, now)
        return _invite(session, desk, [i for i in found if not wanted or i.member.address in wanted], now)


def not_registered(session: Session, policy: Policy, now: datetime) -> list[str]:
    """Return the addresses of the members who have not registered yet."""
    return [invitee.member.address for invitee in _invitees(session, policy, now)]


def _invitees(session: Session, policy: Policy, now: datetime) -> list[Invitee]:
    contacts = people.contacts(session, people.today(policy, now))
    return list(unregistered(policy, contacts))


def _invite(session: Session, desk: Desk, invitees: Iterable[Invitee], now: datetime) -> list[str]:
    invited = []
    for invitee in invitees:
        enqueue(
            session, invitee.school.key, desk.render_one(invitee.notification(), invitee.school, now), now
        )
        people.record_invitation(session, invitee.member.address, now)
        invited.append(invitee.member.address)
    if invited:
        record(session, Origin(desk.actor, now), "invited", ", ".join(invited))
    return invited
