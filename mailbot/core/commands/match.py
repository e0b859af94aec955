"""Find the ticket that a mail belongs to, and the roles of a person on a ticket."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.core.model.facts import Facts
from mailbot.core.model.mail import Mail
from mailbot.core.model.policy import Policy, School
from mailbot.core.model.ticket import Role, Status, Ticket
from mailbot.core.text.references import FORWARD_SUBJECT

_CLOSED_LONG_AGO = "closed-long-ago"


@dataclass(frozen=True, slots=True)
class Match:
    """The ticket that a mail belongs to, how it was found, and another ticket that it may belong to.

    `flood`: the mail was added to the sender's last ticket because of the limit of new tickets.
    """

    ticket: Ticket | None
    by: str | None
    because: str
    related: Ticket | None = None
    related_reason: str = ""
    flood: bool = False

    @property
    def closed_long_ago(self) -> Ticket | None:
        """Return the ticket of the mail if it was closed too long ago to be reopened."""
        return self.related if self.related_reason == _CLOSED_LONG_AGO else None


def match_ticket(mail: Mail, facts: Facts, policy: Policy, now: datetime) -> Match:
    """Match a mail to a ticket: by thread, action key, appointment, subject tag, or common ancestor."""
    own = policy.addresses(mail.senders[0].email)
    by_key = (
        facts.by_action_key.ticket if facts.by_action_key and facts.by_action_key.recipient in own else None
    )
    candidates = (
        ("reply", facts.ticket(facts.by_reply), "In-Reply-To or References name a mail of"),
        ("key", facts.ticket(by_key), "the action key belongs to a mail about"),
        ("appointment", facts.ticket(facts.by_appointment), "answers the invitation to an appointment of"),
        ("subject-tag", _by_subject_tag(mail, facts, policy), "the subject names"),
        ("ancestor", _by_ancestor(mail, facts, policy), "In-Reply-To or References name the same mail as"),
    )
    hits = [(by, ticket, text) for by, ticket, text in candidates if ticket is not None]
    if not hits:
        return _unmatched(facts)
    by, ticket, text = hits[0]
    if by == "reply" and _is_forwarded_by_outsider(mail, ticket, facts, policy):
        because = f"forwards a mail of {ticket.key}, in which the sender is not a participant"
        return Match(None, None, because, ticket, "forwarded")
    if _reopening_is_over(mail, ticket, facts, policy, now):
        because = f"{ticket.key} was closed more than {policy.limits.reopen_days} days ago"
        return Match(None, None, because, ticket, _CLOSED_LONG_AGO)
    # The strongest signal counts, and the notification names the other ticket.
    other = next((t for _, t, _ in hits[1:] if t.key != ticket.key), None)
    reason = "disagree" if other else ""
    because = f"{text} {ticket.key}" + (f"; another match is {other.key}" if other else "")
    return Match(ticket, by, because, other, reason)


def _unmatched(facts: Facts) -> Match:
    tagged = facts.ticket(facts.by_subject_tag)
    if tagged is None:
        return _unmatched_answer(facts)
    because = f"the subject names {tagged.key}, but the sender is not a participant"
    return Match(None, None, because, tagged, "subject-tag")


def _unmatched_answer(facts: Facts) -> Match:
    """Relate the answers of several people to one mail; each may be about a problem of its own."""
    ticket = facts.ticket(facts.by_ancestor)
    if ticket is None:
        return Match(None, None, "matches no ticket")
    because = f"In-Reply-To or References name the same mail as {ticket.key}, which is of another person"
    return Match(None, None, because, ticket, "ancestor")


def _by_ancestor(mail: Mail, facts: Facts, policy: Policy) -> Ticket | None:
    """Return the ticket with an answer to the same mail if the sender is its requester or in its cc."""
    ticket = facts.ticket(facts.by_ancestor)
    if ticket is None:
        return None
    held = roles(mail.senders[0].email, ticket, policy.school(ticket.school) or facts.school, policy)
    return ticket if held & {Role.REQUESTER, Role.CC} else None


def _by_subject_tag(mail: Mail, facts: Facts, policy: Policy) -> Ticket | None:
    """Return the ticket of the subject tag if the sender is a participant."""
    ticket = facts.ticket(facts.by_subject_tag)
    if ticket is None:
        return None
    school = policy.school(ticket.school)
    if school is None or Role.STRANGER in roles(mail.senders[0].email, ticket, school, policy):
        return None
    return ticket


def _is_forwarded_by_outsider(mail: Mail, ticket: Ticket, facts: Facts, policy: Policy) -> bool:
    """Return whether the sender got the mail from a participant, and forwards it with a problem of their own.

    Some programs write the Message-ID of the forwarded mail into In-Reply-To.
    """
    school = policy.school(ticket.school) or facts.school
    outside = roles(mail.senders[0].email, ticket, school, policy) == {Role.STRANGER}
    return outside and (mail.forwarded or FORWARD_SUBJECT.match(mail.subject) is not None)


def _reopening_is_over(mail: Mail, ticket: Ticket, facts: Facts, policy: Policy, now: datetime) -> bool:
    """Return whether the mail is from the requester's side and the ticket was closed too long ago."""
    if ticket.status is not Status.CLOSED or ticket.closed is None:
        return False
    school = policy.school(ticket.school) or facts.school
    held = roles(mail.senders[0].email, ticket, school, policy)
    over = now - ticket.closed > timedelta(days=policy.limits.reopen_days)
    return over and not any(role.staff for role in held)


def roles(email: str, ticket: Ticket | None, school: School, policy: Policy) -> frozenset[Role]:
    """Return all roles of a person on a ticket, or on the school if there is no ticket yet."""
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
