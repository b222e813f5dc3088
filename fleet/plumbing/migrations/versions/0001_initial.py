"""The store from nothing to the first release: tables, row security, views and grants."""

from fleet.plumbing.migrations.files import execute_files

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the two files as they stand, in one transaction."""
    execute_files("0001_initial.sql", "0001_row_security.sql")
