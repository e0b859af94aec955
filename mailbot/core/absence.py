"""Who is away, until when, and who gets the letters meanwhile."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mailbot.core.commands import fold
from mailbot.core.policy import Member

LONGEST = timedelta(days=364)  # a day further ahead is a slip: "23.11." on that very day means next year's
WORDS_MOST = 5

_FILLERS = frozenset({"vertretung", "deputy", "durch", "by", "par", "remplacant", "remplacante"})


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away until the end of that day; `deputy` is a registered address, or "" for the team."""

    until: date
    deputy: str = ""


def phrases(args: Sequence[str]) -> tuple[str, ...]:
    """Return what of "#away DATE [DEPUTY]" may be the date, the longest first."""
    return tuple(" ".join(args[:end]) for end in range(min(len(args), WORDS_MOST), 0, -1))


def read(args: Sequence[str], dates: Mapping[str, date], today: date) -> tuple[date | None, str]:
    """Return the last day and the deputy's name of "#away DATE [DEPUTY]"; None where no such day is to come.

    `dates` are the days that the phrases mean.
    """
    found = next((phrase for phrase in phrases(args) if phrase in dates), None)
    if found is None or not today <= dates[found] <= today + LONGEST:
        return None, ""
    rest = args[len(found.split()) :]
    return dates[found], " ".join(word for word in rest if fold(word.strip(":")) not in _FILLERS)


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
