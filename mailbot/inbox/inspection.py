"""What an operator should know of a mailbox before the daemon reads it: nothing in it is changed."""

from dataclasses import dataclass
from datetime import datetime

import imapclient

from mailbot.inbox.mailbox import Mailbox, MailInfo

HELPFUL = ("IDLE", "MOVE", "UIDPLUS")
_FIELD = "HEADER.FIELDS (AUTHENTICATION-RESULTS)"


@dataclass(frozen=True, slots=True)
class MailboxReport:
    """What was found: so many mails, which extensions the server lacks, how full the mailbox is (0 to 1).

    `results` are the fields Authentication-Results of the newest mails in both folders, one text a mail.
    """

    mails: int
    lacks: tuple[str, ...]
    full: float | None
    results: tuple[str, ...]


def inspect_mailbox(box: Mailbox, newest: int = 20) -> MailboxReport:
    """Look around in a mailbox, at the newest mails of each of its two folders. Raises InboxError."""
    client = box._client
    with box._errors_as("the mailbox cannot be surveyed"):
        lacks = tuple(name for name in HELPFUL if not client.has_capability(name))
        full = _full(client) if client.has_capability("QUOTA") else None
    uids = box.uids()
    with box._errors_as("the newest mails cannot be looked at"):
        results = _results(client, uids[-newest:])
        if _open_done(box):
            results += _results(client, client.search()[-newest:])
    box.refresh()
    return MailboxReport(len(uids), lacks, full, tuple(results))


def done_received(box: Mailbox, message_id: str) -> datetime | None:
    """Return when the server took the done mail of that Message-ID (UTC), or None. Raises InboxError."""
    found: dict[int, MailInfo] = {}
    with box._errors_as("the done mails cannot be searched"):
        if _open_done(box):
            found = box.describe(box._client.search(["HEADER", "Message-ID", message_id]))
    box.refresh()
    return next((mail.received for mail in found.values()), None)


def _open_done(box: Mailbox) -> bool:
    """Look into the folder of done mails from now on, if there is one."""
    done = box._full_name(box._account.done) if box._account.done else ""
    if not done or not box._client.folder_exists(done):
        return False
    box._client.select_folder(done, readonly=True)
    return True


def _full(client: imapclient.IMAPClient) -> float | None:
    """Return how much of its quota the inbox uses (RFC 9208), or None where it has none."""
    shares = [quota.usage / quota.limit for quota in client.get_quota() if quota.limit]
    return max(shares, default=None)


def _results(client: imapclient.IMAPClient, uids: list[int]) -> list[str]:
    if not uids:
        return []
    answers = client.fetch(uids, [f"BODY.PEEK[{_FIELD}]"])
    fields = (items.get(f"BODY[{_FIELD}]".encode()) or b"" for items in answers.values())
    return [field.decode("utf-8", "replace") for field in fields]
