"""A run of verdicts keeps the register's facts, so that a whole day that comes in at once is judged in a moment."""

from fleet.plumbing.migrations.files import execute_files

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0024_whole_day.sql")
