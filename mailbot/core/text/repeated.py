"""Find words of one text, and people, in another."""

import re
from collections.abc import Collection, Iterable, Iterator

from mailbot.core.text.words import fold, words

_WORD = re.compile(r"[^\W_]+")
_MIN_LINE = 12  # characters of the words of a line: shorter lines are alike by chance
_RUN = 6  # words in a row
_MIN_DIGITS = 5
_MIN_NAME = 3


def repeats(text: str, others: Iterable[str]) -> bool:
    """Return whether a text repeats others: a line, six words in a row, or a long number."""
    found = set(_pieces(text))
    return any(piece in found for other in others for piece in _pieces(other))


def _pieces(text: str) -> Iterator[str]:
    read = fold(text)
    for line in read.splitlines():
        joined = " ".join(_WORD.findall(line))
        if len(joined) >= _MIN_LINE:
            yield joined
    in_order = _WORD.findall(read)
    yield from (" ".join(in_order[at : at + _RUN]) for at in range(len(in_order) - _RUN + 1))
    yield from (word for word in in_order if word.isdecimal() and len(word) >= _MIN_DIGITS)


def names_any(text: str, people: Iterable[str], identifiers: Collection[str]) -> bool:
    """Return whether a text has a part of the name of a person, or an address or a key of a ticket."""
    folded = text.casefold()
    if any(one and one.casefold() in folded for one in identifiers):  # an erased person has no address
        return True
    parts = {part for name in people for part in words(name) if len(part) >= _MIN_NAME}
    return not parts.isdisjoint(words(text))
