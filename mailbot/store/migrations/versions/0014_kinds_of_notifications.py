"""0014 four kinds of notifications have new names."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

RENAMED = {
    "copied": "added_to_cc",
    "done": "command_receipt",
    "sheet": "ticket_details",
    "taken": "assigned_info",
}

_OUTBOX = sa.table("outbox", sa.column("kind", sa.String()))


def upgrade() -> None:
    _rename(RENAMED)


def downgrade() -> None:
    _rename({new: old for old, new in RENAMED.items()})


def _rename(names: dict[str, str]) -> None:
    new_name = sa.case(names, value=_OUTBOX.c.kind)
    op.execute(sa.update(_OUTBOX).where(_OUTBOX.c.kind.in_(names)).values(kind=new_name))
