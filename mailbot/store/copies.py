"""Find earlier copies of a mail in the ledger, and what became of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, select
from sqlmodel import Session

from mailbot.core.decide.understanding import Lookups
from mailbot.core.model.facts import Copies
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Visibility
from mailbot.store import tickets
from mailbot.store.ledger import LedgerEntry
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

SAME_DELIVERY = timedelta(hours=1)
"""Copies of a mail without Message-ID and Date that were received within this time are one mail."""

_LEDGER, _HELD, _OUTBOX, _MESSAGE = (metadata.tables[n].c for n in ("ledger", "held", "outbox", "message"))

# Find the ledger entries of mails with the same content.
_SAME_CONTENT = select(
    _LEDGER.id,
    _LEDGER.school,
    _LEDGER.uid_validity,
    _LEDGER.uid,
    _LEDGER.ticket_id,
    _LEDGER.outcome,
    _LEDGER.received,
    _LEDGER.at,
    _LEDGER.message_id,
).where(_LEDGER.content_id == bindparam("content_id"))
# Find which of these mails are held because nothing proves their sender, and not for another reason.
_HELD_UNPROVEN = select(_HELD.id, _HELD.ledger_id).where(
    _HELD.ledger_id.in_(bindparam("entries", expanding=True)),
    _HELD.state == "waiting",
    ~exists().where(_OUTBOX.held_id == _HELD.id, _OUTBOX.kind != NotificationKind.CONFIRM.value),
)
# Read how a mail was added to a ticket.
_ADDED = select(_MESSAGE.visibility, _MESSAGE.proven).where(
    _MESSAGE.message_id == bindparam("message"), _MESSAGE.ticket_id == bindparam("ticket")
)


def find_copies(
    session: Session,
    entry: LedgerEntry,
    lookups: Lookups,
    by_reply: str | None,
    ignored_since: datetime,
    received: datetime | None,
) -> Copies | None:
    """Return the earlier copies of a mail, without its own ledger entry; None if there is none.

    A copy in another mailbox counts only if it is for the same ticket. A copy that was ignored, or filed as
    an automatic mail, counts as carried out if it was processed before `ignored_since`. `received` is None
    unless a mail that was received at another time is another one.
    """
    same = _with_same_content(session, entry, lookups, by_reply, received)
    if not same:
        return None
    first = same[0]
    reason = f"the same mail was processed before: {first.school} {first.uid_validity}/{first.uid}"
    entries = {"entries": [row.id for row in same]}
    held = {row.ledger_id: row.id for row in session.execute(_HELD_UNPROVEN, entries)}
    unproven: int | None = None
    carried_out = False
    for row in same:
        added = _added(session, row)
        # It had no effect that a person sees, so a copy may still be carried out.
        ignored = row.outcome == "ignored" or (
            added and {m.visibility for m in added} == {Visibility.SYSTEM.value}
        )
        if row.id in held or row.outcome == "duplicate" or (ignored and row.at >= ignored_since):
            continue
        carried_out = True
        if any(message.proven is False for message in added):
            unproven = row.ticket_id
    key = tickets.keys(session, {unproven})[unproven] if unproven is not None else None
    return Copies(reason, tuple(held.values()), carried_out, key)


def _with_same_content(
    session: Session,
    entry: LedgerEntry,
    lookups: Lookups,
    by_reply: str | None,
    received: datetime | None,
) -> list[Any]:
    """Return the ledger entries of the copies, the first one first."""
    earlier = [
        row
        for row in execute(session, _SAME_CONTENT, {"content_id": entry.content_id})
        if row.id != entry.id
        and (received is None or abs((row.received or row.at) - received) < SAME_DELIVERY)
    ]
    names = tickets.keys(session, {row.ticket_id for row in earlier if row.ticket_id is not None})
    referenced = {name for name in (by_reply, *lookups.tags, *lookups.named) if name}
    return [
        row
        for row in earlier
        if row.school == entry.school or names.get(row.ticket_id) in referenced or lookups.named
    ]


def _added(session: Session, row: Any) -> Sequence[Any]:
    if row.ticket_id is None or not row.message_id:
        return ()
    values = {"message": row.message_id, "ticket": row.ticket_id}
    return execute(session, _ADDED, values).all()
