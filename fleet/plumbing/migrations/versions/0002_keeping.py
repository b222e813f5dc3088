"""How far the roll-ups of readings have come; their tables are made from the profiles."""

from fleet.plumbing.migrations.files import execute_files

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0002_keeping.sql")
