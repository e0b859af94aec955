"""Compute the hash chains of the audit trail: one for each ticket, and the desk's for all other entries.

A link is the hash of the previous link and of the entry, so a changed, inserted or removed entry is detected.
The personal fields of an entry are hashed with a salt. When they are erased together with the salt, the chain
stays valid, and the fields cannot be guessed from the digest. The desk's chain records how many entries were
erased, so a salt that was removed otherwise is detected too.

Several workers extend the chains of different tickets without waiting for each other. The newest link of a
ticket is stored in its row. Once a night the newest links are written into the desk's chain (a seal).
Without it, the removal of a whole ticket with its chain would not be detected.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

GENESIS = ""
PERSONAL = ("actor", "detail", "message_id", "because", "trusted", "before")
"""The columns of an entry that may contain personal data."""


def salted_digest(salt: str, fields: Sequence[Any]) -> str:
    """Return the digest of the personal fields of an entry, as `personal_fields` returns them."""
    return hashlib.sha256(_to_bytes([salt, *fields])).hexdigest()


def link_hash(previous: str, ticket_id: int | None, at: datetime, action: str, digest: str) -> str:
    """Return the link of an entry that follows the link `previous`."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(_to_bytes([previous, ticket_id, moment, action, digest])).hexdigest()


def _to_bytes(values: Sequence[Any]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def personal_fields(entry: Any) -> tuple[Any, ...]:
    """Return the personal fields of an entry."""
    return tuple(getattr(entry, name) for name in PERSONAL)


def append_link(entry: Mapping[str, Any], previous: str) -> dict[str, Any]:
    """Return the values of a new entry with salt, digest and the link that follows `previous`."""
    salt = secrets.token_hex(16)
    digest = salted_digest(salt, [entry[name] for name in PERSONAL])
    link = link_hash(previous, entry["ticket_id"], entry["at"], entry["action"], digest)
    return {**entry, "salt": salt, "digest": digest, "link": link}
