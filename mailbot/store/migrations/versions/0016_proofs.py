"""0016 the tickets that a mail shows, and whether the author of a message was authenticated."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("shows", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("message", sa.Column("proven", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("message", "proven")
    op.drop_column("outbox", "shows")
