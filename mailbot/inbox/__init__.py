"""Read a mailbox over IMAP (RFC 9051, 3501), file what is done; the only package that knows imapclient."""

from mailbot.inbox.mailbox import Fetched, Mailbox, MailInfo
from mailbot.inbox.session import InboxError

__all__ = ["Fetched", "InboxError", "MailInfo", "Mailbox"]
