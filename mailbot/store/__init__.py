"""The one place that talks SQL (sqlmodel, alembic): facts in, effects down, one transaction."""
