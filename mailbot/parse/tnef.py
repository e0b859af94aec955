"""Files and text in a winmail.dat (MS-OXTNEF), read in one pass; no count in it is trusted."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailbot.parse.charset import decode

SIGNATURE = b"\x78\x9f\x3e\x22"
_BODY, _TITLE, _DATA, _RENDER, _MESSAGE_PROPERTIES, _FILE_PROPERTIES, _CODE_PAGE = (
    0x800C, 0x8010, 0x800F, 0x9002, 0x9003, 0x9005, 0x9007,
)  # fmt: skip
_PLAIN, _HTML, _DISPLAY_NAME, _FILE_DATA, _SHORT_NAME, _LONG_NAME = (
    0x1000,
    0x1013,
    0x3001,
    0x3701,
    0x3704,
    0x3707,
)
# Sizes of values by their property type; those that are missing bear their length (MS-OXCDATA, 2.11.1).
_SIZES = {0x2: 4, 0x3: 4, 0x4: 4, 0x5: 8, 0x6: 8, 0x7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16, 0x1: 0}
_VARIABLE = frozenset({0x0, 0xD, 0x1E, 0x1F, 0x102})
_UNICODE, _MANY, _NAMED = 0x1F, 0x1000, 0x8000
_PROPERTIES, _FILES, _DEPTH = 5_000, 500, 3


@dataclass(slots=True)
class Unpacked:
    """The content of a winmail.dat: files as (name, content), and the text as plain text and as HTML."""

    files: list[tuple[str, bytes]] = field(default_factory=list)
    text: str = ""
    html: str = ""
    defect: str = ""


def unpack(raw: bytes, depth: int = 0) -> Unpacked:
    """Return the content of a winmail.dat; of a broken one a defect and the content before the error.

    A mail attached inside gives its own files too.
    """
    found = Unpacked()
    if not raw.startswith(SIGNATURE):
        found.defect = "winmail.dat that is none"
        return found
    try:
        _read(raw, found)
    except (struct.error, ValueError) as trouble:
        found.defect = f"winmail.dat broken: {trouble}"
    found.files = [(name, content) for name, content in found.files if content]
    if depth < _DEPTH:
        inner = (unpack(content, depth + 1) for _, content in found.files if content.startswith(SIGNATURE))
        found.files += [file for unpacked in inner for file in unpacked.files][:_FILES]
    return found


def _read(raw: bytes, found: Unpacked) -> None:
    charset = "cp1252"
    for name, data in _attributes(raw):
        if name == _CODE_PAGE and len(data) >= 4:
            charset = f"cp{struct.unpack_from('<I', data)[0]}"
        elif name == _RENDER:
            found.files.append(("", b""))
        elif name == _BODY:
            found.text = decode(data.rstrip(b"\0"), charset)
        elif name == _MESSAGE_PROPERTIES:
            values = dict(_properties(data))
            found.text = found.text or _text(values.get(_PLAIN), charset)
            found.html = found.html or _text(values.get(_HTML), charset)
        elif name in (_TITLE, _DATA, _FILE_PROPERTIES) and found.files:
            found.files[-1] = _amended(found.files[-1], name, data, charset)
        if len(found.files) > _FILES:
            raise ValueError("too many files")


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    # Behind the signature and the key; behind each value is a checksum of two bytes (MS-OXTNEF).
    at = 6
    while at + 9 <= len(raw):
        name, length = struct.unpack_from("<xH2xI", raw, at)
        if at + 9 + length > len(raw):
            raise ValueError("an attribute reaches beyond the end")
        yield name, raw[at + 9 : at + 9 + length]
        at += 9 + length + 2


def _amended(file: tuple[str, bytes], name: int, data: bytes, charset: str) -> tuple[str, bytes]:
    shown, content = file
    if name == _TITLE:
        return shown or decode(data.rstrip(b"\0"), charset), content
    if name == _DATA:
        return shown, data
    values = dict(_properties(data))
    titles = (_text(values.get(key), charset) for key in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME))
    embedded = values.get(_FILE_DATA)
    title = next(filter(None, titles), "") or shown
    if (
        isinstance(embedded, bytes) and embedded[16:20] == SIGNATURE
    ):  # a mail, behind the GUID of its interface
        return title, embedded[16:]
    return title, content or (embedded if isinstance(embedded, bytes) else b"")


def _text(value: str | bytes | None, charset: str) -> str:
    return decode(value.rstrip(b"\0"), charset) if isinstance(value, bytes) else value or ""


def _properties(data: bytes) -> Iterator[tuple[int, str | bytes]]:
    """Yield identifier and value of the MAPI properties that have a length of their own."""
    (count,) = struct.unpack_from("<I", data)
    if count > min(_PROPERTIES, len(data) // 4):
        raise ValueError("more properties than bytes")
    at = 4
    for _ in range(count):
        kind, name = struct.unpack_from("<HH", data, at)
        at = _after_name(data, at + 4) if name >= _NAMED else at + 4
        values = 1
        if kind & _MANY or kind in _VARIABLE:
            (values,) = struct.unpack_from("<I", data, at)
            at += 4
        if kind & ~_MANY not in _VARIABLE:
            at += values * _SIZES[kind & ~_MANY] if kind & ~_MANY in _SIZES else len(data)
            continue
        if values > len(data) // 4:
            raise ValueError("more values than bytes")
        for _ in range(values):
            (length,) = struct.unpack_from("<I", data, at)
            value = data[at + 4 : at + 4 + length]
            yield name, decode(value, "utf-16-le").rstrip("\0") if kind == _UNICODE else value
            # Values are padded to four bytes.
            at += 4 + (length + 3) // 4 * 4


def _after_name(data: bytes, at: int) -> int:
    """Return where a named property's value begins, behind its GUID and its number or name."""
    kind, number = struct.unpack_from("<16xII", data, at)
    return at + 24 + ((number + 3) // 4 * 4 if kind else 0)
