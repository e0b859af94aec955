"""Check outgoing mails strictly: two parsers, each header field once, no active content."""

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

import lxml.html
from mailparser import parse_from_bytes

from mailbot.addresses import canonical_address

_STRICT = email.policy.SMTP.clone(raise_on_defect=True)
ONCE = ("Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type")
KNOWN = frozenset(
    name.lower()
    for name in (
        *ONCE, "Auto-Submitted", "X-Auto-Response-Suppress", "In-Reply-To", "References",
        "Content-Transfer-Encoding",
    )
)  # fmt: skip
LINE_MOST = 998  # RFC 5322, 2.1.1
HARMFUL = ("script", "iframe", "object", "embed", "form", "input", "base", "link", "svg", "video", "audio")


def lint(raw: bytes, recipient: str) -> Iterator[str]:
    """Yield the faults of a mail; exceptions of parsers are not caught."""
    message = email.message_from_bytes(raw, policy=_STRICT)
    assert isinstance(message, EmailMessage)
    yield from (f"line of {len(line)}" for line in raw.split(b"\r\n") if len(line) > LINE_MOST)
    yield from (["bare line break"] if re.search(rb"(?<!\r)\n|\r(?!\n)", raw) else [])
    names = [name.lower() for name in message]
    yield from (
        f"{name} is there {names.count(name.lower())} times"
        for name in ONCE
        if names.count(name.lower()) != 1
    )
    yield from (f"header {name}" for name in names if name not in KNOWN)
    yield from _reads_alike(raw, message, recipient)
    for part in message.walk():
        if part.get_content_type() == "text/html" and not part.get_filename():
            yield from _harm(str(part.get_content()))


def _reads_alike(raw: bytes, message: EmailMessage, recipient: str) -> Iterator[str]:
    """Compare what two parsers say of who writes to whom."""
    other = parse_from_bytes(raw)
    local, _, domain = recipient.rpartition("@")
    written = [f"{local}@{domain}", f"{local}@{_ascii(domain)}"]
    read = [address for _, address in other.to]
    plain = written[1].isascii()  # else RFC 6532, which parsers read as they like
    # `addr_spec` has no quotes around two dots in a row
    strict = [canonical_address(a.addr_spec) for a in message["To"].addresses]
    if plain and (strict != [canonical_address(one) for one in read] or read not in ([w] for w in written)):
        yield f"To is {other.to}"
    if [a.addr_spec for a in message["From"].addresses] != [address for _, address in other.from_]:
        yield f"From is {other.from_}"
    if str(message["Message-ID"]).strip() != other.message_id.strip():
        yield f"Message-ID is {other.message_id}"
    if other.defects:
        yield f"defects: {other.defects}"


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


def _harm(page: str) -> Iterator[str]:
    """Look for what a page of ours never has: programs, forms, and anything from elsewhere."""
    tree = lxml.html.document_fromstring(page)
    for element in tree.iter(lxml.etree.Element):
        yield from ([f"<{element.tag}>"] if element.tag in HARMFUL else [])
        for name, value in element.attrib.items():
            yield from ([f"{name}={value[:40]}"] if name.startswith("on") or "url(" in value else [])
            if name in ("href", "src", "background", "action"):
                yield from _elsewhere(str(value))


def _elsewhere(target: str) -> Iterator[str]:
    parts = urlsplit(target)
    if parts.scheme == "mailto" and not set(parse_qs(parts.query)) <= {"subject", "body"}:
        yield f"link fills in {sorted(parse_qs(parts.query))}"
    if parts.scheme not in ("mailto", "cid"):
        yield f"leads to {target[:60]}"
