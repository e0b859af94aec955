"""The audit trail's hash chains: one for each ticket, and one for what concerns no ticket, the desk's.

A link is the hash of the link before it and of the entry, so that no entry can be changed, put in or taken
out unnoticed. What an entry says of people goes in by a salted digest: when that is erased, and the salt with
it, the chain holds all the same, and nobody can guess what stood there. How many entries were erased stands
in the desk's chain, so that a salt does not vanish unnoticed either.

Several workers lengthen the chains of different tickets without waiting for each other. A ticket's newest
link is kept in its row; once a night the newest links are sealed: written into the desk's chain, so that a
whole ticket cannot vanish with its chain.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

GENESIS = ""


class Entry(Protocol):
    """An entry of the audit trail, be it written or not."""

    ticket_id: int | None
    at: datetime
    actor: str
    action: str
    detail: str
    message_id: str
    because: str
    trusted: str
    before: dict[str, Any] | None
    salt: str
    digest: str
    link: str


def salted(salt: str, personal: Sequence[Any]) -> str:
    """Return the digest of what an entry says of people, as `personal` returns it."""
    return hashlib.sha256(_octets([salt, *personal])).hexdigest()


def linked(previous: str, ticket_id: int | None, at: datetime, action: str, digest: str) -> str:
    """Return the link of an entry that follows the one of the link `previous`."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(_octets([previous, ticket_id, moment, action, digest])).hexdigest()


def _octets(values: Sequence[Any]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def personal(row: Entry) -> tuple[Any, ...]:
    """Return what an entry says of people."""
    return (row.actor, row.detail, row.message_id, row.because, row.trusted, row.before)


def chained(row: Entry, previous: str) -> str:
    """Tie a new entry to the link before it; return its own link."""
    row.salt = secrets.token_hex(16)
    row.digest = salted(row.salt, personal(row))
    row.link = linked(previous, row.ticket_id, row.at, row.action, row.digest)
    return row.link


def erase(row: Entry) -> bool:
    """Take from an entry what it says of people; tell whether there was something."""
    if not row.salt:
        return False
    row.actor = row.detail = row.message_id = row.because = row.trusted = row.salt = ""
    row.before = None
    return True
