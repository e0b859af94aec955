"""0023 appointments of tickets, and the calendar part of outgoing mails."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("appointment_uid", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column(
        "ticket", sa.Column("appointment_begin", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True)
    )
    op.add_column("ticket", sa.Column("appointment_minutes", sa.Integer(), nullable=True))
    op.add_column("ticket", sa.Column("appointment_text", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "ticket", sa.Column("appointment_revision", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_index("ix_ticket_appointment_uid", "ticket", ["appointment_uid"])
    op.add_column("outbox", sa.Column("calendar", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("outbox", "calendar")
    op.drop_index("ix_ticket_appointment_uid", "ticket")
    for name in ("revision", "text", "minutes", "begin", "uid"):
        op.drop_column("ticket", f"appointment_{name}")
