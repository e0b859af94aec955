"""What is known of people: names, registrations, absences."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from mailbot.core.model.policy import Absence, Policy
from mailbot.core.timers.invitations import Contact
from mailbot.store.rows import existing
from mailbot.store.tables import BlockedRow, PersonRow, metadata

_PERSON, _BLOCKED = metadata.tables["person"].c, metadata.tables["blocked"].c

# Each mail asks these, so they are put together once.
_AWAY = columns(_PERSON.address, _PERSON.away_until, _PERSON.deputy).where(
    _PERSON.away_until >= bindparam("day")
)
_NAMES = columns(_PERSON.address, _PERSON.name).where(
    _PERSON.address.in_(bindparam("addresses", expanding=True)), _PERSON.name != ""
)
_IS_BLOCKED = columns(_BLOCKED.since).where(
    _BLOCKED.school == bindparam("school"), _BLOCKED.address == bindparam("address")
)


def today(policy: Policy, now: datetime) -> date:
    """Return the day that it is at the house."""
    return now.astimezone(ZoneInfo(policy.timezone)).date()


def person(session: Session, address: str) -> PersonRow:
    """Return what is known of an address, beginning it if it is new."""
    return existing(session, PersonRow(address=address), address)


def absences(session: Session, day: date) -> dict[str, Absence]:
    """Return who is away that day, by registered address."""
    away = session.connection().execute(_AWAY, {"day": day})
    return {address: Absence(until, deputy) for address, until, deputy in away}


def names(session: Session, addresses: Iterable[str]) -> dict[str, str]:
    """Return the names that these addresses use in own mails, as far as they were learnt."""
    known = session.connection().execute(_NAMES, {"addresses": list(addresses)})
    return {row.address: row.name for row in known}


def contacts(session: Session, day: date) -> dict[str, Contact]:
    """Return what is known of everybody, by address, as it matters for an invitation on that day."""
    return {
        row.address: Contact(
            name=row.name,
            registered=row.registered,
            invited=row.invited,
            invitations=row.invitations,
            unreachable=bool(row.undeliverable) or (row.away_until is not None and row.away_until >= day),
        )
        for row in session.exec(select(PersonRow))
    }


def blocked(session: Session, pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return which of these pairs of school and address are blocked."""
    connection = session.connection()
    asked = {pair: dict(zip(("school", "address"), pair, strict=True)) for pair in pairs}
    return frozenset(p for p, values in asked.items() if connection.execute(_IS_BLOCKED, values).first())


def all_blocked(session: Session) -> list[BlockedRow]:
    """Return who is blocked where, the newest first."""
    return list(session.exec(select(BlockedRow).order_by(col(BlockedRow.since).desc())))


def block(session: Session, school: str, address: str, by: str, now: datetime) -> None:
    """Let a school's mails of an address be from now on."""
    if session.get(BlockedRow, (school, address)) is None:
        session.add(BlockedRow(school=school, address=address, since=now, by=by))


def unblock(session: Session, address: str, school: str | None = None) -> list[str]:
    """Read mails of an address again, in one school or in all; return where it was blocked."""
    rows = [r for r in all_blocked(session) if r.address == address and school in (None, r.school)]
    for row in rows:
        session.delete(row)
    return sorted(row.school for row in rows)


def note_invitation(session: Session, address: str, now: datetime) -> None:
    """Note that a member was invited now."""
    row = person(session, address)
    row.invited, row.invitations = now, row.invitations + 1
