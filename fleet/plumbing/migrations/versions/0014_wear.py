"""Life, repairs and buffer stores."""

from fleet.plumbing.migrations.files import execute_files

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0014_wear.sql")
