"""A letter in words: what goes to the outbox."""

from dataclasses import dataclass

from mailbot.core.mail import Address
from mailbot.core.notice import NoticeKind
from mailbot.core.ticket import Attachment


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One mail to one person; `ticket` is the ticket's name ("GYM-104") or ""."""

    message_id: str
    kind: NoticeKind
    recipient: Address
    sender: Address
    subject: str
    text: str
    html: str
    in_reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()
    automatic: bool = True
    internal: bool = False
    ticket: str = ""
