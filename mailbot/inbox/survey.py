"""What an operator should know of a mailbox before the daemon reads it: nothing in it is changed."""

from dataclasses import dataclass

import imapclient

from mailbot.inbox.mailbox import Mailbox

HELPFUL = ("IDLE", "MOVE", "UIDPLUS")
_FIELD = "HEADER.FIELDS (AUTHENTICATION-RESULTS)"


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found: so many mails, which extensions the server lacks, how full the mailbox is (0 to 1).

    `results` are the fields Authentication-Results of the newest mails in both folders, one text a mail.
    """

    mails: int
    lacks: tuple[str, ...]
    full: float | None
    results: tuple[str, ...]


def survey(box: Mailbox, newest: int = 20) -> Survey:
    """Look around in a mailbox, at the newest mails of each of its two folders. Raises InboxError."""
    client = box._client
    with box._talk("the mailbox cannot be surveyed"):
        lacks = tuple(name for name in HELPFUL if not client.has_capability(name))
        full = _full(client) if client.has_capability("QUOTA") else None
    uids = box.uids()
    with box._talk("the newest mails cannot be looked at"):
        results = _results(client, uids[-newest:])
        done = box._full_name(box._account.done) if box._account.done else ""
        if done and client.folder_exists(done):
            client.select_folder(done, readonly=True)
            results += _results(client, client.search()[-newest:])
    box.refresh()
    return Survey(len(uids), lacks, full, tuple(results))


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
