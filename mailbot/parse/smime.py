"""The content inside an S/MIME message that is signed but not hidden (RFC 8551, RFC 5652)."""

import re
from dataclasses import dataclass

_SIGNED = bytes.fromhex("06092a864886f70d010702")  # id-signedData
_DATA = bytes.fromhex("06092a864886f70d010701")  # id-data
_ENVELOPED = re.compile(
    bytes.fromhex("06092a864886f70d0107")
    + rb"[\x03\x06]|\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17"
)
_PIECES = 100_000
_BYTES, _OCTETS_IN_PIECES, _EXPLICIT = 0x04, 0x24, 0xA0


@dataclass(frozen=True, slots=True)
class _Value:
    tag: int
    start: int
    end: int  # of the content
    after: int


def is_hidden(raw: bytes) -> bool:
    """Return whether the bytes are an encrypted CMS message."""
    return bool(_ENVELOPED.search(raw[:64]))


def unwrap_signed(raw: bytes) -> bytes | None:
    """Return the MIME entity that a signed CMS message carries, or None where it carries none."""
    if raw.find(_SIGNED, 0, 64) < 0:
        return None
    at = raw.find(_DATA, 0, 4096)
    if at < 0:
        return None
    explicit = _value(raw, at + len(_DATA))
    if explicit is None or explicit.tag != _EXPLICIT:
        return None
    return _octet_string(raw, explicit.start, 0)


def _octet_string(raw: bytes, at: int, depth: int) -> bytes | None:
    value = _value(raw, at)
    if value is None or depth > 4:
        return None
    if value.tag == _BYTES:
        return raw[value.start : value.end]
    if value.tag != _OCTETS_IN_PIECES:
        return None
    pieces, at = bytearray(), value.start
    for _ in range(_PIECES):
        piece = _value(raw, at) if at < value.end else None
        if piece is None or piece.tag != _BYTES:
            break
        pieces += raw[piece.start : piece.end]
        at = piece.after
    return bytes(pieces)


def _value(raw: bytes, at: int) -> _Value | None:
    """Read one BER value; one of indefinite length reaches to the end of the bytes."""
    if at + 2 > len(raw):
        return None
    # One byte says the length, or by its low bits in how many bytes it is (X.690, 8.1.3).
    tag, length, start = raw[at], raw[at + 1], at + 2
    if length == 0x80:
        return _Value(tag, start, len(raw), len(raw))
    if length > 0x80:
        width = length & 0x7F
        length = int.from_bytes(raw[start : start + width], "big") if width <= 4 else len(raw)
        start += width
    end = min(start + length, len(raw))
    return _Value(tag, start, end, end)
