"""A mail as it came in: what the parser understood of its octets (RFC 5322, 2045-2049)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox (RFC 5322, 3.4): the address in lower case and the name shown with it."""

    email: str
    name: str = ""

    @property
    def domain(self) -> str:
        """Return what follows the last @."""
        return self.email.rpartition("@")[2]

    @property
    def shown(self) -> str:
        """Return the name, or the address where there is no name."""
        return self.name or self.email


class Danger(StrEnum):
    """The harm that a file can do when it is opened."""

    NONE = ""
    PROGRAM = "program"
    MACROS = "macros"
    ARCHIVE = "archive"  # with a program or macros inside
    SEALED = "sealed"  # encrypted, broken, nested too deep or of a kind that nobody can look into


@dataclass(frozen=True, slots=True)
class Part:
    """One attachment or inline picture of a mail, with its decoded content.

    `path` names it within the raw mail, so that it can be found there again ("2.1", or "2/3" for the third
    file in a winmail.dat). `content_type` is told by the content where the content tells it.
    """

    path: str
    filename: str
    content_type: str
    content: bytes = field(repr=False)
    inline: bool = False
    content_id: str = ""
    danger: Danger = Danger.NONE

    @property
    def size(self) -> int:
        """Return the size of the decoded content in octets."""
        return len(self.content)


class Action(StrEnum):
    """What a delivery status notification says of one recipient (RFC 3464, 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """One recipient of a delivery status notification (RFC 3464), and which mail it is about."""

    recipient: str
    action: Action
    status: str = ""
    diagnostic: str = ""
    original_message_id: str = ""


class Encryption(StrEnum):
    """How the content is hidden from us, if it is."""

    NONE = "none"
    SMIME = "smime"
    PGP = "pgp"


@dataclass(frozen=True, slots=True)
class Mail:
    """Everything that is known of a mail; an unreadable one is a Mail with defects.

    `text` is what a human wrote now; `signature` and `quoted` is what was cut off below it. `headers` are all
    header fields in their order, names in lower case, values unfolded and decoded. Message-IDs are kept with
    their angle brackets. `reports` are the media types of the machine-readable reports inside (RFC 6522).
    """

    message_id: str = ""
    senders: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    signature: str = ""
    quoted: str = ""
    forwarded: bool = False
    parts: tuple[Part, ...] = ()
    delivery: tuple[DeliveryStatus, ...] = ()
    reports: tuple[str, ...] = ()
    encryption: Encryption = Encryption.NONE
    size: int = 0
    defects: tuple[str, ...] = ()

    @property
    def sender(self) -> Address | None:
        """Return the first address of From, or None where there is none."""
        return self.senders[0] if self.senders else None

    @property
    def ticket_text(self) -> str:
        """Return the text to open a ticket with: what was forwarded belongs to it, or is all there is."""
        if self.text and not self.forwarded:
            return self.text
        return "\n\n".join(text for text in (self.text, self.quoted) if text)

    def header(self, name: str) -> str:
        """Return the topmost field of that name, or "" where there is none."""
        return next(self.all_headers(name), "")

    def all_headers(self, name: str) -> Iterator[str]:
        """Yield the fields of that name from top to bottom."""
        wanted = name.lower()
        return (value for key, value in self.headers if key == wanted)


class MailKind(StrEnum):
    """Who or what wrote a mail; only human mail opens tickets or is answered."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    BULK = "bulk"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class Classification:
    """The kind of a mail and the sign that told it."""

    kind: MailKind
    reason: str
