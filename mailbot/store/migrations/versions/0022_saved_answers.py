"""0022 saved answers with their versions, and the tickets in which they were used."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_answer")),
    )
    op.create_index(op.f("ix_saved_answer_school"), "saved_answer", ["school"])
    op.create_table(
        "saved_answer_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_saved_answer_use_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_answer_use")),
    )
    op.create_index(op.f("ix_saved_answer_use_school"), "saved_answer_use", ["school"])
    op.create_index(op.f("ix_saved_answer_use_ticket_id"), "saved_answer_use", ["ticket_id"])


def downgrade() -> None:
    op.drop_table("saved_answer_use")
    op.drop_table("saved_answer")
