"""Invite team members to register: the daemon invites and reminds, an operator invites at once."""

from collections.abc import Collection, Iterable
from datetime import datetime

from mailbot.core.model.policy import Policy
from mailbot.core.timers.invitations import Invitee, unregistered
from mailbot.service.desk import Desk
from mailbot.store import audit, people
from mailbot.store.audit import Origin, record
from mailbot.store.database import Session, transaction
from mailbot.store.enqueue import enqueue


class NotAMemberError(Exception):
    """An address to invite does not belong to a team member; the text names the address."""


def invite_due(desk: Desk, now: datetime, *, reminders: bool) -> list[str]:
    """Invite new members; return the addresses of the invited members.

    With `reminders`, also invite members again who did not register.
    """
    if not desk.policy.invitations:
        return []
    with transaction(desk.engine) as session:
        audit.lock_desk(session)
        due = [i for i in _invitees(session, desk.policy, now) if i.due(now, reminders=reminders)]
        return _invite(session, desk, due, now)


def invite(desk: Desk, addresses: Collection[str], now: datetime) -> list[str]:
    """Invite these members unless they are registered; return the invited addresses.

    Without addresses, invite all members. Raises NotAMemberError.
    """
    for address in addresses:
        if desk.policy.find_member(address) is None:
            raise NotAMemberError(
                f"{address} is not the address of a team member; add the member to the configuration first"
            )
    selected = {desk.policy.registered(address) for address in addresses}
    with transaction(desk.engine) as session:
        audit.lock_desk(session)
        invitees = [
            invitee
            for invitee in _invitees(session, desk.policy, now)
            if not selected or invitee.member.address in selected
        ]
        return _invite(session, desk, invitees, now)


def not_registered(session: Session, policy: Policy, now: datetime) -> list[str]:
    """Return the addresses of the members who have not registered yet."""
    return [invitee.member.address for invitee in _invitees(session, policy, now)]


def _invitees(session: Session, policy: Policy, now: datetime) -> list[Invitee]:
    contacts = people.contacts(session, people.today(policy, now))
    return list(unregistered(policy, contacts))


def _invite(session: Session, desk: Desk, invitees: Iterable[Invitee], now: datetime) -> list[str]:
    invited = []
    for invitee in invitees:
        mail = desk.render_one(invitee.notification(), invitee.school, now)
        enqueue(session, invitee.school.key, [mail], now)
        people.record_invitation(session, invitee.member.address, now)
        invited.append(invitee.member.address)
    if invited:
        record(session, Origin(desk.actor, now), "invited", ", ".join(invited))
    return invited
