"""Define the tickets of another help desk, and map each to a school and a level."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailbot.core.model.mail import Address
from mailbot.core.model.policy import Policy, School
from mailbot.core.model.ticket import Priority, Status

SECOND_LEVEL = "second-level"
"""The name of second level in a mapping, in place of a school's key."""


class EntryKind(StrEnum):
    """The kinds of thread entries."""

    MESSAGE = "message"  # from the requester or a collaborator
    RESPONSE = "response"  # from an agent to the requester
    NOTE = "note"  # from an agent, internal


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of an entry; if the database does not have it, `content` is None and `storage` is its place."""

    name: str
    content_type: str
    content: bytes | None = field(repr=False)
    content_id: str = ""
    storage: str = ""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One entry of a thread; `message_id` has angle brackets, or is "" if the entry was not a mail."""

    number: int
    kind: EntryKind
    author: Address
    at: datetime
    subject: str
    body: str = field(repr=False)
    html: bool
    message_id: str = ""
    files: tuple[SourceFile, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceTicket:
    """A ticket of the other help desk, with that desk's names for department and team.

    `mailbox` is the address to which the first mail was sent. `status` is None for a deleted ticket.
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
    entries: tuple[SourceEntry, ...] = ()

    @property
    def alias(self) -> str:
        """Return the ticket's name in subjects of the other desk, such as "#123456" for "[#123456]"."""
        return f"#{self.number}"


@dataclass(frozen=True, slots=True)
class Destination:
    """The school and the level of an imported ticket; `warnings` say which data is not imported as it is.

    Without a school the ticket is not imported.
    """

    school: School | None
    level: int = 1
    warnings: tuple[str, ...] = ()


def map_ticket(ticket: SourceTicket, mapping: Mapping[str, str], policy: Policy) -> Destination:
    """Return the school and the level of a ticket.

    `mapping` has a school's key or SECOND_LEVEL for departments and teams of the other desk. A department
    without a mapping belongs to the school with the same name or key. A ticket of second level belongs to the
    school whose address received it.
    """
    if ticket.status is None:
        return Destination(None, warnings=("deleted in the other help desk",))
    if not ticket.requester.email:
        return Destination(None, warnings=("the requester has no address",))
    level = 2 if SECOND_LEVEL in (mapping.get(ticket.department), mapping.get(ticket.team)) else 1
    school = _school(ticket, mapping, policy)
    if school is None:
        return Destination(None, level, (f"department {ticket.department!r} has no school; use --map",))
    return Destination(school, level, tuple(_warnings(ticket, policy)))


def _school(ticket: SourceTicket, mapping: Mapping[str, str], policy: Policy) -> School | None:
    name = mapping.get(ticket.department, ticket.department)
    if name == SECOND_LEVEL:
        return next((s for s in policy.schools if s.address == ticket.mailbox), None)
    return policy.find_school(name)


def _warnings(ticket: SourceTicket, policy: Policy) -> list[str]:
    agents = {e.author for e in ticket.entries if e.kind is not EntryKind.MESSAGE and e.author.email}
    agents |= {ticket.assignee} if ticket.assignee else set()
    unknown = sorted(a.email for a in agents if policy.member(a.email) is None)
    missing = [f for e in ticket.entries for f in e.files if f.content is None]
    return [
        *(f"agent {email} is not a member of a team" for email in unknown),
        *(f"file {f.name!r} is not in the database but in {f.storage}" for f in missing),
    ]
