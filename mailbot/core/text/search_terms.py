"""Words by which tickets are found: how texts and questions are cut into them, and which ticket fits best."""

import re
import unicodedata
from collections.abc import Iterable

from mailbot.core.text.fold import fold

ASKED_MOST = 8
LENGTH_MOST = 40  # longer words are cut, in texts as in questions

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> tuple[str, ...]:
    """Cut a text into its words, each once and folded: letters and digits only, ä as ae."""
    found = _WORD.findall(fold(unicodedata.normalize("NFC", text)))
    return tuple(dict.fromkeys(word[:LENGTH_MOST] for word in found))


def query_terms(text: str) -> tuple[str, ...]:
    """Return the words that somebody looks for; those beyond the first eight are not asked for."""
    return words(text)[:ASKED_MOST]


def score(subject: str, asked: Iterable[str]) -> int:
    """Return how well a ticket fits: a point for each word that begins one of its subject, two if whole."""
    borne = words(subject)
    return sum((word in borne) + any(b.startswith(word) for b in borne) for word in asked)
