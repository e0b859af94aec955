"""Merge, split and move in rows: messages, letters and mails go where the ticket goes on."""

from sqlalchemy import update
from sqlmodel import Session, col, select

from mailbot.core.model.effects import Merge, Move, MultiTicketEffect, Split
from mailbot.store import tickets
from mailbot.store.rows import identity
from mailbot.store.tables import AliasRow, LedgerRow, MessageRow, OutboxRow, TicketRow


def mend(session: Session, rows: dict[str, TicketRow], effect: MultiTicketEffect) -> None:
    """Move what belongs to a ticket; the tickets themselves are written afterwards."""
    session.flush()
    match effect:
        case Merge(name, into):
            _merge(session, rows[name], identity(rows[into].id))
        case Split(name, position, opened):
            _split(session, identity(rows[name].id), position, identity(rows[opened].id))
        case Move(name, school, number):
            tickets.call(session, name, identity(rows[name].id))
            tickets.give_number(session, school, number)


def _merge(session: Session, row: TicketRow, into: int) -> None:
    """What comes by an old thread, key or name finds the surviving ticket."""
    row.merged_into = into
    for table in (MessageRow, OutboxRow, LedgerRow, AliasRow):
        column = col(table.ticket_id)
        session.execute(update(table).where(column == identity(row.id)).values(ticket_id=into))


def _split(session: Session, ticket_id: int, position: int, opened: int) -> None:
    query = select(MessageRow).where(MessageRow.ticket_id == ticket_id).order_by(col(MessageRow.id))
    row = session.exec(query.offset(position).limit(1)).one()
    row.ticket_id = opened
    if row.message_id:
        mail = update(LedgerRow).where(col(LedgerRow.ticket_id) == ticket_id)
        session.execute(mail.where(col(LedgerRow.message_id) == row.message_id).values(ticket_id=opened))
