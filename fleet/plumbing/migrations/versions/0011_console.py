"""Accounts, sessions and what the console keeps."""

from fleet.plumbing.migrations.files import execute_files

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0011_console.sql")
