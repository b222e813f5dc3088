"""What a device told last stands beside what is known of it, unread until somebody asks."""

from fleet.plumbing.migrations.files import execute_files

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0025_told.sql")
