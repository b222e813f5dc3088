"""Room for new versions of rows that change every minute."""

from fleet.plumbing.migrations.files import execute_files

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0016_room.sql")
