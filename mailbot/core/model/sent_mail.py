"""A mail of ours that another one answers."""

from dataclasses import dataclass

from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.ticket import Role


@dataclass(frozen=True, slots=True)
class SentMail:
    """A letter of ours that a mail answers or whose action key it bears.

    `held` is the mail about which it asks, as long as that waits. `bounced`: it came back before; `marked`:
    mail to its recipient came back before.
    """

    recipient: str
    role: Role
    kind: NotificationKind
    ticket: str | None = None
    internal: bool = False
    held: int | None = None
    message_id: str = ""
    author: str = ""
    subject: str = ""
    text: str = ""
    bounced: bool = False
    marked: bool = False
