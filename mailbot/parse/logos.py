"""Find the logos of signatures: inline pictures that say nothing about a problem."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from mailbot.core.model.mail import Part

_MAX_SIZE = 100_000  # bytes; a photo of a problem is larger
_MAX_LOGOS = 12  # pictures of one mail that are judged
_NEAR = 2_000  # characters of HTML around a picture
_CID = re.compile(r"cid:([^\s\"'<>)]{1,200})", re.I)
_TAG = re.compile(r"<[^<>]{0,1000}>|^[^<>]{0,1000}>|<[^<>]{0,1000}$")
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li)\b[^<>]{0,1000}>", re.I)
_WORDS = re.compile(r"[\W_]+")


def mark_logos(parts: Iterable[Part], markup: str, signature: str) -> tuple[Part, ...]:
    """Mark the small pictures whose next line of text, above or below, belongs to the signature.

    Without HTML, Outlook writes the Content-ID of a picture into the text of the signature.
    """
    lines = {words for line in signature.splitlines() if len(words := _words(line)) > 2}
    named = {found.lower() for found in _CID.findall(signature)}
    logos = named | (set(_in_signature(markup, lines)) if lines else set())
    return tuple(
        replace(part, logo=True)
        if part.content_id.lower() in logos and part.content_type.startswith("image/") and _is_small(part)
        else part
        for part in parts
    )


def _is_small(part: Part) -> bool:
    return part.size <= _MAX_SIZE


def _in_signature(markup: str, signature: set[str]) -> Iterator[str]:
    """Yield the Content-IDs of pictures that have only the signature, or nothing, around them."""
    for number, found in enumerate(_CID.finditer(markup)):
        if number == _MAX_LOGOS:
            return
        above = _lines(markup[max(0, found.start() - _NEAR) : found.start()])[-1:]
        below = _lines(markup[found.end() : found.end() + _NEAR])[:1]
        around = [*above, *below]
        if above and above[0] in signature and all(line in signature for line in around):
            yield found[1].lower()


def _lines(markup: str) -> list[str]:
    text = _TAG.sub(" ", _BREAK.sub("\n", markup.replace("\n", " ").replace("\r", " ")))
    return [words for line in text.split("\n") if len(words := _words(line.replace("&nbsp;", " "))) > 2]


def _words(line: str) -> str:
    return _WORDS.sub(" ", line).strip().casefold()
