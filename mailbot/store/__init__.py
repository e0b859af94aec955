"""Read facts from the database and write effects to it. Only this package uses SQL (sqlmodel, alembic)."""
