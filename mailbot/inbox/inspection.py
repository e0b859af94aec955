"""Inspect a mailbox for an operator, and try to store, move and delete a mail as the daemon does."""

import secrets
from dataclasses import dataclass
from datetime import datetime

import imapclient

from mailbot.inbox.fetched import MailInfo
from mailbot.inbox.mailbox import Mailbox

USEFUL_CAPABILITIES = ("IDLE", "MOVE", "UIDPLUS")
_FIELD = "HEADER.FIELDS (AUTHENTICATION-RESULTS)"


@dataclass(frozen=True, slots=True)
class MailboxReport:
    """The number of mails, the useful capabilities that the server lacks, and the used quota (0 to 1).

    `authentication_results` has the Authentication-Results fields of the newest mails in both folders, one
    text for each mail.
    """

    mails: int
    missing_capabilities: tuple[str, ...]
    quota_used: float | None
    authentication_results: tuple[str, ...]


def inspect_mailbox(box: Mailbox, newest: int = 20) -> MailboxReport:
    """Report on a mailbox and on the `newest` mails of each of its two folders; raise InboxError."""
    client = box._client
    with box._errors_as("the mailbox cannot be inspected"):
        missing = tuple(name for name in USEFUL_CAPABILITIES if not client.has_capability(name))
        quota_used = _quota_used(client) if client.has_capability("QUOTA") else None
    uids = box.uids()
    with box._errors_as("the newest mails cannot be inspected"):
        results = _authentication_results(client, uids[-newest:])
        if _select_processed(box):
            results += _authentication_results(client, client.search()[-newest:])
    box.refresh()
    return MailboxReport(len(uids), missing, quota_used, tuple(results))


def processed_received_at(box: Mailbox, message_id: str) -> datetime | None:
    """Return when the server received the processed mail with this Message-ID (UTC), or None.

    Raises InboxError.
    """
    found: dict[int, MailInfo] = {}
    with box._errors_as("the processed mails cannot be searched"):
        if _select_processed(box):
            found = box.describe(box._client.search(["HEADER", "Message-ID", message_id]))
    box.refresh()
    return next((mail.received_at for mail in found.values()), None)


def try_processing(box: Mailbox, address: str) -> None:
    """Store a mail in the folder, move it to the folder of processed mails, and delete it there.

    Creates that folder if it is missing. If the daemon sees the mail, it ignores it: it is from the support
    address. Raises InboxError.
    """
    message_id = f"<{secrets.token_hex(16)}@{address.rpartition('@')[2]}>"
    lines = (
        f"From: {address}",
        f"To: {address}",
        "Subject: mailbot check",
        f"Message-ID: {message_id}",
        "Auto-Submitted: auto-generated",
        "",
        "This mail tests whether mailbot can store and move mails. It may be deleted.",
        "",
    )
    client, query = box._client, ["HEADER", "Message-ID", message_id]
    with box._errors_as("a test mail cannot be stored"):
        client.append(
            box._full_name(box._account.folder), "\r\n".join(lines).encode(), flags=[imapclient.SEEN]
        )
        stored = client.search(query)
    box.move_to_processed(stored)
    with box._errors_as("a test mail cannot be deleted from the folder of processed mails"):
        client.select_folder(box._processed_folder())
        if moved := client.search(query):
            client.delete_messages(moved)
            # Without UIDPLUS, EXPUNGE also removes what other clients marked as deleted (RFC 4315, 2.1).
            client.expunge(moved) if client.has_capability("UIDPLUS") else None
    box.refresh()


def _select_processed(box: Mailbox) -> bool:
    """Select the folder of processed mails read-only; return False if there is none."""
    name = box._full_name(box._account.done) if box._account.done else ""
    if not name or not box._client.folder_exists(name):
        return False
    box._client.select_folder(name, readonly=True)
    return True


def _quota_used(client: imapclient.IMAPClient) -> float | None:
    """Return how much of its quota the inbox uses (RFC 9208), or None if it has no quota."""
    shares = [quota.usage / quota.limit for quota in client.get_quota() if quota.limit]
    return max(shares, default=None)


def _authentication_results(client: imapclient.IMAPClient, uids: list[int]) -> list[str]:
    if not uids:
        return []
    responses = client.fetch(uids, [f"BODY.PEEK[{_FIELD}]"])
    fields = (items.get(f"BODY[{_FIELD}]".encode()) or b"" for items in responses.values())
    return [field.decode("utf-8", "replace") for field in fields]
