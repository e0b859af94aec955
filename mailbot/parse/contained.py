"""Find the files inside of files that are no archives: mails, calendars, OneNote, OLE files."""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator

from mailbot.parse import file_formats, limits, mime
from mailbot.parse.compound import SIGNATURE, Entry
from mailbot.parse.encoded_words import base64_bytes
from mailbot.parse.walk import PartCollector

File = tuple[str, bytes]

_MAIL_SUFFIXES = frozenset(["eml", "emlx", "nws", "mbox"])
_MAIL = re.compile(rb"\s{0,20}(?:\d{1,10}\s*\n)?(?:>?From [^\n]{1,300}\n)?[!-9;-~]{1,80}:[ \t]")
_MAIL_FIELD = re.compile(
    rb"^(?:content-(?:type|transfer-encoding|disposition)|mime-version|message-id|received):", re.I | re.M
)
_MAIL_HEAD = 64_000

_CALENDAR_SUFFIXES = frozenset(["ics", "vcs", "ifb", "ical", "vcf", "vcard"])
_CALENDAR = re.compile(rb"\s{0,20}(?:\xef\xbb\xbf)?BEGIN:V(?:CALENDAR|CARD|EVENT|TODO)", re.I)
_FOLD = re.compile(rb"\r?\n[ \t]")
_BASE64_LINE = re.compile(rb"[^\r\n]{0,500};(?:ENCODING=\"?B(?:ASE64)?\"?|BASE64|VALUE=BINARY)[;:]", re.I)
_DATA_LINE = re.compile(rb"[^\r\n]{0,300}[:;]data:[^,\r\n]{0,200};base64,", re.I)
_CALENDAR_NAME = re.compile(
    rb"(?:FILENAME|X-LABEL|X-ORACLE-FILENAME|X-FILENAME|X-APPLE-FILENAME)=\"?([^\";:]{1,200})", re.I
)

_ONENOTE = (
    b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3",
    b"\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f",
)
_ONENOTE_FILE = b"\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"

_ATTACHED_CONTENT = "__substg1.0_37010102"
_ATTACHED_NAMES = tuple(f"__substg1.0_{tag}" for tag in ("3707", "3704", "3001", "3703"))
_PACKAGE = "\x01Ole10Native"
_OBJECT_COST = 4_096  # bytes that an object counts in addition to its size
_MAX_RECORDS, _BOUND_SHEET, _END_OF_SUBSTREAM = 100_000, 0x85, 0x0A
_COMPRESSED_OBJECT = b"\x10\x00\x11\x10"  # RT_ExternalOleObjectStg of PowerPoint (MS-PPT 2.10.35)


def is_mail(name: str, content: bytes) -> bool:
    """Return whether a file is a mail, whatever it is called."""
    return file_formats.suffix(name) in _MAIL_SUFFIXES or bool(
        _MAIL.match(content) and _MAIL_FIELD.search(content[:_MAIL_HEAD])
    )


def is_calendar(name: str, content: bytes) -> bool:
    """Return whether a file is a calendar or a business card."""
    return file_formats.suffix(name) in _CALENDAR_SUFFIXES or bool(_CALENDAR.match(content))


def is_onenote(name: str, content: bytes) -> bool:
    """Return whether a file is a section or a notebook of OneNote."""
    return file_formats.suffix(name) in ("one", "onetoc2") or content.startswith(_ONENOTE)


def in_mail(content: bytes) -> Iterator[File]:
    """Yield the files that are attached to a mail."""
    contents = PartCollector([])
    contents.walk(mime.read(mime.normalised(content), []))
    for part, data in zip(contents.parts, contents.data, strict=True):
        yield part.filename, data


def in_calendar(content: bytes) -> Iterator[File]:
    """Yield the files in a calendar (RFC 5545, section 3.8.1.1) or a business card (RFC 6350)."""
    for line in _FOLD.sub(b"", content).splitlines():
        data = _DATA_LINE.match(line)
        if data or _BASE64_LINE.match(line):
            head, _, value = line.rpartition(b"," if data else b":")
            name = _CALENDAR_NAME.search(head[:1_000])
            yield name[1].decode("utf-8", "replace") if name else "", base64_bytes(value)


