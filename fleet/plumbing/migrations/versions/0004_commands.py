"""Commands with levels, approval by a second person, and incident holds."""

from fleet.plumbing.migrations.files import execute_files

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0004_commands.sql")
