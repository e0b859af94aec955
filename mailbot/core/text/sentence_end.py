"""Find the ends of sentences; the dots of abbreviations and of days are none."""

import re

from mailbot.core.text.attribution_words import ABBREVIATED

SENTENCE_END = re.compile(r"[.!?…][\"'“”»]*\s+[\"'„“<]?(?=[^\W_])")
_DIGIT = re.compile(r"\d")


def is_abbreviation(text: str, end: re.Match[str]) -> bool:
    """Return whether the dot at the end of a sentence rather belongs to an abbreviation or a day."""
    word = (text[max(0, end.start() - 12) : end.start()].split() or [""])[-1].strip("(\"'").lower()
    return end[0].startswith(".") and (len(word) < 2 or word in ABBREVIATED or word.isdigit())


def has_sentence_end(text: str) -> bool:
    """Return whether a sentence ends within a text; abbreviations behind a number belong to a date."""
    number = _DIGIT.search(text)
    for end in SENTENCE_END.finditer(text):
        if is_abbreviation(text, end):
            continue
        following = text[end.end()]
        in_date = number is not None and end.start() > number.start()
        if not (following.islower() or following.isdigit()) or (
            not in_date and text[max(0, end.start() - 4) : end.start()].isalpha()
        ):
            return True
    return False
