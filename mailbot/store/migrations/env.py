"""Run the migrations on the connection that `mailbot.store.database.upgrade` provides (for alembic)."""

from alembic import context

from mailbot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
