"""Find quotations by the lines above them, and answers within the element that a program puts around them."""

import re

from mailbot.core.text.attribution import find_attribution, is_framed_attribution
from mailbot.core.text.header_block import (
    MAX_LINE_LENGTH,
    is_forward_marker,
    is_header_block,
    is_quoted,
    is_separator,
)

_MAX_WRAPPED = 6  # lines of an attribution
_LATER = re.compile(r"(?<=[^\s>-])\s(?=-{3,}[ \w]|(?:Von|From): ?\S)")


def separated(text: str) -> list[str]:
    """Return the lines of a text, with separators and headers behind own words on lines of their own."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if not _LATER.search(text):
        return lines
    found: list[str] = []
    for line in lines:
        later = _LATER.search(line[:MAX_LINE_LENGTH])
        rest = line[later.end() :] if later else ""
        begins = is_separator(rest) or is_framed_attribution(rest) or is_header_block([rest], 0)
        found += [line[: later.start()], rest] if later and begins else [line]
    return found


def is_introduced(lines: list[str]) -> bool:
    """Return whether the last lines introduce a quotation."""
    near = [line for line in lines[-12:] if line.strip()][-4:]
    for at in range(len(near)):
        found = find_attribution([*near, "> "], at)
        if is_header_block(near, at) or (found and at + found.lines == len(near)):
            return True
    return bool(near) and (is_separator(near[-1]) or is_forward_marker(near[-1]))


def opened_container(lines: list[str]) -> list[str]:
    """Return the lines without the ">" of an element of Gmail around an attribution and its quotation.

    An author who answers between quoted lines writes into that element, too.
    """
    start = next((at for at, line in enumerate(lines) if line.startswith(">")), len(lines))
    end = next((at for at in range(start, len(lines)) if not lines[at].startswith(">")), len(lines))
    if not any(line.startswith("> >") for line in lines[start : start + 2]) or is_introduced(lines[:start]):
        return lines
    inner = [line[1:].removeprefix(" ") for line in lines[start:end]]
    first = next((at for at, line in enumerate(inner) if line.strip("> ")), 0)
    bare = [line.removeprefix("> ") for line in inner[first : first + _MAX_WRAPPED]]
    found = find_attribution([*bare, "> "], 0) if bare else None
    if found is None or all(is_quoted(line) for line in inner[first + found.lines :] if line.strip()):
        return lines
    inner[first : first + found.lines] = bare[: found.lines]
    return [*lines[:start], *inner, *lines[end:]]
