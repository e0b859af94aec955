"""0015 domains with umlauts are stored as A-labels, as the addresses of new mails are.

Entries of the audit trail stay as they are, since its hashes cover them.
"""

import idna
import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Tables with the columns that have addresses, and those that are unique together with an address.
COLUMNS = (
    ("ticket", ("requester", "assignee"), None),
    ("ticket_cc", ("address",), ("ticket_id",)),
    ("message", ("author",), None),
    ("outbox", ("recipient", "author"), None),
    ("ledger", ("sender",), None),
    ("held", ("address",), None),
    ("person", ("address",), ()),
    ("blocked", ("address",), ("school",)),
)


def upgrade() -> None:
    connection = op.get_bind()
    for name, columns, keys in COLUMNS:
        for column in columns:
            table = sa.table(name, *(sa.column(c) for c in (column, *(keys or ()))))
            stored = table.c[column]
            for address in connection.execute(sa.select(stored).distinct()).scalars().all():
                canonical = _canonical(address or "")
                if canonical == (address or ""):
                    continue
                if keys is not None:
                    _delete_if_present(connection, table, stored, keys, address, canonical)
                connection.execute(sa.update(table).where(stored == address).values({column: canonical}))


def _delete_if_present(
    connection: sa.Connection,
    table: sa.TableClause,
    stored: sa.ColumnClause[str],
    keys: tuple[str, ...],
    address: str,
    canonical: str,
) -> None:
    """Delete the rows of an address for which there is a row of its canonical form."""
    other = table.alias()
    present = sa.exists().where(
        other.c[stored.name] == canonical, *(other.c[key] == table.c[key] for key in keys)
    )
    connection.execute(sa.delete(table).where(stored == address, present))


def downgrade() -> None:
    """Leave the addresses: version 0.1 wrote A-labels for the addresses of its configuration, too."""


def _canonical(address: str) -> str:
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        mapped = idna.uts46_remap(domain, std3_rules=False, transitional=False)
        labels = [label if label.isascii() else idna.alabel(label).decode() for label in mapped.split(".")]
    except UnicodeError:
        return address
    return f"{local}{at}{'.'.join(labels)}"
