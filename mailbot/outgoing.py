"""An outgoing mail after it is rendered, as the outbox stores it until it is sent."""

from dataclasses import dataclass

from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Attachment


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail to one person, rendered; Message-IDs are kept with their angle brackets.

    `sender` shows a person's or school's name with the school's address. `ticket` is the ticket's key, or ""
    if the mail is about no ticket. `calendar` is an iCalendar object in unfolded lines, or "". `automatic`:
    no human wrote it (RFC 3834). `internal`: a reply to it stays among the staff.
    """

    message_id: str
    kind: NotificationKind
    recipient: Address
    sender: Address
    subject: str
    text: str
    html: str
    calendar: str = ""
    in_reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()
    automatic: bool = True
    internal: bool = False
    ticket: str = ""


def content_id(message_id: str, position: int) -> str:
    """Return the Content-ID, without brackets, of the attachment at that position of a mail (RFC 2392)."""
    return f"{position + 1}.{message_id.strip('<>')}"
