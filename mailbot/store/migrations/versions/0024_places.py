"""0024 the rooms and devices that tickets name; tickets from before have none"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "place",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_place_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "kind", "name", name=op.f("pk_place")),
    )
    op.create_index("ix_place_name", "place", ["name", "kind", "ticket_id"])


def downgrade() -> None:
    op.drop_table("place")
