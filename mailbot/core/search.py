"""Words by which tickets are found: how texts and questions are cut into them, and which ticket fits best."""

import re
import unicodedata
from collections.abc import Iterable

from mailbot.core.commands import fold
from mailbot.core.ticket import Ticket

ASKED_MOST = 8
LENGTH_MOST = 40  # longer words are cut, in texts as in questions

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> tuple[str, ...]:
    """Cut a text into its words, each once and folded: letters and digits only, ä as ae."""
    found = _WORD.findall(fold(unicodedata.normalize("NFC", text)))
    return tuple(dict.fromkeys(word[:LENGTH_MOST] for word in found))


def question(text: str) -> tuple[str, ...]:
    """Return the words that somebody looks for; those beyond the first eight are not asked for."""
    return words(text)[:ASKED_MOST]


def ranked(tickets: Iterable[Ticket], asked: Iterable[str]) -> tuple[Ticket, ...]:
    """Put tickets first whose subject bears the words, whole rather than begun; equals stay as they are."""
    wanted = tuple(asked)
    return tuple(sorted(tickets, key=lambda ticket: -_fit(words(ticket.subject), wanted)))


def _fit(subject: tuple[str, ...], wanted: tuple[str, ...]) -> int:
    whole = sum(word in subject for word in wanted)
    return whole + sum(any(s.startswith(word) for s in subject) for word in wanted)
