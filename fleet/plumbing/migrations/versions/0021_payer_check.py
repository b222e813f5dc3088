"""Loans marked where payer and prescriber disagree; a payer sees the unit of its own loans, whosever it is."""

from fleet.plumbing.migrations.files import execute_files

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0021_payer_check.sql")
