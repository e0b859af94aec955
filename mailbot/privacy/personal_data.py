"""What a person leaves in texts: addresses, full names, own words; found again in quotations and letters."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

REDACTED = "[…]"
SHINGLE_SIZE = 6
MIN_WORDS = 3

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class PersonalDataMatcher:
    """What to look for: `phrases` are runs of WORDS own words, or a whole text where that is shorter."""

    identifiers: re.Pattern[str]
    phrases: frozenset[tuple[str, ...]]
    lengths: tuple[int, ...]
    replacement: str = REDACTED

    def matches(self, text: str) -> bool:
        """Tell whether the person left something in a text."""
        return bool(self.identifiers.search(text)) or next(self._spans(text), None) is not None

    def redact(self, text: str) -> str:
        """Return a text with a mark in place of what the person left there."""
        for begin, end in reversed(_joined(self._spans(text))):
            text = f"{text[:begin]}{self.replacement}{text[end:]}"
        return self.identifiers.sub(self.replacement, text)

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where phrases of the person stand, whatever stands between the words: line breaks, "> "."""
        words = [(m[0].casefold(), m.start(), m.end()) for m in _WORD.finditer(text)]
        plain = tuple(word for word, _, _ in words)
        for at in range(len(words)):
            for length in self.lengths:
                if plain[at : at + length] in self.phrases:
                    yield words[at][1], words[at + length - 1][2]


def build_matcher(
    addresses: Iterable[str], names: Iterable[str], texts: Iterable[str]
) -> PersonalDataMatcher:
    """Return what to look for. A name counts if it is a full one, a text if it has a few words."""
    full = {name.strip() for name in names if len(name.split()) > 1}
    known = [re.escape(a).replace("@", "(?:@|%40|&#64;)") for a in addresses if a]
    known += [r"\s+".join(map(re.escape, name.split())) for name in full]
    bounded = "|".join(rf"(?<![\w.]){pattern}(?!\w)" for pattern in known)
    phrases = frozenset(phrase for text in texts for phrase in _phrases(text))
    lengths = tuple(sorted({len(phrase) for phrase in phrases}, reverse=True))
    return PersonalDataMatcher(re.compile(bounded or r"(?!)", re.IGNORECASE), phrases, lengths)


def _phrases(text: str) -> Iterator[tuple[str, ...]]:
    words = tuple(match[0].casefold() for match in _WORD.finditer(text))
    if MIN_WORDS <= len(words) < SHINGLE_SIZE:
        yield words
    for at in range(len(words) - SHINGLE_SIZE + 1):
        yield words[at : at + SHINGLE_SIZE]


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in their order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found
