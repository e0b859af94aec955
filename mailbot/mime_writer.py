"""Write an outgoing mail as bytes (RFC 5322, 2045-2047, 2231).

The stdlib's EmailMessage encodes long Message-IDs as RFC 2047 words, which breaks threads in Outlook. It
folds some subjects into an empty first line, and takes several times as long.
"""

import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from email.header import Header
from email.headerregistry import Address as HeaderAddress
from email.utils import format_datetime, quote
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from itertools import chain
from urllib.parse import quote as percent_encoded

from mailbot.addresses import canonical_address
from mailbot.core.model.appointment import CalendarMethod
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Attachment
from mailbot.itip import folded
from mailbot.outgoing import OutgoingMail, content_id
from mailbot.sanitize import clean, one_line

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")  # printable ASCII; with its name it fits into 998 bytes
_CONTENT_TYPE = re.compile(r"(text|image|audio|video|application)/([a-z0-9][a-z0-9!#$&^_.+-]{0,100})")
_FIRST, _LAST = 1, 50  # references of an endless thread (RFC 5537, 3.4.4, cuts the same way)
_FILENAME_LENGTH = 150
_NAME_LENGTH = 120
_WORDS_LINE = 76  # an encoded word has 75 characters at most (RFC 2047, 2), and a space before it
_PIECE = 60
_WORD_LENGTH = 500  # a longer one cannot be folded below 998 bytes
_FOLD = "\r\n"
_BLANK = b"\r\n\r\n"
CALENDAR_FILE = "invite.ics"

Pieces = Iterable[bytes]
"""A part of a mail, not joined: attachments are large."""


def to_bytes(
    outgoing: OutgoingMail,
    references: tuple[str, ...],
    date: datetime,
    content_of: Callable[[Attachment], bytes],
) -> bytes:
    """Return the mail as it goes to the server, lines ended by CRLF (RFC 5322, 2045, 2183, 2387).

    `references` are the Message-IDs of the thread, oldest first; `content_of` returns the content of
    an attachment; its exceptions are not caught. The same arguments give the same bytes; they are ASCII
    unless the local part of an address is not (RFC 6532).
    """
    fields = (*_fields(outgoing, date), *_threading(outgoing, references), ("MIME-Version", "1.0"))
    head = "".join(f"{name}: {value}{_FOLD}" for name, value in fields)
    with BytesIO() as mail:  # unlike `join`, it needs one piece at a time
        mail.write(head.encode())
        mail.writelines(_body(outgoing, content_of))
        return mail.getvalue()


def _fields(outgoing: OutgoingMail, date: datetime) -> Iterator[tuple[str, str]]:
    yield "Date", format_datetime(date)
    yield "From", _address(outgoing.sender)
    yield "To", _address(outgoing.recipient)
    yield "Subject", _unstructured(outgoing.subject)
    yield "Message-ID", "".join(_ids((outgoing.message_id,)))
    if outgoing.automatic:
        answers = outgoing.in_reply_to and outgoing.kind.definition.auto_replied
        yield "Auto-Submitted", "auto-replied" if answers else "auto-generated"  # RFC 3834, 5
        yield "X-Auto-Response-Suppress", "All"


