"""0012 a table of the people in cc of tickets."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BATCH_SIZE = 1_000

_TICKET = sa.table("ticket", sa.column("id", sa.Integer()), sa.column("cc", sa.JSON()))
_TICKET_CC = sa.table(
    "ticket_cc", *(sa.column(name) for name in ("ticket_id", "address", "name", "position"))
)


def upgrade() -> None:
    op.create_table(
        "ticket_cc",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("address", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_cc_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "address", name=op.f("pk_ticket_cc")),
    )
    connection = op.get_bind()
    for tickets in _batches(connection, _TICKET.c.id, _TICKET.c.cc):
        people = [person for ticket_id, cc in tickets for person in _people(ticket_id, cc)]
        if people:
            connection.execute(sa.insert(_TICKET_CC), people)
    op.create_index(op.f("ix_ticket_cc_address"), "ticket_cc", ["address"])
    op.drop_column("ticket", "cc")


def _people(ticket_id: int, cc: list[list[str]]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a ticket's people; the first one of a repeated address counts."""
    names: dict[str, str] = {}
    for address, name in cc:
        names.setdefault(address, name)
    for position, (address, name) in enumerate(names.items()):
        yield {"ticket_id": ticket_id, "address": address, "name": name, "position": position}


def downgrade() -> None:
    op.add_column("ticket", sa.Column("cc", sa.JSON(), nullable=False, server_default="[]"))
    connection = op.get_bind()
    set_cc = (
        sa.update(_TICKET).where(_TICKET.c.id == sa.bindparam("ticket")).values(cc=sa.bindparam("people"))
    )
    for tickets in _batches(connection, _TICKET.c.id):
        keys = [ticket_id for (ticket_id,) in tickets]
        found = sa.select(_TICKET_CC).where(_TICKET_CC.c.ticket_id.in_(keys)).order_by(_TICKET_CC.c.position)
        people: dict[int, list[list[str]]] = {}
        for row in connection.execute(found):
            people.setdefault(row.ticket_id, []).append([row.address, row.name])
        if people:
            connection.execute(set_cc, [{"ticket": key, "people": cc} for key, cc in people.items()])
    op.drop_table("ticket_cc")


def _batches(connection: sa.Connection, *columns: sa.ColumnClause[Any]) -> Iterator[list[Any]]:
    """Yield columns of all tickets in the order of their keys, in batches."""
    last = 0
    while True:
        query = sa.select(*columns).where(_TICKET.c.id > last).order_by(_TICKET.c.id).limit(BATCH_SIZE)
        rows = list(connection.execute(query))
        if not rows:
            return
        yield rows
        last = rows[-1][0]
