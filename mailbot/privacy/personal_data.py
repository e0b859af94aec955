"""Find and redact a person's data in texts: addresses, full names, and quotations of their own texts."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from unicodedata import normalize

REDACTED = "[…]"
SHINGLE_SIZE = 6
MIN_WORDS = 3

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>|\{[^{}]*\}|[|/].*|\s[-–—]\s.*|\s(?:via|über)\s.*")
_QUOTES = " \"'„“”‚‘’»«"
_TITLES = frozenset([
    "dr", "prof", "professor", "professorin", "dipl", "ing", "dipling", "diplinf", "diplpäd", "med",
    "phil", "rer", "nat", "habil", "phd", "jur", "h", "c", "mult", "mag", "ma", "ba", "msc", "bsc", "pd",
    "frau", "herr", "herrn", "hr", "fr", "mr", "mrs", "ms", "mme", "madame", "monsieur", "familie",
    "str", "ostr", "stdir", "std", "ostd", "olstr", "stref", "rektor", "rektorin", "konrektor",
    "konrektorin", "direktor", "direktorin", "jr", "sr", "dring", "drphil", "drrernat", "strin", "ostrin",
    "stdin", "ostdin", "olstrin", "studienrat", "studienrätin", "oberstudienrat", "oberstudienrätin",
    "studiendirektor", "studiendirektorin", "referendar", "referendarin", "sc",
])  # fmt: skip
# White space, marks of emphasis and of quotations, what names of files have instead, and blanks in links.
_BETWEEN_NAMES = r"(?:[\s>*_.,;\u200b\xad-]|%20|%2C|\+|&nbsp;){1,20}"
# Not within a word or an address; behind a blank of a link.
_BEFORE_NAME = r"(?:(?<![^\W_])(?<!\.)|(?<=%20)|(?<=%2C))"
_WORD = re.compile(r"\w+")
_IN_CAPITALS = re.compile(r"[A-ZÄÖÜ]{2,6}\d?")


@dataclass(frozen=True, slots=True)
class PersonalDataMatcher:
    """Matches a person's addresses and names (`identifiers`), and phrases of their own texts.

    A phrase has SHINGLE_SIZE words, or is a whole text that is shorter. `surnames` are in lower case; they
    are no identifiers, since other people and things have the same name.
    """

    identifiers: re.Pattern[str]
    phrases: frozenset[tuple[str, ...]]
    lengths: tuple[int, ...]
    replacement: str = REDACTED
    surnames: frozenset[str] = frozenset()

    def matches(self, text: str) -> bool:
        """Return whether a text has data of the person."""
        return bool(self.identifiers.search(text)) or next(self._spans(text), None) is not None

    def redact(self, text: str) -> str:
        """Return a text with the replacement in place of the person's data."""
        # From the end, so that the earlier positions stay valid.
        for begin, end in reversed(_merged(self._spans(text))):
            text = f"{text[:begin]}{self.replacement}{text[end:]}"
        return self.redact_identifiers(text)

    def redact_identifiers(self, text: str) -> str:
        """Return a text with the replacement in place of the person's addresses and names."""
        return self.identifiers.sub(self.replacement, text)

    def has_surname(self, text: str) -> bool:
        """Return whether a text has a surname of the person as a word."""
        return not self.surnames.isdisjoint(match[0].casefold() for match in _WORD.finditer(text))

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of phrases. Line breaks and "> " between the words do not matter."""
        words = [(m[0].casefold(), m.start(), m.end()) for m in _WORD.finditer(text)]
        folded = tuple(word for word, _, _ in words)
        for at in range(len(words)):
            for length in self.lengths:
                if folded[at : at + length] in self.phrases:
                    yield words[at][1], words[at + length - 1][2]


def build_matcher(
    addresses: Iterable[str], names: Iterable[str], texts: Iterable[str]
) -> PersonalDataMatcher:
    """Return a matcher for names of several words, and for texts of at least MIN_WORDS words."""
    names = tuple(names)
    forms = {tuple(form.replace(",", " ").split()) for name in names for form in _forms(name)}
    # A single name is not searched: it may be another person's, or a thing's.
    full_names = sorted(form for form in forms if len(form) > 1)
    patterns = [re.escape(a).replace("@", "(?:@|%40|&#64;)") for a in addresses if a]
    alternatives = [rf"(?<![\w.]){pattern}(?!\w)" for pattern in patterns]
    spelled = (_BETWEEN_NAMES.join(map(_spellings, name)) for name in full_names)
    alternatives += [rf"{_BEFORE_NAME}{pattern}s?(?![^\W_])" for pattern in spelled]  # also a genitive
    phrases = frozenset(phrase for text in texts for phrase in _phrases(text))
    lengths = tuple(sorted({len(phrase) for phrase in phrases}, reverse=True))
    bounded = "|".join(alternatives)
    identifiers = re.compile(bounded or r"(?!)", re.IGNORECASE)
    surnames = frozenset(name.casefold() for name in map(_surname, names) if len(name) > 1)
    return PersonalDataMatcher(identifiers, phrases, lengths, surnames=surnames)


_EXPANDED = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}


def _spellings(word: str) -> str:
    """Return a pattern for a word with its accents in one character or two, or without them.

    Programs hyphenate it by characters that are not shown, and links percent-encode accents.
    """
    return "[\xad\u200b]?".join(map(_spellings_of, normalize("NFC", word)))


def _spellings_of(char: str) -> str:
    decomposed = normalize("NFD", char)
    base, marks = decomposed[0], decomposed[1:]
    expanded = _EXPANDED.get(char.lower(), "")
    if not marks and not expanded:
        return re.escape(char)
    accented = f"{re.escape(base)}(?:{marks})?" if marks else char
    encoded = "".join(f"%{byte:02X}" for byte in char.encode())
    return f"(?:{'|'.join(filter(None, (char, expanded, accented, encoded)))})"


def _surname(name: str) -> str:
    """Return the last word of a name of several words, or the last word before its comma; else ""."""
    plain = " ".join(_BRACKETS.sub(" ", name).split()).strip(_QUOTES)
    before, comma, _ = plain.partition(",")
    parts = _WORD.findall(_without_titles(before))
    return parts[-1] if len(parts) > 1 or (comma and parts) else ""


def _forms(name: str) -> Iterator[str]:
    """Yield a name as written, without brackets and titles, and with the surname in front or behind.

    Exchange writes "Surname, First (GYM)".
    """
    yield name.strip()
    plain = " ".join(_BRACKETS.sub(" ", name).split()).strip(_QUOTES)
    yield plain
    parts = [_without_titles(part) for part in plain.split(",")]
    words = [part for part in parts if part]
    if len(words) == 1:
        yield words[0]
        *first, last = words[0].split()
        yield f"{last}, {' '.join(first)}"
        yield f"{last} {' '.join(first)}"
        if len(first) == 1:  # the surname may be in front
            yield f"{first[0]}, {last}"
        if len(first) > 1:  # people use one of several first names
            yield f"{first[0]} {last}"
    elif words:
        surname, first_names = words[0], words[1]
        yield f"{surname}, {first_names}"
        yield f"{surname} {first_names}"
        yield f"{first_names} {surname}"
        yield f"{first_names.split()[0]} {surname}"
        if len(surname.split()) > 1 and _IN_CAPITALS.fullmatch(first_names):  # "Lena Muster, GYM"
            yield from _forms(surname)


def _without_titles(name: str) -> str:
    words = name.split()
    while words and _is_title(words[0]):
        del words[0]
    while words and (_is_title(words[-1]) or len(_letters(words[-1])) == 1):
        del words[-1]
    return " ".join(words)


def _is_title(word: str) -> bool:
    return _letters(word) in _TITLES or word.casefold() == "ed."  # of "M. Ed."; Ed is a name


def _letters(word: str) -> str:
    return "".join(filter(str.isalpha, word.casefold()))


def _phrases(text: str) -> Iterator[tuple[str, ...]]:
    words = tuple(match[0].casefold() for match in _WORD.finditer(text))
    if MIN_WORDS <= len(words) < SHINGLE_SIZE:
        yield words
    for at in range(len(words) - SHINGLE_SIZE + 1):
        yield words[at : at + SHINGLE_SIZE]


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans in their order; merge those that overlap or touch."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found