def in_onenote(content: bytes) -> Iterator[File]:
    """Yield the files in a OneNote file (MS-ONESTORE 2.6.13); their names are elsewhere.

    A file that is no picture, document or archive may be a script, so it is called one.
    """
    at = content.find(_ONENOTE_FILE)
    while at >= 0 and at + 36 <= len(content):
        (size,) = struct.unpack_from("<16xQ", content, at)
        found = content[at + 36 : at + 36 + size]
        known = file_formats.is_harmless_head("", found[:64]) or found.startswith((b"PK\x03\x04", SIGNATURE))
        yield "" if known or not found.strip() else "unknown.exe", found
        at = content.find(_ONENOTE_FILE, at + 36)


def in_compound(streams: Iterable[tuple[Entry, bytes]]) -> Iterator[File]:
    """Yield the files in an OLE file: attachments of a .msg, packages, and objects in a document."""
    names: dict[int, list[str]] = {}
    attached: list[tuple[int, bytes]] = []
    for entry, content in streams:
        if entry.name.startswith(_ATTACHED_NAMES):
            text = content.decode("utf-16-le" if entry.name.endswith("1F") else "cp1252", "replace")
            names.setdefault(entry.parent, []).append(text.rstrip("\0"))
        elif entry.name == _ATTACHED_CONTENT:
            attached.append((entry.parent, content))
        elif entry.name == _PACKAGE:
            yield _in_package(content)
        elif entry.name.casefold() in ("package", "contents"):
            yield "", content
        elif entry.name == "PowerPoint Document":
            yield from _in_presentation(content)
    for parent, content in attached:
        yield file_formats.most_dangerous(names.get(parent, [])), content


def _in_package(content: bytes) -> File:
    """Return the file in an OLE package: label, path and data; a program if it has another form."""
    try:
        label, _, rest = content[6:].partition(b"\0")
        path, _, rest = rest.partition(b"\0")
        (length,) = struct.unpack_from("<4xI", rest)
        (size,) = struct.unpack_from("<I", rest, 8 + length)
    except struct.error:
        return "unknown.exe", content
    data = rest[12 + length : 12 + length + size]
    names = [label.decode("latin-1"), path.decode("latin-1")]
    return file_formats.most_dangerous(filter(None, names)) or "unknown.exe", data


def _in_presentation(content: bytes) -> Iterator[File]:
    """Yield the OLE objects and the macros of a presentation, which are compressed."""
    at, left = content.find(_COMPRESSED_OBJECT), limits.MEMBER_BYTES
    while 0 <= at <= len(content) - 12 and left > 0:
        (length,) = struct.unpack_from("<4xI", content, at)
        try:
            packed = memoryview(content)[at + 12 : at + 8 + length]
            found = zlib.decompressobj().decompress(packed, left)
        except zlib.error:
            found = b""
        left -= len(found) + _OBJECT_COST
        yield "", found
        at = content.find(_COMPRESSED_OBJECT, at + 8)
    if left <= 0:
        yield "unknown.7z", b""  # the rest is not unpacked


def has_macro_sheet(streams: Iterable[tuple[Entry, bytes]]) -> bool:
    """Return whether a workbook has a sheet of Excel 4 macros (BoundSheet8 of MS-XLS 2.4.28)."""
    workbooks = (content for entry, content in streams if entry.name.casefold() in ("workbook", "book"))
    return any(map(_is_macro_workbook, workbooks))


def _is_macro_workbook(content: bytes) -> bool:
    at = 0
    for _ in range(_MAX_RECORDS):
        if at + 4 > len(content):
            return False
        kind, length = struct.unpack_from("<HH", content, at)
        if kind == _BOUND_SHEET and content[at + 9 : at + 10] in (b"\x01", b"\x06"):
            return True
        if kind == _END_OF_SUBSTREAM:
            return False
        at += 4 + length
    return True
