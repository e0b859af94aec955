"""Store people: their names, registrations, invitations and absences, and blocked senders."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, delete, or_, select
from sqlalchemy.dialects.postgresql import Insert, insert  # SQLite has the same ON CONFLICT
from sqlmodel import Session

from mailbot.core.model.mail import Address
from mailbot.core.model.policy import Absence, Policy
from mailbot.core.timers.invitations import Contact
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

_PERSON, _BLOCKED = metadata.tables["person"], metadata.tables["blocked"]


def _upsert(*columns: str) -> Insert:
    """Return a statement that writes these columns of a person, who may be new."""
    new = insert(_PERSON)
    return new.on_conflict_do_update(
        index_elements=["address"], set_={column: new.excluded[column] for column in columns}
    )


# Find the people who are absent on a day, and those with one of some addresses.
_NAMED_OR_AWAY = select(_PERSON.c.address, _PERSON.c.name, _PERSON.c.away_until, _PERSON.c.deputy).where(
    or_(
        _PERSON.c.away_until >= bindparam("day"),
        _PERSON.c.address.in_(bindparam("addresses", expanding=True)),
    )
)
_PEOPLE = select(_PERSON)
_LEARN_NAME, _MARK_UNDELIVERABLE, _REGISTER = _upsert("name"), _upsert("undeliverable"), _upsert("registered")
_SET_ABSENCE = _upsert("away_until", "deputy")
_INVITE = insert(_PERSON).on_conflict_do_update(
    index_elements=["address"],
    set_={"invited": insert(_PERSON).excluded.invited, "invitations": _PERSON.c.invitations + 1},
)

# Find which of some addresses are blocked in some schools: SQLite has no index for pairs of them.
_BLOCKED_ONES = select(_BLOCKED.c.school, _BLOCKED.c.address).where(
    _BLOCKED.c.school.in_(bindparam("schools", expanding=True)),
    _BLOCKED.c.address.in_(bindparam("addresses", expanding=True)),
)
_ALL_BLOCKED = select(_BLOCKED).order_by(_BLOCKED.c.since.desc())
# Block an address, unless it is blocked already.
_BLOCK = insert(_BLOCKED).on_conflict_do_nothing()
# Unblock an address everywhere.
_UNBLOCK = delete(_BLOCKED).where(_BLOCKED.c.address == bindparam("address")).returning(_BLOCKED.c.school)
_UNBLOCK_IN_SCHOOL = _UNBLOCK.where(_BLOCKED.c.school == bindparam("school"))


def today(policy: Policy, now: datetime) -> date:
    """Return the date in the organisation's time zone."""
    return now.astimezone(ZoneInfo(policy.timezone)).date()


def learn_name(session: Session, address: Address) -> None:
    """Store the name that a person uses in their own mails."""
    session.execute(_LEARN_NAME, {"address": address.email, "name": address.name})


def mark_undeliverable(session: Session, address: str, reason: str) -> None:
    """Record that mail to an address bounces, and why."""
    session.execute(_MARK_UNDELIVERABLE, {"address": address, "undeliverable": reason})


def register(session: Session, address: str, now: datetime) -> None:
    """Record that a member registered."""
    session.execute(_REGISTER, {"address": address, "registered": now})


def set_absence(session: Session, address: str, until: date | None, deputy: str) -> None:
    """Set until when a member is absent and who their deputy is; `until` is None if they are back."""
    session.execute(_SET_ABSENCE, {"address": address, "away_until": until, "deputy": deputy})


def record_invitation(session: Session, address: str, now: datetime) -> None:
    """Record an invitation of a member."""
    session.execute(_INVITE, {"address": address, "invited": now, "invitations": 1})


def names_and_absences(
    session: Session, addresses: Iterable[str], day: date
) -> tuple[dict[str, str], dict[str, Absence]]:
    """Return the names that people use in their own mails, and all absences on a day, by address.

    Addresses of unknown people are left out.
    """
    known, names = set(addresses), dict[str, str]()
    absent: dict[str, Absence] = {}
    rows = execute(session, _NAMED_OR_AWAY, {"addresses": list(known), "day": day})
    for address, name, until, deputy in rows:
        if name and address in known:
            names[address] = name
        if until is not None and until >= day:
            absent[address] = Absence(until, deputy)
    return names, absent


def contacts(session: Session, day: date) -> dict[str, Contact]:
    """Return the facts for invitations on a day, for each person by address."""
    return {
        row.address: Contact(
            name=row.name,
            registered=row.registered,
            invited=row.invited,
            invitations=row.invitations,
            unreachable=bool(row.undeliverable) or (row.away_until is not None and row.away_until >= day),
        )
        for row in session.execute(_PEOPLE)
    }


def blocked(session: Session, pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return which of these pairs of school and address are blocked."""
    wanted = frozenset(pairs)
    schools, addresses = {school for school, _ in wanted}, {address for _, address in wanted}
    rows = execute(session, _BLOCKED_ONES, {"schools": sorted(schools), "addresses": sorted(addresses)})
    return wanted.intersection((school, address) for school, address in rows)


def all_blocked(session: Session) -> Sequence[Row[Any]]:
    """Return the blocked addresses with their schools, the newest first."""
    return session.execute(_ALL_BLOCKED).all()


def block(session: Session, school: str, address: str, by: str, now: datetime) -> None:
    """Block an address: its mails to a school are ignored from now on."""
    session.execute(_BLOCK, {"school": school, "address": address, "since": now, "by": by})


def unblock(session: Session, address: str, school: str | None = None) -> list[str]:
    """Unblock an address in one school or in all; return the schools in which it was blocked."""
    if school is None:
        return sorted(session.execute(_UNBLOCK, {"address": address}).scalars())
    return list(session.execute(_UNBLOCK_IN_SCHOOL, {"address": address, "school": school}).scalars())
