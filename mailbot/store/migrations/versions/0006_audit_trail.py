"""0006 hash chains of the audit trail, and entries that belong to no ticket."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")


def upgrade() -> None:
    op.create_table(
        "chain",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("head", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chain")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.alter_column("ticket_id", existing_type=sa.Integer(), nullable=True)
        batch_op.add_column(sa.Column("trusted", sa.Text(), nullable=False, server_default=""))
        for name in ("salt", "digest", "link"):
            batch_op.add_column(_text(name))
    op.add_column("ticket", _text("head"))
    op.add_column("ticket", sa.Column("entries", sa.Integer(), nullable=False, server_default="0"))
    _chain_what_is_there()


_EVENT = sa.table(
    "event",
    *(sa.column(name) for name in ("id", "ticket_id", "actor", "action", "detail", "message_id", "because")),
    *(sa.column(name) for name in ("trusted", "salt", "digest", "link")),
    sa.column("at", sqlmodel.sql.sqltypes.UTCDateTime()),
    sa.column("before", sa.JSON()),
)
_TICKET = sa.table("ticket", *(sa.column(name) for name in ("id", "head", "entries")))


def _chain_what_is_there() -> None:
    """Compute the hash chains of the existing entries."""
    connection = op.get_bind()
    keys = connection.execute(sa.select(_TICKET.c.id).order_by(_TICKET.c.id)).scalars().all()
    for ticket_id in keys:
        rows = sa.select(_EVENT).where(_EVENT.c.ticket_id == ticket_id).order_by(_EVENT.c.id)
        head, entries = "", 0
        for row in connection.execute(rows).all():
            salt = secrets.token_hex(16)
            said = (row.actor, row.detail, row.message_id, row.because, row.trusted, row.before)
            digest = _hash([salt, *said])
            head, entries = _link(head, ticket_id, row.at, row.action, digest), entries + 1
            tied = sa.update(_EVENT).where(_EVENT.c.id == row.id)
            connection.execute(tied.values(salt=salt, digest=digest, link=head))
        newest = sa.update(_TICKET).where(_TICKET.c.id == ticket_id)
        connection.execute(newest.values(head=head, entries=entries))


def _link(previous: str, ticket_id: int, at: datetime, action: str, digest: str) -> str:
    """Return the link of an entry: the hash of the previous link and of the entry."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return _hash([previous, ticket_id, moment, action, digest])


def _hash(values: Sequence[Any]) -> str:
    document = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(document.encode()).hexdigest()


def downgrade() -> None:
    op.drop_column("ticket", "entries")
    op.drop_column("ticket", "head")
    op.execute(sa.delete(_EVENT).where(_EVENT.c.ticket_id.is_(None)))
    with op.batch_alter_table("event", schema=None) as batch_op:
        for name in ("link", "digest", "salt", "trusted"):
            batch_op.drop_column(name)
        batch_op.alter_column("ticket_id", existing_type=sa.Integer(), nullable=False)
    op.drop_table("chain")
