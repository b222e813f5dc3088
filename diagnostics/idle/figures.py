"""Keeps the denominators that pages show: every device counted once, or the earlier count corrected by what changed."""

from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Composed

from diagnostics.queries import formatted, room

Counts = list[tuple[Any, ...]]
"""Rows of idle_figure: seven columns that name a group of devices, then devices, rent and cost."""

CORRECTED: Final = 20_000
"""When the verdicts of more devices than this change, all are counted anew: that is sooner done."""
_NAMES: Final = (
    *("payer_id", "legal_frame", "device_class", "prescriber_id", "depot_id", "verdict", "step"),
    *("devices", "rent_sek", "cost_sek"),
)
_SQL: Final = room(__file__)


def count_all(connection: psycopg.Connection) -> None:
    """Counts every device, as its verdict and the register stand now."""
    connection.execute(_SQL["forget_figures"])
    connection.execute(formatted(_SQL["count_in"], counted=_counted(SQL(""))))


def counts_of(connection: psycopg.Connection, devices: list[int]) -> Counts:
    """What some devices are counted as, as they stand now."""
    some = SQL("JOIN unnest(%(some)s::integer[]) AS chosen (device_no) USING (device_no)")
    return connection.cursor(binary=True).execute(_counted(some), {"some": devices}).fetchall()


def correct(connection: psycopg.Connection, before: Counts, after: Counts) -> None:
    """Takes what the changed devices were counted as from the figures, and adds what they are now.

    The figures must be of the register as it stands: where a fact of it was written since (`in_doubt` tells, asked
    afterwards), all are counted.
    """
    keys = len(_NAMES) - 3
    taken = [(*row[:keys], *(-number for number in row[keys:])) for row in before]
    if not taken and not after:
        return
    columns = zip(*taken, *after, strict=True)
    connection.execute(_SQL["correct"], dict(zip(_NAMES, map(list, columns), strict=True)))


def in_doubt(connection: psycopg.Connection) -> bool:
    """Whether corrected figures may be of two registers: a fact was written meanwhile, or a group is below zero."""
    row = connection.execute(_SQL["in_doubt"]).fetchone()
    return row is None or bool(row[0])


def _counted(some: SQL) -> Composed:
    return formatted(_SQL["counted"], some=some)
