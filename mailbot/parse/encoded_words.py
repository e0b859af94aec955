"""Encoded words (RFC 2047) and parameters of MIME fields (RFC 2045, 2231), done right or wrong."""

import binascii
import re
from urllib.parse import unquote_to_bytes

from mailbot.parse.charset import SUBSTITUTE, decode

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?((?:[^?]|\?(?!=))*?)\?=", re.S)
_PARAMETER = re.compile(
    r"""(?<![^\s=;"])([^\s=;"]{1,80}?)(?:\*(\d{1,3}))?(\*)?\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))""", re.S
)
# One of the parameters of most fields: no number, no charset, no encoded word.
_PLAIN = re.compile(r"""\s{0,99}([A-Za-z-]{1,40})=(?:"([^"\\]{0,200})"|([^\s;="'\\]{1,200}))(?:;|$)""")
_TAG = re.compile(r"([^']{0,40})'[^']{0,20}'")


def decode_words(value: str) -> str:
    """Return a header value with its encoded words decoded.

    Words that follow one another in one charset are joined before decoding, because mail programs split
    characters between them although RFC 2047, 5 forbids it.
    """
    if "=?" not in value:
        return value
    out: list[str] = []
    pending: list[bytes] = []
    charset, at = "", 0
    # Behind the last "?=" each beginning of a word would be followed to the end of the value.
    for word in _WORD.finditer(value, 0, value.rfind("?=") + 2):
        between = value[at : word.start()]
        label = word[1].partition("*")[0].lower()
        if pending and (between.strip() or label != charset):
            out.append(decode(b"".join(pending), charset, nul=SUBSTITUTE))
            pending = []
        # White space between two encoded words is not shown (RFC 2047, 6.2).
        out.append(between if between.strip() or at == 0 else "")
        pending.append(_word(word[2].lower(), word[3]))
        charset, at = label, word.end()
    if pending:
        out.append(decode(b"".join(pending), charset, nul=SUBSTITUTE))
    out.append(value[at:])
    return "".join(out)


def _word(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if encoding == "q":
        return binascii.a2b_qp(raw, header=True)
    return base64_bytes(raw)


def base64_bytes(raw: bytes) -> bytes:
    """Decode base64 text; skip characters outside its alphabet, and a wrong end."""
    try:
        return binascii.a2b_base64(raw)
    except binascii.Error:
        pure = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        # A single last character has only 6 of the 8 bits of a byte.
        pure = pure[: len(pure) - 1] if len(pure) % 4 == 1 else pure
        return binascii.a2b_base64(pure + b"=" * (-len(pure) % 4))


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Return the lower-case first word of a MIME field and its parameters, names in lower case."""
    first, _, rest = value.partition(";")
    plain = _plain_parameters(rest) if "=?" not in rest else None
    if plain is not None:
        return first.strip().lower(), plain
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(rest):
        name, number, extended = match[1].lower(), int(match[2] or 0), bool(match[3])
        text = re.sub(r"\\(.)", r"\1", match[4]) if match[4] is not None else match[5].strip(" \t\r\n\"'")
        found = pieces.setdefault(name, {})
        # The plain form is for programs that do not know the extended one (RFC 6266, 4.3).
        if number not in found or (extended and not found[number][1]):
            found[number] = text, extended
    return first.strip().lower(), {name: _joined(parts) for name, parts in pieces.items()}


def _plain_parameters(text: str) -> dict[str, str] | None:
    """Return parameters of the most frequent form; None if one of them has another form."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _PLAIN.match(text, at)
        if match is None:
            return None
        found.setdefault(match[1].lower(), match[2] if match[3] is None else match[3])
        at = match.end()
    return found


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    ordered = [parts[number] for number in sorted(parts)]
    text, extended = ordered[0]
    if not any(flag for _, flag in ordered):
        return decode_words("".join(text for text, _ in ordered))
    tag = _TAG.match(text) if extended else None
    charset = tag[1] if tag else ""
    if tag:
        ordered[0] = (text[tag.end() :], True)
    data = b"".join(
        unquote_to_bytes(text) if flag else text.encode("utf-8", "surrogateescape") for text, flag in ordered
    )
    return decode(data, charset)
