"""The days of use that were written since the last run, judged by what makes a used day in each class."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from diagnostics.idle.columns import Columns
from diagnostics.queries import room

ClassesOf = Callable[[NDArray[np.int64]], NDArray[np.int32]]
"""Of devices their classes, as places in the registry's order; UNKNOWN where the register must be asked."""
UNKNOWN: Final = -1
_USAGE: Final = np.dtype([("device_no", ">i4"), ("amount", ">f8")])
_NONE: Final = {name: np.zeros(0, np.int64) for name in ("device_no", "local_day", "used")}
_SQL: Final = room(__file__)


def changed_days(
    connection: psycopg.Connection, classes: tuple[str, ...], classes_of: ClassesOf, days: tuple[date, date], age: int
) -> Columns:
    """Device, day and whether it was used, an entry per row of usage that was written lately.

    Args:
        connection: as the worker.
        classes: their names, in the registry's order.
        classes_of: what is known of devices.
        days: the first and the last day that are looked at.
        age: how many transactions ago the last run saw usage.
    """
    enough = _enough(connection, classes)
    values = {"first": days[0], "last": days[1], "age": age}
    parts = [_NONE]
    for day, measure, packed in connection.cursor(binary=True).execute(_SQL["changed_usage"], values).fetchall():
        usage = np.frombuffer(packed, _USAGE)
        devices = usage["device_no"].astype(np.int64)
        place = _known(connection, classes, devices, classes_of(devices))
        used = usage["amount"] >= enough[measure][place]
        parts.append({"device_no": devices, "local_day": np.full(len(usage), day), "used": used.astype(np.int64)})
    return {name: np.concatenate([part[name] for part in parts]) for name in _NONE}


def _enough(connection: psycopg.Connection, classes: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    """By measure from which amount on a day counts as used: an entry per class, the last one for no class."""
    enough: dict[str, NDArray[np.float64]] = defaultdict(lambda: np.full(len(classes) + 1, np.inf))
    for device_class, measure, at_least in connection.execute(_SQL["usage_clauses"]):
        if device_class in classes:
            enough[measure][classes.index(device_class)] = at_least
    return enough


def _known(
    connection: psycopg.Connection, classes: tuple[str, ...], devices: NDArray[np.int64], place: NDArray[np.int32]
) -> NDArray[np.int32]:
    """The classes, those that were unknown looked up in the register."""
    unknown = np.unique(devices[place == UNKNOWN])
    if not len(unknown):
        return place
    rows = connection.execute(_SQL["classes_of"], {"devices": unknown.tolist()}).fetchall()
    found = {device: classes.index(name) for device, name in rows if name in classes}
    looked_up = np.array([found.get(device, UNKNOWN) for device in unknown.tolist()], np.int32)
    place = place.copy()
    place[place == UNKNOWN] = looked_up[np.searchsorted(unknown, devices[place == UNKNOWN])]
    return place
