"""0020 the signature of a message, which the staff sees; it is unknown for earlier messages."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("signature", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("message", "signature")
