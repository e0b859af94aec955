"""The tree of a mail's parts, read from its bytes (RFC 5322, 2045, 2046); linear, bounded in depth."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from mailbot.parse import limits
from mailbot.parse.charset import SUBSTITUTE, TWO_BYTES, clean, codec_name, decode
from mailbot.parse.encoded_words import base64_bytes, decode_words, parameters

Field = tuple[str, str]

_NAME = re.compile(r"[!-9;-~]{1,200}[ \t]{0,99}")
_LONGEST_NAME = 300
_LOOK_ALIKES = 20_000  # lines that begin like a boundary, whether they are one or not
_STRAYS = 50  # lines in headers that are no fields, before we stop to look for more fields behind them
_STRAY_PARAMETER = re.compile(r"(?:boundary|charset|name|filename|type|format|report-type)\*?\d*\*?=", re.I)
_KNOWN = re.compile(r"(From|To|Subject|Date|Message-ID|Content-Type|MIME-Version):[ \t]*\S", re.I)
_MEDIA_TYPE = re.compile(r"[a-z0-9.+_-]+/[a-z0-9.+_-]+")
_ABOVE_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)*(?:>?From [^\r\n]*\r?\n)?")
_UNFOLD = re.compile(r"\n[ \t]*")
_FOLD = re.compile(r"\n(?![ \t])")
_GUESSED_BOUNDARY = re.compile(rb"(?:^|\n)--([^\s-][^\r\n]{0,99}?)[ \t]*\r?\n(?:content-|\r?\n)", re.I)
_ADJACENT = re.compile("[\u0080-\u07ff]{2}")
_BREAKS = re.compile(r"[\r\n\t\v\f\x85\u2028\u2029]+")
_CHARSET = re.compile(rb"charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_.:+-]{2,40})", re.I)
_MAX_CHARSETS = 20
_UU_END = re.compile(rb"^end[ \t]*\r?$", re.M)
_UU = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,200})\r?$", re.M)


@dataclass(frozen=True, slots=True)
class Entity:
    """One node of the tree: its header, and the position of its body in the raw mail."""

    path: str
    fields: tuple[Field, ...]
    source: bytes
    start: int
    end: int
    content_type: str
    parameters: dict[str, str]
    disposition: str = ""
    disposition_parameters: dict[str, str] = field(default_factory=dict)
    children: tuple["Entity", ...] = ()

    def field(self, name: str) -> str:
        """Return the topmost field of that lower-case name, or ""."""
        return next((value for key, value in self.fields if key == name), "")

    @property
    def data(self) -> bytes:
        """Return the body with its transfer encoding undone (RFC 2045, 6)."""
        raw = self.source[self.start : self.end]
        match self.field("content-transfer-encoding").strip(" \t\"';").lower():
            case "base64":
                return base64_bytes(raw)
            case "quoted-printable":
                return binascii.a2b_qp(raw)
            case "x-uuencode" | "uuencode" | "x-uue" | "uue":
                return uudecoded(raw) or raw
        return raw


@dataclass(slots=True)
class Reader:
    """Builds the tree of one mail and notes what was odd in it."""

    source: bytes
    defects: list[str]
    parts: int = 0
    strays: int = 0

    def entity(self, start: int, end: int, path: str, default: str = "text/plain") -> Entity:
        """Return the entity between two offsets, with all that it contains."""
        self.parts += 1
        bound = limits.HEADER_BYTES if path == "" else limits.PART_HEADER_BYTES
        fields, body = self.header(start, end, bound)
        value = next((value for key, value in fields if key == "content-type"), "")
        kind, found = parameters(value)
        if not _MEDIA_TYPE.fullmatch(kind):
            kind = {"text": "text/plain", "html": "text/html"}.get(kind, default)
        children = self._children(kind, found, body, end, path)
        # Nothing is lost: without a boundary the whole body is read as text.
        if kind.startswith("multipart/") and not children:
            kind = "text/plain"
        value = next((value for key, value in fields if key == "content-disposition"), "")
        disposition = parameters(value) if value else ("", {})
        return Entity(path, fields, self.source, body, end, kind, found, *disposition, children)

    def header(self, start: int, end: int, bound: int) -> tuple[tuple[Field, ...], int]:
        """Return the fields that begin at an offset, and where the body begins."""
        if self.source.startswith((b"\n", b"\r\n"), start):  # no header at all
            return (), start + (1 if self.source.startswith(b"\n", start) else 2)
        bound = min(end, start + bound)
        stop, body = _blank_line(self.source, start, bound)
        if stop == bound < end:
            self.defects.append("header too long")
        lines = _FOLD.split(self.source[start:stop].decode("utf-8", "surrogateescape"))
        fields: list[Field] = []
        for number, line in enumerate(lines):
            name, colon, value = line.partition(":")
            if colon and (known := _field_name(name[:_LONGEST_NAME])) and len(fields) < limits.HEADER_FIELDS:
                fields.append((known, _value(value, self.source)))
            elif fields and _STRAY_PARAMETER.match(line):  # a fold whose white space got lost
                fields[-1] = (fields[-1][0], f"{fields[-1][1]} {_value(line, self.source)}")
            elif not colon and not self._skippable(line, lines[number + 1 :][:100], fields):
                self.defects.append("text where the header should go on")
                return tuple(fields), self.source.index(line.encode("utf-8", "surrogateescape"), start)
        return tuple(fields), body

    def _skippable(self, line: str, following: list[str], fields: list[Field]) -> bool:
        """Return whether to skip an invalid line: a field that is still missing follows."""
        if line.startswith(("From ", ">From ")) or not line.strip():
            return True
        self.strays += 1
        had = {name for name, _ in fields}
        names = (match[1].lower() for match in map(_KNOWN.match, following) if match)
        return self.strays <= _STRAYS and any(name not in had for name in names)

    def _children(
        self, kind: str, found: dict[str, str], start: int, end: int, path: str
    ) -> tuple[Entity, ...]:
        if not kind.startswith("multipart/"):
            return ()
        if path.count(".") >= limits.DEPTH:
            self.defects.append("nested too deep")
            return ()
        boundary = found.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
        spans = list(islice(self._spans(boundary, start, end), limits.PARTS)) if boundary else []
        if not spans:
            self.defects.append("multipart without its boundary")
            guess = _GUESSED_BOUNDARY.search(self.source, max(start - 1, 0), end)
            spans = list(islice(self._spans(guess[1], start, end), limits.PARTS)) if guess else []
        # The parts of a digest are mails (RFC 2046, 5.1.5).
        default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        children = []
        for number, (first, last) in enumerate(spans, 1):
            if self.parts >= limits.PARTS:
                self.defects.append("too many parts")
                break
            children.append(self.entity(first, last, f"{path}.{number}" if path else str(number), default))
        return tuple(children)

    def _spans(self, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield where the parts between the boundary's lines begin and end (RFC 2046, 5.1.1)."""
        mark, opened = b"--" + boundary, -1
        at = self.source.find(mark, start, end)
        for _ in range(_LOOK_ALIKES):
            if at < 0:
                break
            line_end = self.source.find(b"\n", at, end)
            line_end = end if line_end < 0 else line_end
            rest = self.source[at + len(mark) : min(line_end, at + len(mark) + 200)].strip()
            if (at == start or self.source[at - 1 : at] == b"\n") and rest in (b"", b"--"):
                if opened >= 0:
                    # The line break before a boundary belongs to it (RFC 2046, 5.1.1).
                    yield opened, max(opened, at - (2 if self.source[at - 2 : at] == b"\r\n" else 1))
                opened = -1 if rest else min(line_end + 1, end)
            # Behind the line: a boundary begins a line, and the mark may be repeated in it.
            at = self.source.find(mark, max(line_end, at + len(mark)), end)
        if 0 <= opened < end:
            self.defects.append("truncated: the last boundary is missing")
            yield opened, end


