"""The present of a device and its usage days, made cheaper to keep."""

from fleet.plumbing.migrations.files import execute_files

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0003_present.sql")
