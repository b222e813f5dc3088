"""Work orders, readiness and the technician's day."""

from fleet.plumbing.migrations.files import execute_files

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0006_workshop.sql")
