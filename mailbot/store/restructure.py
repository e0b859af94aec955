"""Move rows when tickets are merged, split or moved to another school."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, select, update
from sqlmodel import Session

from mailbot.core.model.effects import Merge, Move, MultiTicketEffect, Split
from mailbot.store import places, tickets
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

_TICKET, _MESSAGE, _OUTBOX, _LEDGER, _ALIAS = (
    metadata.tables[name] for name in ("ticket", "message", "outbox", "ledger", "alias")
)
_FROM: BindParameter[int] = bindparam("ticket")
_TO: BindParameter[int] = bindparam("target")

_SET_MERGED = (
    update(_TICKET).where(_TICKET.c.id == bindparam("ticket")).values(merged_into=bindparam("target"))
)
# Move everything that belongs to a ticket to another ticket.
_MOVE_ALL = (
    update(_MESSAGE).where(_MESSAGE.c.ticket_id == _FROM).values(ticket_id=_TO),
    update(_OUTBOX).where(_OUTBOX.c.ticket_id == _FROM).values(ticket_id=_TO),
    update(_LEDGER).where(_LEDGER.c.ticket_id == _FROM).values(ticket_id=_TO),
    update(_ALIAS).where(_ALIAS.c.ticket_id == _FROM).values(ticket_id=_TO),
)
# Read the key and the Message-ID of the message at a position of a ticket.
_MESSAGE_AT = (
    select(_MESSAGE.c.id, _MESSAGE.c.message_id)
    .where(_MESSAGE.c.ticket_id == bindparam("ticket"))
    .order_by(_MESSAGE.c.id)
    .offset(bindparam("position"))
    .limit(1)
)
_MOVE_MESSAGE = (
    update(_MESSAGE).where(_MESSAGE.c.id == bindparam("message")).values(ticket_id=bindparam("target"))
)
# Move the ledger entry of a message to another ticket.
_MOVE_ENTRY = (
    update(_LEDGER)
    .where(_LEDGER.c.ticket_id == bindparam("ticket"), _LEDGER.c.message_id == bindparam("mail"))
    .values(ticket_id=bindparam("target"))
)


def move_rows(session: Session, rows: Mapping[str, Row[Any]], effect: MultiTicketEffect) -> None:
    """Move the rows that belong to a ticket; the tickets' own rows are written by `apply_decision`."""
    match effect:
        case Merge(name, into):
            _merge(session, rows[name].id, rows[into].id)
        case Split(name, position, opened):
            _split(session, rows[name].id, position, rows[opened].id)
        case Move(name, school, number):
            # Mails with the former key in the subject still find the ticket.
            tickets.add_alias(session, name, rows[name].id)
            tickets.set_last_number(session, school, number)


def _merge(session: Session, ticket_id: int, target: int) -> None:
    """Move all rows to the target, so that mails that refer to the merged ticket are filed there."""
    for statement in (_SET_MERGED, *_MOVE_ALL):
        execute(session, statement, {"ticket": ticket_id, "target": target})
    places.copy(session, ticket_id, target)


def _split(session: Session, ticket_id: int, position: int, target: int) -> None:
    message = execute(session, _MESSAGE_AT, {"ticket": ticket_id, "position": position}).one()
    execute(session, _MOVE_MESSAGE, {"message": message.id, "target": target})
    if message.message_id:
        values = {"ticket": ticket_id, "mail": message.message_id, "target": target}
        execute(session, _MOVE_ENTRY, values)
