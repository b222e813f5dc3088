"""Alarms, continued."""

from fleet.plumbing.migrations.files import execute_files

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0013_alarms.sql")
