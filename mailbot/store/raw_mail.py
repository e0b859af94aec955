"""Store received mails as they arrived, compressed."""

import zlib
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlmodel import Session

from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

_LEVEL = 1  # a higher one makes pictures no smaller
_LARGE = 65_536  # bytes; larger mails are mostly pictures in base64, in which nothing repeats

_RAW_MAIL = metadata.tables["raw_mail"]

_INSERT = insert(_RAW_MAIL).returning(_RAW_MAIL.c.id)
_GET = select(_RAW_MAIL.c.content, _RAW_MAIL.c.size).where(_RAW_MAIL.c.id == bindparam("mail"))


def compress(raw: bytes) -> dict[str, Any]:
    """Return the columns of a mail. This takes time, so call it before the transaction begins."""
    strategy = zlib.Z_HUFFMAN_ONLY if len(raw) > _LARGE else zlib.Z_DEFAULT_STRATEGY
    stream = zlib.compressobj(_LEVEL, strategy=strategy)
    content = bytearray(stream.compress(raw))
    content += stream.flush()
    return {"content": content, "size": len(raw)}


def store(session: Session, columns: dict[str, Any]) -> int:
    """Store a compressed mail and return its key."""
    return int(execute(session, _INSERT, columns).scalar_one())


def load(session: Session, raw_id: int) -> bytes:
    """Return a mail as it arrived; raise LookupError if it was erased."""
    row = session.connection().execute(_GET, {"mail": raw_id}).one_or_none()
    if row is None:
        raise LookupError(f"the raw mail {raw_id} was erased")
    return zlib.decompress(row.content, bufsize=max(row.size, 1))  # as long as that, it needs no more memory
