"""0019 indexes for the erasure: without them each erased mail reads all mails (foreign keys, too)."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("ledger", "sender"),
    ("ledger", "ticket_id"),
    ("ledger", "raw_id"),
    ("message", "raw_id"),
    ("attachment", "raw_id"),
)
_HAS_HELD = "held_id IS NOT NULL"


def upgrade() -> None:
    for table, column in _COLUMNS:
        op.create_index(f"ix_{table}_{column}", table, [column])
    condition = sa.text(_HAS_HELD)
    op.create_index(
        "ix_outbox_held_id", "outbox", ["held_id"], sqlite_where=condition, postgresql_where=condition
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_held_id", "outbox")
    for table, column in reversed(_COLUMNS):
        op.drop_index(f"ix_{table}_{column}", table)
