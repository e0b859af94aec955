"""0002 aliases of tickets."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alias",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_alias_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alias")),
    )
    op.create_index(op.f("ix_alias_ticket_id"), "alias", ["ticket_id"])


def downgrade() -> None:
    op.drop_table("alias")
