"""Find out whether a quotation has only text of earlier messages, or also words of the author."""

from collections.abc import Iterable

from mailbot.core.model.ticket import Message
from mailbot.core.text.attribution import find_attribution, may_be_attribution
from mailbot.core.text.header_block import is_separator, label

_MAX_LINES = 200
_MIN_PART = 15  # characters; a shorter part of a line, such as "Ja", is in any text by chance
_MAX_KNOWN = 50_000  # characters of the earlier messages that are compared


def quotes_only(quoted: str, history: Iterable[Message]) -> bool:
    """Return whether each line of a quotation introduces it, or is text of an earlier message.

    Answers may be typed into a quotation without a mark, as Outlook suggests it.
    """
    history = tuple(history)
    lines = [line.lstrip(">| ").strip() for line in quoted.splitlines()]
    if len(lines) > _MAX_LINES:
        return False
    text = "\n".join(f"{message.text}\n{message.signature}\n{message.quoted}" for message in history)
    known = f" {_joined(text[:_MAX_KNOWN])} "
    known_lines = {_joined(line) for message in history for line in message.text.splitlines()}
    introduced = 0
    for at, line in enumerate(lines):
        words = _joined(line)
        if at < introduced or _introduces(line) or words in known_lines:
            continue
        part = f"{_joined(lines[at - 1])} {words}" if at and len(words) < _MIN_PART else words
        if len(part) >= _MIN_PART and f" {part.strip()} " in known:
            continue
        found = find_attribution(lines, at) if may_be_attribution(lines, at) else None
        if found is None:
            return False
        introduced = at + found.lines
    return True


def _introduces(line: str) -> bool:
    return not any(map(str.isalnum, line)) or bool(label(line)) or is_separator(line)


def _joined(text: str) -> str:
    """Return the words of a text without marks of quotations and line breaks, which programs change."""
    return " ".join(word for word in text.split() if word.strip(">|"))