def _threading(outgoing: OutgoingMail, references: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield In-Reply-To and References, one id a line and never encoded (RFC 5322, 3.6.4)."""
    parent = _ids((outgoing.in_reply_to,)) or _ids(references)[-1:]
    thread = tuple(dict.fromkeys((*_ids(references), *parent)))
    if len(thread) > _FIRST + _LAST:
        thread = thread[:_FIRST] + thread[-_LAST:]
    if parent:
        yield "In-Reply-To", parent[0]
        yield "References", f"{_FOLD} ".join(thread)


def _ids(candidates: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(candidate for candidate in candidates if _MESSAGE_ID.fullmatch(candidate))


@lru_cache(maxsize=256)  # a subject goes to several recipients, and Header takes its time
def _unstructured(text: str) -> str:
    """Return the value of Subject, in encoded words where ASCII lines are not enough (RFC 2047)."""
    line = one_line(text)
    plain = line.isascii() and "=?" not in line and max(map(len, line.split()), default=0) < _WORD_LENGTH
    return Header(line, "us-ascii" if plain else "utf-8", header_name="Subject").encode(
        linesep=_FOLD, maxlinelen=_WORDS_LINE
    )


@lru_cache(maxsize=1024)  # the same few people and schools
def _address(address: Address) -> str:
    """Return name and address; the domain is ASCII (RFC 5891), the name an encoded word where needed.

    A text that is not an address is written as it is: the server refuses it, and the author is notified.
    """
    name = one_line(address.name)[:_NAME_LENGTH]
    email = canonical_address(address.email) or one_line(address.email)
    local, _, domain = email.rpartition("@")
    if not local.startswith('"'):
        # Quotes a local part that needs it, such as ".lena" (RFC 5322, 3.4.1).
        email = HeaderAddress("", local, domain).addr_spec
    if not name:
        return email
    if name.isascii() and "=?" not in name:
        # Quoted: a comma or a dot in a name would be syntax.
        return f'"{quote(name)}"{_FOLD} <{email}>'
    words = Header(name, "utf-8", header_name="From").encode(linesep=_FOLD, maxlinelen=_WORDS_LINE)
    return f"{words}{_FOLD} <{email}>"


def _body(outgoing: OutgoingMail, content_of: Callable[[Attachment], bytes]) -> Pieces:
    """Return text, page and calendar as alternatives, the page with its pictures, files beside them."""
    pictures: list[Pieces] = []
    files: list[Pieces] = []
    for position, attachment in enumerate(outgoing.attachments):
        cid = content_id(outgoing.message_id, position)
        shown = f"cid:{cid}" in outgoing.html
        part = _file_part(attachment, position, content_of, cid if shown else "")
        (pictures if shown else files).append(part)
    page = _text_part("html", outgoing.html)
    if pictures:
        page = _multipart('related; type="text/html"', (page, *pictures), outgoing.message_id)
    versions = [_text_part("plain", outgoing.text), page]
    if outgoing.calendar and (method := outgoing.kind.definition.calendar):
        calendar = folded(outgoing.calendar)
        versions.append(_calendar_part(calendar, method))
        files.append(_calendar_file(calendar))
    both = _multipart("alternative", tuple(versions), outgoing.message_id)
    return _multipart("mixed", (both, *files), outgoing.message_id) if files else both


def _multipart(subtype: str, parts: Iterable[Pieces], message_id: str) -> Pieces:
    """Join parts; the boundary has "=_", which occurs neither in base64 nor in quoted-printable."""
    boundary = f"=_{sha256(f'{subtype} {message_id}'.encode()).hexdigest()[:32]}"
    fields = f'Content-Type: multipart/{subtype};{_FOLD} boundary="{boundary}"{_FOLD}{_FOLD}'
    delimited = (chain([f"--{boundary}{_FOLD}".encode()], part, [_FOLD.encode()]) for part in parts)
    return chain([fields.encode()], chain.from_iterable(delimited), [f"--{boundary}--{_FOLD}".encode()])


def _text_part(subtype: str, text: str) -> Pieces:
    fields = f"Content-Type: text/{subtype}; charset=utf-8{_FOLD}Content-Transfer-Encoding: quoted-printable"
    lines = b2a_qp(clean(text).encode()).replace(b"\n", b"\r\n")
    return fields.encode(), _BLANK, lines


def _calendar_part(calendar: bytes, method: CalendarMethod) -> Pieces:
    """Return the part that calendar programs process: one of the alternatives (RFC 6047, 2.4)."""
    fields = (
        f"Content-Type: text/calendar; charset=utf-8; method={method.value}{_FOLD}"
        "Content-Transfer-Encoding: base64"
    )
    return fields.encode(), _BLANK, _base64_lines(calendar)


def _calendar_file(calendar: bytes) -> Pieces:
    """Return the same as a file, for programs that show no calendar part: it can be opened from the mail."""
    fields = (
        f'Content-Type: application/ics; name="{CALENDAR_FILE}"{_FOLD}'
        f"Content-Transfer-Encoding: base64{_FOLD}"
        f'Content-Disposition: attachment; filename="{CALENDAR_FILE}"'
    )
    return fields.encode(), _BLANK, _base64_lines(calendar)


def _file_part(
    attachment: Attachment, position: int, content_of: Callable[[Attachment], bytes], cid: str
) -> Iterator[bytes]:
    known = _CONTENT_TYPE.fullmatch(attachment.content_type)
    fields = [
        f"Content-Type: {attachment.content_type if known else 'application/octet-stream'}",
        "Content-Transfer-Encoding: base64",
        f"Content-Disposition: {'inline' if cid else 'attachment'};{_FOLD} "
        + _parameter("filename", _filename(attachment.filename, position)),
    ]
    if cid:
        fields.append(f"Content-ID: <{cid}>")
    yield _FOLD.join(fields).encode()
    yield _BLANK
    yield _base64_lines(content_of(attachment))


def _base64_lines(content: bytes) -> bytes:
    """Return base64 in lines of 76 characters (RFC 2045, 6.8); faster than `base64.encodebytes`."""
    encoded = b2a_base64(content, newline=False)
    lines = [encoded[start : start + 76] for start in range(0, len(encoded), 76)]
    return b"\r\n".join([*lines, b""])


def _parameter(name: str, value: str) -> str:
    """Return a parameter: quoted where it is short ASCII, else in numbered pieces (RFC 2231, 4.1)."""
    if value.isascii() and len(value) < _PIECE:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{name}="{escaped}"'
    pieces = list(_pieces(value))
    if len(pieces) == 1:
        return f"{name}*={pieces[0]}"
    return f";{_FOLD} ".join(f"{name}*{number}*={piece}" for number, piece in enumerate(pieces))


def _pieces(value: str) -> Iterator[str]:
    """Yield the percent-encoded value in pieces of whole characters: each is decoded for itself."""
    piece = "utf-8''"
    for character in value:
        encoded = percent_encoded(character, safe="")
        if len(piece) + len(encoded) > _PIECE:
            yield piece
            piece = ""
        piece += encoded
    yield piece


def _filename(name: str, position: int) -> str:
    """Return a name without folders and controls, short enough for file systems, with its suffix."""
    flat = one_line(name).replace("/", "_").replace("\\", "_").strip(". ")
    stem, dot, suffix = flat.rpartition(".")
    if len(flat) > _FILENAME_LENGTH and dot and len(suffix) < 10:
        return f"{stem[: _FILENAME_LENGTH - len(suffix) - 1]}.{suffix}"
    return flat[:_FILENAME_LENGTH] or f"attachment-{position + 1}"
