"""Escalation: ladders, rota, recipients, deliveries and one-time links."""

from fleet.plumbing.migrations.files import execute_files

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0008_escalation.sql")
