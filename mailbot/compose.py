"""Letters to octets: the parts by the stdlib (MIME), the header of the mail by hand (RFC 5322).

The stdlib encodes long Message-IDs as RFC 2047 words, which breaks threads in Outlook, and folds some
subjects into an empty first line; so the fields of the mail itself never pass through its folding.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from email.header import Header
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, quote
from hashlib import sha256
from typing import Any

from mailbot.core.mail import Address
from mailbot.core.notice import NoticeKind
from mailbot.core.outgoing import Outgoing, content_id
from mailbot.core.printable import clean, one_line
from mailbot.core.ticket import Attachment

_REPLIES = frozenset(
    {
        NoticeKind.RECEIPT,
        NoticeKind.DONE,
        NoticeKind.REFUSAL,
        NoticeKind.HELP,
        NoticeKind.OVERVIEW,
        NoticeKind.SHEET,
        NoticeKind.CONFIRM,
    }
)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")  # printable ASCII; with its name it fits into 998 octets
_CONTENT_TYPE = re.compile(r"(text|image|audio|video|application)/([a-z0-9][a-z0-9!#$&^_.+-]{0,100})")
_OPAQUE = ("application", "octet-stream")
_FIRST, _LAST = 1, 50  # references of a thread that goes on for ever (RFC 5537, 3.4.4, cuts the same way)
_FILENAME_LENGTH = 150
_NAME_LENGTH = 120
_WORD_LENGTH = 500  # a longer one cannot be folded below 998 octets
_FOLD = "\r\n"


def to_octets(
    outgoing: Outgoing,
    references: tuple[str, ...],
    date: datetime,
    content_of: Callable[[Attachment], bytes],
) -> bytes:
    """Return the mail as it goes to the server, lines ended by CRLF (RFC 5322, 2045, 2183, 2387).

    `references` are the Message-IDs of the thread, oldest first; `content_of` gives the content of an
    attachment, and what it raises is not caught. The same arguments give the same octets; they are ASCII
    unless the local part of an address is not (RFC 6532).
    """
    body = _body(outgoing, content_of)
    _set_boundaries(body, outgoing.message_id)
    fields = (*_fields(outgoing, date), *_threading(outgoing, references))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return head.encode() + body.as_bytes(policy=SMTP)


def _fields(outgoing: Outgoing, date: datetime) -> Iterator[tuple[str, str]]:
    yield "Date", format_datetime(date)
    yield "From", _address(outgoing.sender)
    yield "To", _address(outgoing.recipient)
    yield "Subject", _unstructured(outgoing.subject)
    yield "Message-ID", "".join(_ids((outgoing.message_id,)))
    if outgoing.automatic:
        answers = outgoing.in_reply_to and outgoing.kind in _REPLIES
        yield "Auto-Submitted", "auto-replied" if answers else "auto-generated"  # RFC 3834, 5
        yield "X-Auto-Response-Suppress", "All"


def _threading(outgoing: Outgoing, references: tuple[str, ...]) -> Iterator[tuple[str, str]]:
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


def _unstructured(text: str) -> str:
    """Return the value of Subject, in encoded words where ASCII lines do not do (RFC 2047)."""
    line = one_line(text)
    plain = line.isascii() and "=?" not in line and max(map(len, line.split()), default=0) < _WORD_LENGTH
    return Header(line, "us-ascii" if plain else "utf-8", header_name="Subject").encode(linesep=_FOLD)


def _address(address: Address) -> str:
    """Return name and address; the domain is ASCII (RFC 5891), the name an encoded word where needed."""
    name = one_line(address.name)[:_NAME_LENGTH]
    local, _, domain = one_line(address.email).rpartition("@")
    email = HeaderAddress("", local, _ascii_domain(domain)).addr_spec
    if not name:
        return email
    if name.isascii() and "=?" not in name:
        return f'"{quote(name)}"{_FOLD} <{email}>'
    return f"{Header(name, 'utf-8', header_name='From').encode(linesep=_FOLD)}{_FOLD} <{email}>"


def _ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain  # no domain at all: the server will say so to who wrote the text


def _body(outgoing: Outgoing, content_of: Callable[[Attachment], bytes]) -> EmailMessage:
    """Return text and page as alternatives, the page with its pictures, the other files beside them."""
    message = EmailMessage(policy=SMTP)
    message.set_content(clean(outgoing.text), cte="quoted-printable")
    message.add_alternative(clean(outgoing.html), subtype="html", cte="quoted-printable")
    _, page = message.iter_parts()
    files = []
    for position, attachment in enumerate(outgoing.attachments):
        cid = content_id(outgoing.message_id, position)
        if f"cid:{cid}" in outgoing.html:
            page.add_related(
                content_of(attachment),
                **_described(attachment, position),
                disposition="inline",
                cid=f"<{cid}>",
            )
        else:
            files.append((position, attachment))
    for position, attachment in files:
        message.add_attachment(content_of(attachment), **_described(attachment, position))
    return message


def _described(attachment: Attachment, position: int) -> dict[str, Any]:
    match = _CONTENT_TYPE.fullmatch(attachment.content_type)
    maintype, subtype = match.groups() if match else _OPAQUE
    return {"maintype": maintype, "subtype": subtype, "filename": _filename(attachment.filename, position)}


def _filename(name: str, position: int) -> str:
    """Return a name without folders and tricks, short enough for file systems, its suffix kept."""
    flat = one_line(name).replace("/", "_").replace("\\", "_").strip(". ")
    stem, dot, suffix = flat.rpartition(".")
    if len(flat) > _FILENAME_LENGTH and dot and len(suffix) < 10:
        return f"{stem[: _FILENAME_LENGTH - len(suffix) - 1]}.{suffix}"
    return flat[:_FILENAME_LENGTH] or f"attachment-{position + 1}"


def _set_boundaries(message: EmailMessage, message_id: str) -> None:
    """Derive the boundaries from the Message-ID; "=_" occurs neither in base64 nor in quoted-printable."""
    digest = sha256(message_id.encode()).hexdigest()[:24]
    multiparts = (part for part in message.walk() if part.is_multipart())
    for number, part in enumerate(multiparts):
        part.set_boundary(f"=_{digest}.{number}")
