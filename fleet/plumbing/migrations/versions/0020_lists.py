"""Idle lists and searches of one class or one payer that read no more than they show."""

from fleet.plumbing.migrations.files import execute_files

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0020_lists.sql")
