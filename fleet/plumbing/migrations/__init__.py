"""Alembic migrations of the store: hand-written SQL, run by `fleet.plumbing.store.migrate`."""
