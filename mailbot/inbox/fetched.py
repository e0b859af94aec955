"""Fetched mails, their description by the server, and the batches in which mails are fetched."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mailbot.clock import utc_now

MESSAGE_ID_FIELD = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
BATCH_UIDS = 500
BATCH_MAILS = 50
BATCH_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class MailInfo:
    """A mail in the folder that is not fetched: its size in bytes, and when the server received it (UTC)."""

    size: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """A fetched mail: its bytes, and when the server received it (UTC)."""

    uid: int
    raw: bytes = field(repr=False)
    received_at: datetime


def batches(uids: Iterable[int]) -> Iterator[list[int]]:
    """Yield the UIDs in ascending order, in batches of up to BATCH_UIDS."""
    ordered = sorted(set(uids))
    return (ordered[start : start + BATCH_UIDS] for start in range(0, len(ordered), BATCH_UIDS))


def batches_by_size(described: Mapping[int, MailInfo]) -> Iterator[list[int]]:
    """Yield batches of up to BATCH_MAILS mails and BATCH_BYTES bytes; a larger mail is a batch of its own."""
    batch: list[int] = []
    total = 0
    for uid, mail in described.items():
        if batch and (len(batch) == BATCH_MAILS or total + mail.size > BATCH_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(uid)
        total += mail.size
    if batch:
        yield batch


def message_id(items: Mapping[bytes, Any]) -> str:
    """Return the Message-ID in the response to MESSAGE_ID_FIELD, or ""."""
    header = next((value for key, value in items.items() if key.startswith(b"BODY[")), b"") or b""
    found = re.search(rb"<[^<>\s]+>", header)
    return found[0].decode("utf-8", "replace") if found else ""


def internal_date(items: Mapping[bytes, Any]) -> datetime:
    """Return INTERNALDATE in UTC; the current time if it is missing or invalid."""
    value: datetime | None = items.get(b"INTERNALDATE")
    return (value or utc_now()).astimezone(UTC)
