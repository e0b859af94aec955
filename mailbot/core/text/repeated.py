"""Find words, numbers and names of one text in another."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator

from mailbot.core.text.words import fold, words

_WORD = re.compile(r"[^\W_]+")
_MIN_LINE = 12  # characters of the words of a line: shorter lines are alike by chance
_MIN_NUMBERED_LINE = 4  # of a line with words and digits, as "PIN 4711"
_RUN = 6  # words in a row
_MIN_NAME = 3
_MIN_DIGITS, _TAIL = 5, 6
# A number in any grouping: "0171/55 51 23" and "+49 171 555123" have the same end.
_NUMBER = re.compile(rf"\d(?:[ \t()/.\u2010-\u2015-]{{0,3}}\d){{{_MIN_DIGITS - 1},29}}")
_DATE = re.compile(r"(?<![\d.])\d{1,2}\. ?\d{1,2}\.(?: ?\d{4}| ?\d\d)?(?![.\d])|(?<!\d)\d{4}-\d\d-\d\d(?!\d)")
_AROUND_ADDRESS = "<>()[]{},;:.!?\"'„“”«»‚‘’"
_GENITIVE = ("", "s", "es")
_PARTICLE_WORDS = """
    am an da das de del dem den der des di do dos dr du el frau herr im la le med mme prof st ter und van
    von zu zum zur
"""
_PARTICLES = frozenset(_PARTICLE_WORDS.split())  # in names, and in each text
_READER_WORDS = """
    du dir dich dein deine deinem deinen deiner deines ihnen ihr ihre ihrem ihren ihrer ihres
    you your yours tu te t toi ton ta tes vous votre vos
"""
_READER = frozenset(_READER_WORDS.split())
_WHOLE_NUMBER = re.compile(r"(?<!\d)\d{1,9}(?!\d)")
_BEFORE_NUMBER = " \t\n\xa0.:°_-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_TICKET_WORDS = frozenset(
    {
        *("ticket", "tickets", "meldung", "meldungen", "nr", "no", "n", "nummer", "number", "numero"),
        *("report", "request", "signalement", "demande"),
    }
)


def repeats(text: str, others: Iterable[str]) -> bool:
    """Return whether a text repeats others: a line, six words in a row, a long number, or an address."""
    found = set(_pieces(text))
    return any(piece in found for other in others for piece in _pieces(other))


def _pieces(text: str) -> Iterator[str]:
    read = fold(text)
    for line in read.splitlines():
        found = _WORD.findall(line)
        joined = " ".join(found)
        digits = sum(map(str.isdecimal, found))
        if len(joined) >= (_MIN_NUMBERED_LINE if 0 < digits < len(found) else _MIN_LINE):
            yield joined
    in_order = _WORD.findall(read)
    yield from (" ".join(in_order[at : at + _RUN]) for at in range(len(in_order) - _RUN + 1))
    for number in _NUMBER.finditer(_DATE.sub(" ", read)):
        yield "".join(filter(str.isdecimal, number[0]))[-_TAIL:]
    yield from (word.strip(_AROUND_ADDRESS) for word in read.split() if "@" in word)


def names_any(text: str, people: Iterable[str], addresses: Collection[str]) -> bool:
    """Return whether a text has an address, or a part of a name: also in the genitive, or from an address."""
    folded = text.casefold()
    if any(email and email.casefold() in folded for email in addresses):  # an erased person has no address
        return True
    written = set(_WORD.findall(unicodedata.normalize("NFC", text)))
    read = _forms(text)
    parts = {part for name in people if "@" not in name for part in _WORD.findall(name)}
    short = {part for part in parts if len(part) == _MIN_NAME - 1 and part[0].isupper()}
    if any(part in written for part in short if part.casefold() not in _PARTICLES):
        return True
    locals_ = {part for email in addresses for part in _WORD.findall(email.partition("@")[0])}
    long = {form for part in parts | locals_ for form in _forms(part)} - _PARTICLES
    known = (part for part in long if len(part) >= _MIN_NAME and not part.isdecimal())
    return any(part + ending in read for part in known for ending in _GENITIVE)


def names_ticket(text: str, schools: Collection[str], numbers: Collection[int]) -> bool:
    """Return whether a text names a ticket by its number: "GYM-104", "GYM 104", "#104" or "Ticket 104"."""
    read, names = fold(text), {*_TICKET_WORDS, *map(fold, schools)}
    found = (match for match in _WHOLE_NUMBER.finditer(read) if int(match[0]) in numbers)
    return any(_ends_with_name(read[max(0, match.start() - 60) : match.start()], names) for match in found)


def _ends_with_name(text: str, names: Iterable[str]) -> bool:
    before = text.rstrip(_BEFORE_NUMBER)
    return before.endswith("#") or any(
        before.endswith(name) and not before.removesuffix(name)[-1:].isalnum() for name in names
    )


def addresses_reader(text: str) -> bool:
    """Return whether a text has a word for its reader; the German "Sie" alone also stands for others."""
    return not _READER.isdisjoint(words(text))


def _forms(text: str) -> set[str]:
    """Return the folded words of a text, with and without the "e" that replaces the dots of an umlaut."""
    plain = unicodedata.normalize("NFKD", text)
    return {*words(text), *words("".join(c for c in plain if not unicodedata.combining(c)))}
