"""Alembic's entrance: runs the migrations on the connection that `fleet.plumbing.store.migrate` hands over."""

from alembic import context

# No autogenerate: hand-written SQL is the only truth, so there is no metadata to compare with.
context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
