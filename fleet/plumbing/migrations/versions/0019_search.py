"""A search for a text anywhere that reads no more than it finds, and how far the roll-ups of a chart have come."""

from fleet.plumbing.migrations.files import execute_files

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0019_search.sql")
