"""How alembic reaches the database: over the connection that `grove.migrations` hands to it."""

from alembic import context

connection = context.config.attributes["connection"]
target = context.config.attributes["target"]

context.configure(connection=connection, target_metadata=target, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
