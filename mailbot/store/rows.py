"""Rows to values of the core and back."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy.engine import Row as Read
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from mailbot.core.model.mail import Address, Danger
from mailbot.core.model.ticket import Attachment, Direction, Message, Status, Ticket, Visibility
from mailbot.core.model.ticket_fields import columns_of, from_columns
from mailbot.store.tables import AttachmentRow, MessageRow, Row, TicketRow

Kept = TypeVar("Kept", bound=Row)


def existing(session: Session, row: Kept, key: str) -> Kept:
    """Return the row of that key, locked until the transaction ends; this one is written if there is none.

    Two workers may write it at the same time: the second then takes the first one's.
    """
    found = session.get(type(row), key, with_for_update=True)
    if found is not None:
        return found
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return session.get_one(type(row), key, with_for_update=True)
    return row


def identity(row_id: int | None) -> int:
    """Return the key of a row that was written."""
    if row_id is None:
        raise LookupError("the row has no key before it is written")
    return row_id


def ticket_of(row: TicketRow | Read[Any]) -> Ticket:
    """Return a ticket's row as a value."""
    return from_columns(row)


def row_of(ticket: Ticket) -> dict[str, Any]:
    """Return the columns of a ticket's row; an open ticket's timers are evaluated at their next run."""
    return columns_of(ticket) | {"look_at": None if ticket.status is Status.CLOSED else ticket.updated}


def put_ticket(row: TicketRow, ticket: Ticket) -> None:
    """Write a ticket's value into its row, as far as it changed."""
    for name, value in row_of(ticket).items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def message_of(row: MessageRow | Read[Any], files: Sequence[AttachmentRow | Read[Any]]) -> Message:
    """Return a message's row as a value."""
    return Message(
        direction=Direction(row.direction),
        visibility=Visibility(row.visibility),
        author=Address(row.author, row.author_name),
        text=row.text,
        at=row.at,
        message_id=row.message_id,
        quoted=row.quoted,
        attachments=tuple(attachment_of(file) for file in files),
    )


def attachment_of(row: AttachmentRow | Read[Any]) -> Attachment:
    """Return a file's row as a value."""
    danger = Danger(row.danger)
    return Attachment(row.path, row.filename, row.content_type, row.size, row.inline, row.raw_id, danger)
