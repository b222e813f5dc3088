"""Marks of events, which the worker judges first."""

from fleet.plumbing.migrations.files import execute_files

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0022_urgent_marks.sql")
