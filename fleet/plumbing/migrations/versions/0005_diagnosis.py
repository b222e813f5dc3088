"""What diagnosis keeps: findings, their outcomes, statistics of causes."""

from fleet.plumbing.migrations.files import execute_files

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Executes the file as it stands, in one transaction."""
    execute_files("0005_diagnosis.sql")
