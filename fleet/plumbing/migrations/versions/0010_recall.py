"""Recall cases, answers, orders and the device passport."""

from fleet.plumbing.migrations.files import execute_files

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0010_recall.sql")
