"""Identity provider and administration."""

from fleet.plumbing.migrations.files import execute_files

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0015_access.sql")
