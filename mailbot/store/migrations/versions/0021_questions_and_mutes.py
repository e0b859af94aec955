"""0021 when the requester asked for the status of a ticket, and the members who get no mail about it."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("status_asked", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column("ticket", sa.Column("muted", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("ticket", "muted")
    op.drop_column("ticket", "status_asked")
