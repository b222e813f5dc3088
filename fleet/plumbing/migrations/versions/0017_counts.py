"""Counts that pages of a large fleet rest on, and two indexes."""

from fleet.plumbing.migrations.files import execute_files

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0017_counts.sql")
