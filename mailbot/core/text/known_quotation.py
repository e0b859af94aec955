"""Find out whether a quotation has only text of earlier messages, or also words of the author."""

from collections.abc import Iterable

from mailbot.core.model.ticket import Message
from mailbot.core.text.attribution import find_attribution, may_be_attribution
from mailbot.core.text.header_block import is_separator, label

_MAX_LINES = 200
_MAX_KNOWN = 50_000  # characters of the earlier messages that are compared


def quotes_only(quoted: str, history: Iterable[Message]) -> bool:
    """Return whether each line of a quotation introduces it, or is text of an earlier message.

    Answers may be typed into a quotation without a mark, as Outlook suggests it.
    """
    lines = [line.lstrip(">| ").strip() for line in quoted.splitlines()]
    if len(lines) > _MAX_LINES:
        return False
    known = _joined("\n".join(f"{message.text}\n{message.quoted}" for message in history)[:_MAX_KNOWN])
    introduced = 0
    for at, line in enumerate(lines):
        if at < introduced or _introduces(line) or _joined(line) in known:
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