def _blank_line(source: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the first blank line and the text after it begin; the end twice if there is none."""
    wide = source.find(b"\n\r\n", start, end)
    narrow = source.find(b"\n\n", start, end if wide < 0 else wide + 1)
    at = wide if narrow < 0 else narrow
    if at >= 0:
        return at, at + (2 if at == narrow else 3)
    return (end - 1, end) if source.endswith(b"\n", start, end) else (end, end)


def read(content: bytes, defects: list[str]) -> Entity:
    """Return the tree of a mail's bytes; what is odd is appended to `defects`."""
    return Reader(content, defects).entity(0, len(content), "")


@lru_cache(maxsize=1_024)  # all mails have the same few fields
def _field_name(name: str) -> str:
    """Return the name of a field in lower case, without white space behind it (RFC 5322, 4.5), or "".

    Results with such a name are kept apart: a server that removes forged ones does not look for it.
    """
    if not _NAME.fullmatch(name):
        return ""
    found = name.lower()
    return found if found.rstrip() == "authentication-results" else found.rstrip()


def read_header(content: bytes) -> tuple[Field, ...]:
    """Return the fields of an attached mail's header."""
    content = normalised(content[: limits.PART_HEADER_BYTES])
    fields, _ = Reader(content, []).header(0, len(content), len(content))
    return fields


def _text_charset(content: bytes) -> str:
    """Return the first charset that a mail names for its text, if header fields may be in it.

    Programs that write raw bytes in the header use the charset of the text.
    """
    for match in islice(_CHARSET.finditer(content, 0, limits.HEADER_BYTES), _MAX_CHARSETS):
        label = match[1].decode("ascii")
        if codec_name(label) not in ("", "ascii", "utf-8", "cp1252", "iso8859-1"):
            return label
    return ""


def normalised(content: bytes) -> bytes:
    """Remove lines before the header, and convert bare CRs to line feeds."""
    if b"\n" not in content[:100_000] and b"\r" in content[:100_000]:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    skip = _ABOVE_HEADER.match(content[:2000])
    return content[skip.end() :] if skip and skip.end() else content


def uudecoded(raw: bytes) -> bytes:
    """Decode uuencoded lines; skip invalid ones."""
    out = []
    for line in raw.splitlines():
        if line.startswith(b"begin ") or not line.strip():
            continue
        if line.strip() == b"end":
            break
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders add a checksum or blanks: cut the line to the length that its first byte says.
            wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
            out.append(_uu_line(line[:wanted]))
    return b"".join(out)


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""


def uuencoded_files(text: bytes) -> Iterator[tuple[int, int, str, bytes]]:
    """Yield start, end, name and content of each uuencoded file in a text."""
    at = 0
    for _ in range(limits.UUENCODED):
        begin = _UU.search(text, at)
        stop = _UU_END.search(text, begin.end()) if begin else None
        if not begin or not stop:
            return
        yield begin.start(), stop.end(), decode(begin[1]), uudecoded(text[begin.end() : stop.start()])
        at = stop.end()


_SPACE = " \t\r\n"  # any other character belongs to the value: an address with it is another address


def _value(raw: str, source: bytes) -> str:
    """Return a field's value unfolded; bytes that are not UTF-8 are in the charset of the mail's text."""
    value = raw[: limits.FIELD_BYTES].strip(_SPACE)
    if "\n" in value:
        value = _UNFOLD.sub(" ", value.replace("\r\n", "\n"))
    value = value.replace("\0", SUBSTITUTE)  # ma<NUL>x@… is not max@…
    if value.isascii():
        return value
    data = value.encode("utf-8", "surrogateescape")
    try:
        text = clean(data.decode())
    except UnicodeDecodeError:
        return decode(data, _text_charset(source))
    return decode(data, _two_byte_charset(source)) if _may_be_two_bytes(text) else text


def _may_be_two_bytes(text: str) -> bool:
    """Return whether UTF-8 text may be of another charset: a word of few bytes is valid in both."""
    return bool(_ADJACENT.search(text)) and max(text) < "\u0800"


def _two_byte_charset(source: bytes) -> str:
    """Return the charset of the text if its characters have two bytes, else UTF-8."""
    label = _text_charset(source)
    return label if codec_name(label) in TWO_BYTES else "utf-8"


def decoded(value: str) -> str:
    """Return a header value as people read it: encoded words decoded, on one line."""
    if "=?" in value:
        value = decode_words(value)
    return value if value.isprintable() else _BREAKS.sub(" ", value).strip()
