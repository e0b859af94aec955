"""What is known of people: names, registrations, absences."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from mailbot.core.absence import Absence
from mailbot.core.policy import Policy
from mailbot.core.registration import Contact
from mailbot.store.rows import existing
from mailbot.store.tables import PersonRow


def today(policy: Policy, now: datetime) -> date:
    """Return the day that it is at the house."""
    return now.astimezone(ZoneInfo(policy.timezone)).date()


def person(session: Session, address: str) -> PersonRow:
    """Return what is known of an address, beginning it if it is new."""
    return existing(session, PersonRow(address=address), address)


def absences(session: Session, day: date) -> dict[str, Absence]:
    """Return who is away that day, by registered address."""
    query = select(PersonRow).where(col(PersonRow.away_until) >= day)
    return {row.address: Absence(row.away_until, row.deputy) for row in session.exec(query) if row.away_until}


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


def note_invitation(session: Session, address: str, now: datetime) -> None:
    """Note that a member was invited now."""
    row = person(session, address)
    row.invited, row.invitations = now, row.invitations + 1
