"""Rows to values of the core and back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.engine import Row as Read
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from mailbot.core.model.mail import Address, Danger
from mailbot.core.model.ticket import Attachment, Direction, Message, Status, Ticket, Visibility
from mailbot.core.model.ticket_fields import columns_of, from_columns
from mailbot.store.tables import AttachmentRow, MessageRow, Row, TicketRow, metadata

Kept = TypeVar("Kept", bound=Row)

_TICKET_CC = metadata.tables["ticket_cc"]

# Read the people in copy of several tickets, in their order.
_CC = (
    select(_TICKET_CC.c.ticket_id, _TICKET_CC.c.address, _TICKET_CC.c.name)
    .where(_TICKET_CC.c.ticket_id.in_(bindparam("tickets", expanding=True)))
    .order_by(_TICKET_CC.c.ticket_id, _TICKET_CC.c.position)
)
# Replace the people in copy of one ticket.
_DELETE_CC = delete(_TICKET_CC).where(_TICKET_CC.c.ticket_id == bindparam("ticket"))
_INSERT_CC = insert(_TICKET_CC)
# Store a new ticket.
_INSERT_TICKET = insert(metadata.tables["ticket"])


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


def ticket_of(session: Session, row: TicketRow | Read[Any]) -> Ticket:
    """Return the ticket of a row."""
    return tickets_of(session, [row])[0]


def tickets_of(session: Session, rows: Sequence[TicketRow | Read[Any]]) -> list[Ticket]:
    """Return the tickets of rows, all their people in copy read with one statement."""
    people = defaultdict(list)
    if rows:
        for ticket_id, address, name in session.connection().execute(_CC, {"tickets": [r.id for r in rows]}):
            people[ticket_id].append((address, name))
    return [from_columns(row, cc=people[row.id]) for row in rows]


def row_of(ticket: Ticket) -> dict[str, Any]:
    """Return the columns of a ticket's row; an open ticket's timers are evaluated at their next run."""
    columns = columns_of(ticket)
    del columns["cc"]
    return columns | {"look_at": None if ticket.status is Status.CLOSED else ticket.updated}


def put_ticket(session: Session, row: TicketRow, before: Ticket, ticket: Ticket) -> None:
    """Write what has changed of a ticket."""
    for name, value in row_of(ticket).items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    if ticket.cc != before.cc:
        session.connection().execute(_DELETE_CC, {"ticket": row.id})
        _insert_cc(session, identity(row.id), ticket.cc)


def insert_ticket(session: Session, ticket: Ticket) -> int:
    """Store a new ticket and return its key."""
    key = session.connection().execute(_INSERT_TICKET, row_of(ticket)).inserted_primary_key
    ticket_id = identity(key[0] if key else None)
    _insert_cc(session, ticket_id, ticket.cc)
    return ticket_id


def _insert_cc(session: Session, ticket_id: int, people: Iterable[Address]) -> None:
    """Store the people who get a ticket's mails in copy; the table has none of that ticket yet."""
    names: dict[str, str] = {}
    for person in people:
        names.setdefault(person.email, person.name)
    rows = [
        {"ticket_id": ticket_id, "address": address, "name": name, "position": position}
        for position, (address, name) in enumerate(names.items())
    ]
    if rows:
        session.connection().execute(_INSERT_CC, rows)


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
