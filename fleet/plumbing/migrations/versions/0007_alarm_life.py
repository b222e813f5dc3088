"""An alarm's life: taken, handed over, judged; doses expected; rule overrides; leases."""

from fleet.plumbing.migrations.files import execute_files

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0007_alarm_life.sql")
