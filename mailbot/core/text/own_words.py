"""Find where the name begins behind own words, as in "12:30 Uhr passt Jana Beispiel <...> schrieb am"."""

import re

from mailbot.core.text.attribution_words import CONNECTING, OFFICES, SHORT_ANSWERS, WEEKDAYS
from mailbot.core.text.words import STOPWORDS, fold

_TOKEN = re.compile(r"\S+")
_EDGES = " \t\xa0*_-–—.,:;!?()\"'"
_LONG_DAYS = frozenset(day for day in WEEKDAYS.split("|") if len(day) > 5)  # the short ones are in names
_OF_SENTENCES = STOPWORDS - CONNECTING - OFFICES


def name_start(before: str) -> int:
    """Return the position of the name in the text before an address, or 0 if no own words are before it.

    No name has a digit, a word of a sentence or a day; other words in lower case are the author's own only if
    there is one of these, since names are written in lower case, too.
    """
    words = list(_TOKEN.finditer(before))
    certain = [number for number, word in enumerate(words) if _is_own_word(word[0])]
    if not certain or words[certain[-1]][0].endswith(","):
        return 0
    others = (number for number, word in enumerate(words) if _is_in_no_name(word[0]))
    following = max(certain[-1], *others, 0) + 1
    return words[following].start() if following < len(words) else 0


def _is_own_word(word: str) -> bool:
    bare = word.strip(_EDGES).lower()
    if any(map(str.isdigit, bare)) or bare == "uhr" or bare in SHORT_ANSWERS or bare in _LONG_DAYS:
        return True
    return "@" in word or word.endswith(("!", "?")) or (word.islower() and fold(bare) in _OF_SENTENCES)


def _is_in_no_name(word: str) -> bool:
    return not any(map(str.isalnum, word)) or (word.islower() and word not in CONNECTING)
