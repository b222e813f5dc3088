"""A loan written while its unit moves is marked by where the unit went."""

from fleet.plumbing.migrations.files import execute_files

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0023_mark_waits.sql")
