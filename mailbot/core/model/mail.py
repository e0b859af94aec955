"""An incoming mail, as parsed from its bytes (RFC 5322, RFC 2045 to 2049)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailbot.core.model.appointment import CalendarAnswer

LIST_ADDRESS_FIELDS = frozenset(
    {"list-post", "mailing-list", "x-beenthere", "x-mailing-list", "x-mailinglist", "x-sympa-to"}
)
"""Header fields in which a mailing list names its address (RFC 2369, 3.4, and older ones)."""


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox (RFC 5322, 3.4): the address in lower case and the name shown with it."""

    email: str
    name: str = ""

    @property
    def domain(self) -> str:
        """Return the part after the last @."""
        return self.email.rpartition("@")[2]

    @property
    def shown(self) -> str:
        """Return the name, or the address if there is no name."""
        return self.name or self.email


REPLY_PREFIX = "re|aw|antw|antwort|rép|sv|vs|odp|vá|ynt|res|rif"
"""Alternatives of a pattern: the words before the subject of a reply, without their colon."""
PREFIX = rf"(?:{REPLY_PREFIX}|wg|fwd?|tr)(?:\[\d{{1,3}}\])?\s?:"
"""A pattern of the prefix of a reply or a forwarded mail."""
_REPLY = re.compile(
    rf"\s*(?:\[[^\]]{{0,60}}\]\s*)*(?:{REPLY_PREFIX}|r|回复|回覆)(?:\[\d{{1,3}}\])?\s?[:：]", re.I
)


class Danger(StrEnum):
    """The harm that a file can do when it is opened."""

    NONE = ""
    PROGRAM = "program"
    MACROS = "macros"
    ARCHIVE = "archive"  # with a program or macros inside
    OPAQUE = "sealed"  # cannot be inspected: encrypted, corrupt, nested too deep or of an unknown format


@dataclass(frozen=True, slots=True)
class Part:
    """One attachment or inline picture of a mail.

    `path` locates it within the raw mail ("2.1", or "2/3" for the third file in a winmail.dat).
    `size` is that of the decoded content in bytes.
    `content_type` is detected from the content where possible. `logo`: it belongs to the signature.
    """

    path: str
    filename: str
    content_type: str
    size: int
    inline: bool = False
    content_id: str = ""
    danger: Danger = Danger.NONE
    logo: bool = False


class Action(StrEnum):
    """The Action field of a delivery status notification (RFC 3464, section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """The status of one recipient in a delivery status notification (RFC 3464)."""

    recipient: str
    action: Action
    status: str = ""
    diagnostic: str = ""
    original_message_id: str = ""


class Encryption(StrEnum):
    """The encryption of a mail's content."""

    NONE = "none"
    SMIME = "smime"
    PGP = "pgp"


@dataclass(frozen=True, slots=True)
class Mail:
    """A parsed mail; an unreadable one is a Mail with defects.

    `routes` are the addresses of aliases and lists through which it came. `text` is the new text;
    `signature` and `quoted` were cut off from it. `whole_text` is the text before it was split; `structured`:
    its ">" were derived from the structure of an HTML mail. `unseen`: a reader of the HTML mail does not see
    its text, so it has no commands. `headers` are all header fields in order, names in lower case, values
    unfolded and decoded. Message-IDs keep their angle brackets. `reports` are the media types of the
    machine-readable reports in the mail (RFC 6522). `calendar_answer` is the answer to an invitation in it.
    `size` is in bytes. `original_from` is the author that a list names (X-Original-From). `via` is the
    address in From if the author is another person, who is in `senders` then.
    """

    message_id: str = ""
    senders: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    original_from: tuple[Address, ...] = ()
    via: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    routes: frozenset[str] = frozenset()
    subject: str = ""
    date: datetime | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    signature: str = ""
    quoted: str = ""
    unseen: bool = False
    forwarded: bool = False
    whole_text: str = field(default="", repr=False)
    structured: bool = False
    parts: tuple[Part, ...] = ()
    delivery: tuple[DeliveryStatus, ...] = ()
    reports: tuple[str, ...] = ()
    calendar_answer: CalendarAnswer | None = None
    encryption: Encryption = Encryption.NONE
    size: int = 0
    defects: tuple[str, ...] = ()

    @property
    def sender(self) -> Address | None:
        """Return the first address of From; None if there is none."""
        return self.senders[0] if self.senders else None

    @property
    def answers(self) -> bool:
        """Return whether the mail says that it is a reply; else its author wrote or pasted all of it."""
        return bool(self.in_reply_to or self.references or _REPLY.match(self.subject))

    @property
    def ticket_text(self) -> str:
        """Return the text for a new ticket, with the quotation if it is all or belongs to the problem."""
        if self.text and self.answers and not self.forwarded:
            return self.text
        return "\n\n".join(text for text in (self.text, self.quoted) if text)

    @property
    def is_report(self) -> bool:
        """Return whether the mail as a whole is a report (RFC 6522)."""
        return self.header("content-type").lower().startswith("multipart/report")

    def header(self, name: str) -> str:
        """Return the topmost field of that name, or "" if there is none."""
        wanted = name.lower()
        for key, value in self.headers:
            if key == wanted:
                return value
        return ""

    def all_headers(self, name: str) -> Iterator[str]:
        """Yield the fields of that name from top to bottom."""
        wanted = name.lower()
        return (value for key, value in self.headers if key == wanted)


class MailKind(StrEnum):
    """The kind of author of a mail; only human mail opens tickets or is answered."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    BULK = "bulk"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class Classification:
    """The kind of a mail, and the reason for it."""

    kind: MailKind
    reason: str
