"""Runs a migration's SQL file as it stands."""

from pathlib import Path
from typing import Final

from alembic import op

_SQL: Final = Path(__file__).with_name("sql")


def execute_files(*names: str) -> None:
    """Executes files of `sql/` in the migration's own transaction.

    The driver's own cursor is used: it sends a whole file as it is, where SQLAlchemy would look for parameters in it.
    """
    cursor = op.get_bind().connection.cursor()
    for name in names:
        cursor.execute((_SQL / name).read_text(encoding="utf-8"))
