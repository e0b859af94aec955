"""Who is away, until when, and who gets the letters meanwhile."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from mailbot.core.commands import fold
from mailbot.core.policy import Member

AHEAD_MOST = timedelta(days=250)  # a day and month without a year that lie further ahead are a slip

_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.?(\d{4}|\d{2})?\.?")
_FILLERS = frozenset(
    {"bis", "zum", "einschliesslich", "until", "till", "to", "vertretung", "deputy", "durch", "by"}
)


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away until the end of that day; `deputy` is a registered address, or "" for the team."""

    until: date
    deputy: str = ""


def read(args: Iterable[str], today: date) -> tuple[date | None, str]:
    """Return day and deputy's name of "#away DATE [DEPUTY]"; the day is None if it is none to come."""
    words = [word for word in args if fold(word.strip(":")) not in _FILLERS]
    until = day(words[0], today) if words else None
    return (until if until and until >= today else None), " ".join(words[1:])


def day(word: str, today: date) -> date | None:
    """Read a date written as 2026-12-01, 1.12. or 1.12.2026; without a year it is the next such day."""
    try:
        if found := _DATE.fullmatch(word):
            return _german(int(found[1]), int(found[2]), found[3], today)
        return date.fromisoformat(word)
    except ValueError:
        return None


def _german(number: int, month: int, year: str | None, today: date) -> date | None:
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, number)
    this_year = date(today.year, month, number)
    coming = this_year if this_year >= today else date(today.year + 1, month, number)
    return coming if coming - today <= AHEAD_MOST else None


def stand_in(member: Member, absences: Mapping[str, Absence], eligible: Iterable[Member]) -> Member | None:
    """Return who gets a member's letters today: the member, the deputy if there, or None.

    `eligible` are those who may work on the ticket; a deputy who is away too stands in for nobody.
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
    """Return who gets the letters to a team today, each once; all of them if nobody is there."""
    everybody, allowed = tuple(members), tuple(eligible)
    there = [who for member in everybody if (who := stand_in(member, absences, allowed))]
    return tuple({who.address: who for who in there}.values()) or everybody
