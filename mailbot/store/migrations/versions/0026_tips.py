"""0026 the texts of saved answers that receipts show to requesters"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("saved_answer", sa.Column("tip", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("saved_answer", "tip")
