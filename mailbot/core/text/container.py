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
    """Return the lines without the ">" of an element around an attribution and its quotation.

    Gmail, Yahoo and others put both into one element, and an author who answers between or below the quoted
    lines writes into it, too.
    """
    start = next((at for at, line in enumerate(lines) if line.startswith(">")), len(lines))
    end = next((at for at in range(start, len(lines)) if not lines[at].startswith(">")), len(lines))
    inner = [line[1:].removeprefix(" ") for line in lines[start:end]]
    filled = [at for at, line in enumerate(inner) if line.strip("> ")]
    bare = [inner[at].removeprefix("> ") for at in filled[: 2 * _MAX_WRAPPED]]
    found = find_attribution([*bare, "> "], 0) if bare and not is_introduced(lines[:start]) else None
    below = filled[found.lines :] if found else []
    if (
        found is None
        or not below
        or not is_quoted(inner[below[0]])
        or all(is_quoted(inner[at]) for at in below)
    ):
        return lines
    if find_attribution(bare, found.lines) is not None:
        return lines  # the author of the quoted mail answered below a quotation
    for at, line in zip(filled[: found.lines], bare, strict=False):
        inner[at] = line
    return [*lines[:start], *inner, *lines[end:]]
