"""0017 the column of a received mail's bytes has the name that the code uses."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE raw_mail RENAME COLUMN octets TO content")


def downgrade() -> None:
    op.execute("ALTER TABLE raw_mail RENAME COLUMN content TO octets")
