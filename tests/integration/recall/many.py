"""Many cases at once, for what must stay quick with a region's 21,000."""

from benchmarks.recall_lists import fill
from tests.fixtures.database import Database


def many_cases(database: Database, payer_id: int, number: int) -> None:
    """That many devices on loan, each with an open case of the unit `rehab-1`."""
    fill(database.owner, payer_id, number)
