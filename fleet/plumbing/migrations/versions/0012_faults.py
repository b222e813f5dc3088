"""Fault groups by day."""

from fleet.plumbing.migrations.files import execute_files

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0012_faults.sql")
