"""The rules of the organisation as values: schools, teams, members and their absences, limits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, Literal

from mailbot.core.model.calendar import Calendar
from mailbot.core.model.mail import Address


@dataclass(frozen=True, slots=True)
class Member:
    """A person who works on tickets: the registered address, and further addresses of the same person."""

    address: str
    name: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return all addresses of this person, the registered one first."""
        return (self.address, *self.aliases)


@dataclass(frozen=True, slots=True)
class Team:
    """People who share tickets, and when they work."""

    name: str
    members: tuple[Member, ...]
    calendar: Calendar = field(default_factory=Calendar)

    def member(self, email: str) -> Member | None:
        """Return the member with that address; None if there is none."""
        return next((m for m in self.members if email in m.addresses), None)


@dataclass(frozen=True, slots=True)
class School:
    """One school: its key in ticket numbers, its support address and its first-level team.

    `informal`: German mails address people as "du" instead of "Sie". `machines`: whether alerts of the
    school's devices open tickets.
    """

    key: str
    name: str
    address: str
    team: Team
    language: str = "de"
    domains: tuple[str, ...] = ()
    authserv_id: str = ""
    informal: bool = False
    machines: Literal["ticket", "ignore"] = "ticket"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of sizes (in bytes), rates and periods."""

    attachments: int = 10_000_000
    mail: int = 50_000_000
    hourly_automatic: int = 5
    daily_automatic: int = 20
    hourly_overall: int = 500
    hourly_tickets: int = 20
    reopen_days: int = 14
    confirm_days: int = 3
    proof_days: int = 30
    answer_collision_minutes: int = 5


@dataclass(frozen=True, slots=True)
class Times:
    """Delays of the timers in working time; 0 turns a timer off.

    `*_hours` count from the last activity of the staff, `wait_*_days` from the question to the requester.
    `digest` is the local time of the digest; None turns it off.
    """

    reminder_hours: int = 8
    overdue_hours: int = 24
    escalate_hours: int = 0
    wait_reminder_days: int = 5
    wait_close_days: int = 10
    digest: time | None = time(7, 30)


@dataclass(frozen=True, slots=True)
class Retention:
    """Days after which data is erased; 0 means never.

    `mail_days` and `text_days` count from the closing of a ticket. The first is for raw mails, files and
    outgoing mails, the second for all texts. `other_days` is for mails that belong to no ticket.
    """

    mail_days: int = 180
    text_days: int = 730
    other_days: int = 90


def _computed() -> Any:
    """Return the declaration of a field that depends on the others."""
    return field(init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """The part of the configuration that the core needs.

    `teams` are all teams, second level first; `support_addresses` are those of all schools. `school_domains`
    are the domains of the people of all schools, `domains` those of the organisation: of its schools and of
    its people's addresses.
    """

    name: str
    schools: tuple[School, ...]
    second_level: Team
    language: str = "de"
    timezone: str = "Europe/Berlin"
    operators: tuple[Address, ...] = ()
    limits: Limits = field(default_factory=Limits)
    invitations: bool = True
    times: Times = field(default_factory=Times)
    informal: bool = False
    retention: Retention = field(default_factory=Retention)
    helpline_name: str = ""
    helpline_phone: str = ""
    teams: tuple[Team, ...] = _computed()
    support_addresses: frozenset[str] = _computed()
    school_domains: frozenset[str] = _computed()
    domains: frozenset[str] = _computed()
    _schools_by_key: Mapping[str, School] = _computed()
    _teams_by_address: Mapping[str, Sequence[Team]] = _computed()

    def __post_init__(self) -> None:
        """Compute what depends on all schools: there may be hundreds, and each mail asks dozens of times."""
        teams = (self.second_level, *(school.team for school in self.schools))
        by_address: defaultdict[str, list[Team]] = defaultdict(list)
        for team in teams:
            for address in {address for member in team.members for address in member.addresses}:
                by_address[address].append(team)
        support = frozenset(school.address for school in self.schools)
        of_schools = frozenset(domain for school in self.schools for domain in school.domains)
        addresses = (*support, *(operator.email for operator in self.operators), *by_address)
        computed = {
            "teams": teams,
            "support_addresses": support,
            "school_domains": of_schools,
            "domains": of_schools.union(address.rpartition("@")[2] for address in addresses),
            "_schools_by_key": {school.key: school for school in reversed(self.schools)},
            "_teams_by_address": dict(by_address),
        }
        for name, value in computed.items():
            object.__setattr__(self, name, value)  # the class is frozen

    def school(self, key: str) -> School | None:
        """Return the school with that key, ignoring case."""
        return self._schools_by_key.get(key.upper())

    def find_school(self, words: str) -> School | None:
        """Return the school with that key or name, ignoring case."""
        wanted = words.casefold()
        return next((s for s in self.schools if wanted in (s.key.casefold(), s.name.casefold())), None)

    def staff(self, school: School) -> Iterator[Member]:
        """Yield the members who may work on that school's tickets: its team, then second level."""
        yield from school.team.members
        yield from self.second_level.members

    def team_at(self, level: int, school: School) -> Team:
        """Return the team that has the tickets of a school at level 1 or 2."""
        return self.second_level if level == 2 else school.team

    def find_member(self, email: str) -> Member | None:
        """Return the member of any team with that address; None if there is none."""
        return next((m for team in self._teams_of(email) if (m := team.member(email))), None)

    def addresses(self, email: str) -> frozenset[str]:
        """Return all addresses of the person with that address: a member may have several."""
        same = (m.addresses for team in self._teams_of(email) if (m := team.member(email)))
        return frozenset({email}.union(*same))

    def registered(self, email: str) -> str:
        """Return the registered address of the member with that address, or else the address itself."""
        member = self.find_member(email)
        return member.address if member else email

    def colleagues(self, email: str) -> tuple[Member, ...]:
        """Return the other members of all teams of the member with that address."""
        shared = self._teams_of(email)
        found = {m.address: m for team in shared for m in team.members if email not in m.addresses}
        return tuple(found.values())

    def _teams_of(self, email: str) -> Sequence[Team]:
        return self._teams_by_address.get(email, ())


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of the health rules; 0 turns a rule off. `disk_free` is in bytes."""

    mailbox_minutes: int = 15
    outbox_minutes: int = 60
    disk_free: int = 200_000_000


@dataclass(frozen=True, slots=True)
class Absence:
    """An absence until the end of that day; `deputy` is a registered address, or "" for the whole team."""

    until: date
    deputy: str = ""


def effective_member(
    member: Member, absences: Mapping[str, Absence], eligible: Iterable[Member]
) -> Member | None:
    """Return who gets a member's notifications today: the member, their deputy, or None.

    `eligible` are the members who may work on the ticket. A deputy who is away too does not count.
    """
    absence = absences.get(member.address)
    if absence is None:
        return member
    if absence.deputy in absences:
        return None
    return next((m for m in eligible if m.address == absence.deputy), None)


def present(
    members: Iterable[Member], absences: Mapping[str, Absence], eligible: Iterable[Member]
) -> tuple[Member, ...]:
    """Return who gets a team's notifications today, without duplicates; all members if all are away."""
    everyone, allowed = tuple(members), tuple(eligible)
    found = [m for member in everyone if (m := effective_member(member, absences, allowed))]
    return tuple({member.address: member for member in found}.values()) or everyone
