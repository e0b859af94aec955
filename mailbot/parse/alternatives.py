"""Choose one of the texts of a mail that are said to be the same (multipart/alternative, RFC 2046, 5.1.4).

Programs make the plain text out of the page that its author wrote and sees, also out of what that page
hides. A command that stands only in the plain text was not written.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from unicodedata import normalize

from mailbot.core.commands.syntax import LINE, SIGNS
from mailbot.parse import limits

_LETTER = re.compile(r"[^\W_]")
_SIGN = re.compile(f"[{SIGNS}]")
_LEAD, _COMPARED = 100, 300  # characters of a line: before the sign of a command at most, and from there
_MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text in the order of the mail, plain or HTML.

    `hidden`: a plain text with a command, of a page that shows no text.
    """

    text: str
    is_html: bool = False
    hidden: bool = False


def best(alternatives: Sequence[list[Block]], *, looks: bool = True) -> list[Block]:
    """Return the alternative that is plain text if it says anything, else the last that says something.

    If the plain text has a command that a reader of the page does not see, the page is taken, unless it
    shows no text. Without a look at the page (`looks`), it is taken if the plain text has any command.
    """
    filled = [blocks for blocks in alternatives if any(_LETTER.search(block.text) for block in blocks)]
    pages = [blocks for blocks in filled if any(block.is_html for block in blocks)]
    plain = [blocks for blocks in filled if blocks not in pages]
    if plain and pages and (lines := _command_lines(plain[0])) is not None:
        seen = _seen(pages[-1]) if looks else None
        if seen is None or (_LETTER.search(seen) and not all(line in seen for line in lines)):
            return pages[-1]
        if not _LETTER.search(seen):
            return [replace(block, hidden=True) for block in plain[0]]
    return (plain or filled[-1:] or alternatives[-1:] or [[]])[0]


def _seen(page: list[Block]) -> str:
    """Return the text of a page that its reader sees."""
    from mailbot.parse import html  # noqa: PLC0415 - lxml takes its time to load, and most mails need it not

    shown = [html.to_text(block.text) if block.is_html else html.HtmlText(block.text) for block in page]
    return "#".join(_plain(text.text[: limits.TEXT]) for text in shown if not text.unseen)


def _command_lines(blocks: list[Block]) -> frozenset[str] | None:
    """Return the lines that commands.parse may take for a command; None if there are none.

    If there are more than can be compared, return a line that no page shows.
    """
    text = "\n".join(block.text for block in blocks)[: limits.TEXT]
    lines = [line for line in text.splitlines() if _SIGN.search(line, 0, _LEAD)]
    if len(lines) > _MAX_LINES:
        return frozenset(["##"])
    found = ((line, LINE.match(line)) for line in lines)
    written = (line[match.start("sign") :] for line, match in found if match)
    return frozenset(_plain(line[:_COMPARED]) for line in written) or None


def _plain(text: str) -> str:
    """Return a text as "#" and characters of words, without what programs change in it."""
    folded = normalize("NFC", _SIGN.sub("#", text)).casefold()
    return "".join(char for char in folded if char.isalnum() or char == "#")
