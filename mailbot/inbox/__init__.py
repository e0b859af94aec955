"""Read a mailbox over IMAP (RFC 9051, 3501), move processed mails; only this package uses imapclient."""

from mailbot.inbox.fetched import FetchedMail, MailInfo
from mailbot.inbox.mailbox import Mailbox
from mailbot.inbox.session import InboxError

__all__ = ["FetchedMail", "InboxError", "MailInfo", "Mailbox"]
