"""By which rules every device has been judged once."""

from fleet.plumbing.migrations.files import execute_files

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0018_sweep.sql")
