"""0013 alerts have the topics that the new version ends."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TOPICS = (("failed letters", "failed mails"), ("letters by machine", "automatic replies"))

_ALERT = sa.table("alert", sa.column("topic", sa.String()))


def upgrade() -> None:
    for old, new in TOPICS:
        op.execute(sa.update(_ALERT).where(_ALERT.c.topic == old).values(topic=new))


def downgrade() -> None:
    for old, new in TOPICS:
        op.execute(sa.update(_ALERT).where(_ALERT.c.topic == new).values(topic=old))
