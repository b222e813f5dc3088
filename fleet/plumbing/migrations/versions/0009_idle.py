"""Verdicts per device and day, absences, silent sources, prices."""

from fleet.plumbing.migrations.files import execute_files

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0009_idle.sql")
