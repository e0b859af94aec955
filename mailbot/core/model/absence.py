"""Who is away, until when, and who gets the letters meanwhile."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from mailbot.core.model.policy import Member


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away until the end of that day; `deputy` is a registered address, or "" for the team."""

    until: date
    deputy: str = ""


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
