"""0025 the bundles of tickets that report the same problem"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_BUNDLED = sa.text("bundle IS NOT NULL")


def upgrade() -> None:
    op.add_column("ticket", sa.Column("bundle", sa.Integer(), nullable=True))
    op.create_index(
        "ix_ticket_bundle", "ticket", ["school", "bundle"], sqlite_where=_BUNDLED, postgresql_where=_BUNDLED
    )


def downgrade() -> None:
    op.drop_index("ix_ticket_bundle", "ticket")
    op.drop_column("ticket", "bundle")
