"""How far the roll-ups of readings have come; their tables are made from the profiles."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Executes the file as it stands, in one transaction; it only adds."""
    op.get_bind().connection.cursor().execute((_SQL / "0002_keeping.sql").read_text(encoding="utf-8"))
