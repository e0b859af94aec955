"""0018 whether the mail server said that From of a message was forged, as the audit trail has it."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_DENIED = "Authentication-Results: dmarc=fail%"


def upgrade() -> None:
    op.add_column("message", sa.Column("forged", sa.Boolean(), nullable=False, server_default=sa.false()))
    message, event = (
        sa.table(name, *map(sa.column, columns))
        for name, columns in (
            ("message", ("ticket_id", "message_id", "proven", "forged")),
            ("event", ("ticket_id", "message_id", "trusted")),
        )
    )
    denied = sa.exists().where(
        event.c.ticket_id == message.c.ticket_id,
        event.c.message_id == message.c.message_id,
        event.c.trusted.like(_DENIED),
    )
    unproven = message.c.proven.isnot(sa.true())  # a proven copy may have come later
    op.execute(
        sa.update(message).where(message.c.message_id != "", denied, unproven).values(forged=sa.true())
    )


def downgrade() -> None:
    op.drop_column("message", "forged")
