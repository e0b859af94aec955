"""Tickets of an older help desk: what is known of them, and where they belong here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailbot.core.model.mail import Address
from mailbot.core.model.policy import Policy, School
from mailbot.core.model.ticket import Priority, Status

SECOND_LEVEL = "second-level"
"""Stands for second level where a department or team is mapped to a school's key."""


class EntryKind(StrEnum):
    """What an entry of a thread was."""

    MESSAGE = "message"  # of the requester's side
    RESPONSE = "response"  # of an agent, to the requester
    NOTE = "note"  # of an agent, internal


@dataclass(frozen=True, slots=True)
class OldFile:
    """A file of an entry; `content` is None where the database does not hold it: `lies_in` says where."""

    name: str
    content_type: str
    content: bytes | None = field(repr=False)
    content_id: str = ""
    lies_in: str = ""


@dataclass(frozen=True, slots=True)
class OldEntry:
    """One entry of a thread; `message_id` has its angle brackets, and is "" where there was no mail."""

    number: int
    kind: EntryKind
    author: Address
    at: datetime
    subject: str
    body: str = field(repr=False)
    html: bool
    message_id: str = ""
    files: tuple[OldFile, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceTicket:
    """A ticket as it stood. `mailbox` is the address it was written to; all names are those of the old desk.

    `status` is None for a ticket that was deleted.
    """

    number: str
    subject: str
    department: str
    team: str
    mailbox: str
    requester: Address
    opened: datetime
    status: Status | None = Status.OPEN
    closed: datetime | None = None
    due: datetime | None = None
    priority: Priority = Priority.NORMAL
    assignee: Address | None = None
    cc: tuple[Address, ...] = ()
    entries: tuple[OldEntry, ...] = ()

    @property
    def alias(self) -> str:
        """Return the name by which subjects of the old desk call it: "#123456" for "[#123456]"."""
        return f"#{self.number}"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a ticket belongs: school and level; `misfits` is what of it does not fit, in words."""

    school: School | None
    level: int = 1
    misfits: tuple[str, ...] = ()


def map_ticket(ticket: SourceTicket, mapping: Mapping[str, str], policy: Policy) -> Destination:
    """Decide where a ticket belongs.

    `mapping` names for departments and teams of the old desk a school's key or SECOND_LEVEL. A department
    that is not mapped belongs to the school of the same name or key. What belongs to second level is of the
    school to whose address it was written.
    """
    if ticket.status is None:
        return Destination(None, misfits=("deleted in the old help desk",))
    if not ticket.requester.email:
        return Destination(None, misfits=("nobody's address is known",))
    level = 2 if SECOND_LEVEL in (mapping.get(ticket.department), mapping.get(ticket.team)) else 1
    school = _school(ticket, mapping, policy)
    if school is None:
        what = f"department {ticket.department!r} is none of the schools"
        return Destination(None, level, (what,))
    return Destination(school, level, tuple(_misfits(ticket, policy)))


def _school(ticket: SourceTicket, mapping: Mapping[str, str], policy: Policy) -> School | None:
    wanted = mapping.get(ticket.department, ticket.department)
    if wanted == SECOND_LEVEL:
        return next((s for s in policy.schools if s.address == ticket.mailbox), None)
    return policy.find_school(wanted)


def _misfits(ticket: SourceTicket, policy: Policy) -> list[str]:
    agents = {e.author for e in ticket.entries if e.kind is not EntryKind.MESSAGE and e.author.email}
    agents |= {ticket.assignee} if ticket.assignee else set()
    strangers = sorted(a.email for a in agents if policy.find_member(a.email) is None)
    missing = [f for e in ticket.entries for f in e.files if f.content is None]
    return [
        *(f"agent {email} is a member of no team" for email in strangers),
        *(f"file {f.name!r} is not in the database but in {f.lies_in}" for f in missing),
    ]
