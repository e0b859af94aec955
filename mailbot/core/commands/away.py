"""The arguments of #away: a date, then perhaps a deputy."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from mailbot.core.text.fold import fold

LONGEST = timedelta(days=364)  # a day further ahead is a slip: "23.11." on that very day means next year's
WORDS_MOST = 5
_FILLERS = frozenset({"vertretung", "deputy", "durch", "by", "par", "remplacant", "remplacante"})


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
