"""Convert rows to values of the core and back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlmodel import Session

from mailbot.core.model.mail import Address, Danger
from mailbot.core.model.ticket import Attachment, Direction, Message, Status, Ticket, Visibility
from mailbot.core.model.ticket_fields import columns_of, from_columns
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

MAX_KEYS = 1_000

_TICKET, _TICKET_CC = metadata.tables["ticket"], metadata.tables["ticket_cc"]

# Read the people in copy of several tickets, in their order.
_CC = (
    select(_TICKET_CC.c.ticket_id, _TICKET_CC.c.address, _TICKET_CC.c.name)
    .where(_TICKET_CC.c.ticket_id.in_(bindparam("tickets", expanding=True)))
    .order_by(_TICKET_CC.c.ticket_id, _TICKET_CC.c.position)
)
# Replace the people in copy of one ticket.
_DELETE_CC = delete(_TICKET_CC).where(_TICKET_CC.c.ticket_id == bindparam("ticket"))
_INSERT_CC = insert(_TICKET_CC)
_INSERT_TICKET = insert(_TICKET).returning(*_TICKET.c)
# Change the columns of one ticket that are given as parameters.
_UPDATE_TICKET = update(_TICKET).where(_TICKET.c.id == bindparam("ticket"))


def batches(keys: Iterable[int]) -> Iterator[list[int]]:
    """Yield keys in lists that fit into one IN, because databases limit the parameters of a statement."""
    left = iter(keys)
    while part := list(islice(left, MAX_KEYS)):
        yield part


def to_ticket(session: Session, row: Row[Any]) -> Ticket:
    """Return the ticket of a row."""
    return to_tickets(session, [row])[0]


def to_tickets(session: Session, rows: Sequence[Row[Any]]) -> list[Ticket]:
    """Return the tickets of rows. One statement reads the people in copy of all of them."""
    people = defaultdict(list)
    for part in batches([row.id for row in rows]):
        for ticket_id, address, name in execute(session, _CC, {"tickets": part}):
            people[ticket_id].append((address, name))
    return [from_columns(row, cc=people[row.id]) for row in rows]


def to_columns(ticket: Ticket) -> dict[str, Any]:
    """Return the columns of a ticket's row; those of an open ticket make its timers due at once."""
    columns = columns_of(ticket)
    del columns["cc"]
    return columns | {"look_at": None if ticket.status is Status.CLOSED else ticket.updated}


def insert_ticket(session: Session, ticket: Ticket) -> Row[Any]:
    """Store a new ticket and return its row."""
    row = execute(session, _INSERT_TICKET, to_columns(ticket)).one()
    _insert_cc(session, row.id, ticket.cc)
    return row


def update_row(session: Session, row: Row[Any], before: Ticket, ticket: Ticket, **others: Any) -> None:
    """Store the fields of a ticket that differ from its row; `others` are columns that are not fields."""
    columns = to_columns(ticket) | others
    changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
    if changed:
        execute(session, _UPDATE_TICKET, {**changed, "ticket": row.id})
    if ticket.cc != before.cc:
        execute(session, _DELETE_CC, {"ticket": row.id})
        _insert_cc(session, row.id, ticket.cc)


def _insert_cc(session: Session, ticket_id: int, people: Iterable[Address]) -> None:
    names: dict[str, str] = {}
    for person in people:
        # The key of the table: a person in cc twice is one row.
        names.setdefault(person.email, person.name)
    rows = [
        {"ticket_id": ticket_id, "address": address, "name": name, "position": position}
        for position, (address, name) in enumerate(names.items())
    ]
    if rows:
        execute(session, _INSERT_CC, rows)


def to_message(row: Row[Any], files: Sequence[Row[Any]]) -> Message:
    """Return the message of a row and the rows of its files."""
    return Message(
        direction=Direction(row.direction),
        visibility=Visibility(row.visibility),
        author=Address(row.author, row.author_name),
        text=row.text,
        at=row.at,
        message_id=row.message_id,
        quoted=row.quoted,
        attachments=tuple(to_attachment(file) for file in files),
        forged=row.forged,
        signature=row.signature,
    )


def to_attachment(row: Row[Any]) -> Attachment:
    """Return the file of a row."""
    danger = Danger(row.danger)
    return Attachment(row.path, row.filename, row.content_type, row.size, row.inline, row.raw_id, danger)
