"""The store from nothing to the first release: tables, row security, views and grants."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Executes the two files as they stand; both are one transaction."""
    # The driver's own cursor: it sends a whole file as it is, where SQLAlchemy would look for parameters in it.
    cursor = op.get_bind().connection.cursor()
    for name in ("0001_initial.sql", "0001_row_security.sql"):
        cursor.execute((_SQL / name).read_text(encoding="utf-8"))
