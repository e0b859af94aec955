"""Load the texts of the sent mails that a reply may quote."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlmodel import Session

from mailbot.core.decide.understanding import Lookups
from mailbot.core.text.own_quote import SentText
from mailbot.parse import html
from mailbot.store import tickets
from mailbot.store.enqueue import hash_action_key
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

MAX_SENT = 6
"""Maximum number of sent mails with which a reply is compared."""
_MAX_LOOKUPS = 20

_OUTBOX, _MESSAGE = metadata.tables["outbox"], metadata.tables["message"]

# Read sent mails; the texts of erased ones are empty.
_SENT = select(
    _OUTBOX.c.id,
    _OUTBOX.c.ticket_id,
    _OUTBOX.c.held_id,
    _OUTBOX.c.subject,
    _OUTBOX.c.sender_name,
    _OUTBOX.c.recipient,
    _OUTBOX.c.recipient_name,
    _OUTBOX.c.text,
    _OUTBOX.c.html,
)
_BY_MESSAGE_IDS = (
    _SENT.where(_OUTBOX.c.message_id.in_(bindparam("message_ids", expanding=True)))
    .order_by(_OUTBOX.c.id.desc())
    .limit(MAX_SENT)
)
_BY_KEYS = _SENT.where(_OUTBOX.c.key_hash.in_(bindparam("hashes", expanding=True)))
# Read the last mails of tickets to a person.
_RECENT = (
    _SENT.where(
        _OUTBOX.c.ticket_id.in_(bindparam("tickets", expanding=True)),
        _OUTBOX.c.recipient.in_(bindparam("recipients", expanding=True)),
    )
    .order_by(_OUTBOX.c.id.desc())
    .limit(MAX_SENT)
)
# Find the tickets of received mails.
_RECEIVED = select(_MESSAGE.c.ticket_id).where(
    _MESSAGE.c.message_id.in_(bindparam("message_ids", expanding=True))
)


def load_sent_texts(
    session: Session,
    lookups: Lookups,
    action_keys: Collection[str],
    recipients: Collection[str],
    support_addresses: Collection[str],
    released: int | None,
) -> tuple[SentText, ...]:
    """Return the texts of the mails that a mail replies to, and of the last ones of its ticket to its author.

    `action_keys` are those in the links of the quotation, `recipients` the addresses of the author. If a held
    mail is `released`, the questions about it are left out: they quote it.
    """
    message_ids = lookups.message_ids[:_MAX_LOOKUPS]
    if not (message_ids or action_keys or lookups.tags):
        return ()
    rows: list[Row[Any]] = []
    ticket_ids: set[int] = set()
    if message_ids:
        values = {"message_ids": message_ids}
        rows += execute(session, _BY_MESSAGE_IDS, values)
        ticket_ids.update(execute(session, _RECEIVED, values).scalars())
    if action_keys:
        rows += execute(session, _BY_KEYS, {"hashes": [hash_action_key(key) for key in action_keys]})
    ticket_ids.update(row.id for row in tickets.find_all(session, lookups.tags).values())
    ticket_ids.update(row.ticket_id for row in rows if row.ticket_id is not None)
    if ticket_ids:
        rows += execute(session, _RECENT, {"tickets": sorted(ticket_ids), "recipients": sorted(recipients)})
    known = (row for row in _distinct(rows) if row.text and (row.held_id is None or row.held_id != released))
    return tuple(_to_sent_text(row, support_addresses) for row in known)


def _distinct(rows: Iterable[Row[Any]]) -> list[Row[Any]]:
    return list({row.id: row for row in rows}.values())[:MAX_SENT]


def _to_sent_text(row: Row[Any], support_addresses: Collection[str]) -> SentText:
    names = (row.subject, row.sender_name, row.recipient, row.recipient_name, *support_addresses)
    texts = (row.text, html.to_text(row.html).text) if row.html else (row.text,)
    return SentText(texts, tuple(name for name in names if name))
