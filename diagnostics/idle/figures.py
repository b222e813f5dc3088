"""Keeps the denominators that pages show: every device counted once, or the earlier count corrected by what changed."""

from typing import Any, Final

import psycopg

from diagnostics.queries import room

Change = list[tuple[Any, ...]]
"""Rows of idle_figure: seven columns that name a group of devices, then how many more devices, rent and cost it has."""

_NAMES: Final = (
    *("payer_id", "legal_frame", "device_class", "prescriber_id", "depot_id", "verdict", "step"),
    *("devices", "rent_sek", "cost_sek"),
)
_SQL: Final = room(__file__)


def count_all(connection: psycopg.Connection) -> None:
    """Counts every device, as its verdict and the register stand now."""
    connection.execute(_SQL["forget_figures"])
    connection.execute(_SQL["count_in"])


def correct(connection: psycopg.Connection, change: Change) -> None:
    """Adds to the figures what was changed.

    They must be of the register as it stands: where a fact of it was written since (`in_doubt` tells, asked
    afterwards), all are counted.
    """
    if change:
        columns = zip(*change, strict=True)
        connection.execute(_SQL["correct"], dict(zip(_NAMES, map(list, columns), strict=True)))


def in_doubt(connection: psycopg.Connection) -> bool:
    """Whether corrected figures may be of two registers: a fact was written meanwhile, or a group is below zero."""
    row = connection.execute(_SQL["in_doubt"]).fetchone()
    return row is None or bool(row[0])
