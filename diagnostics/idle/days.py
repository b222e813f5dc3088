"""Takes the days on which devices were heard and used from what ingest stored; keeps them as a bit a device and day.

Incremental and repeatable: bits are only ever set, a run looks again at the latest days and at whatever has arrived
since the last one however old it is. So late data changes the past, and no day counts twice.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.rows import dict_row
from psycopg.sql import Identifier

from diagnostics.idle.columns import Columns, read_columns
from diagnostics.idle.usage import ClassesOf, changed_days
from diagnostics.queries import formatted, room
from fleet.clock import STOCKHOLM, local_day
from fleet.profile import DeviceProfile
from fleet.registry import Registry

EPOCH: Final = date(2000, 1, 1)
BLOCK: Final = 4096
"""Devices in a row of day_block."""
KEPT_DAYS: Final = 800
WINDOW_DAYS: Final = 430
"""A verdict looks back over this many days: a year, and the same season of the year before."""
_AGAIN_DAYS: Final = 3  # what is older comes with readings, which are found by arrival however old they are
_AGAIN_WHOLE: Final = 16  # an outbox holds two weeks, and events have no index by arrival
_COLUMNS: Final = ("device_no", "local_day", "used")
_SQL: Final = room(__file__)
Touched = dict[int, dict[int, NDArray[np.uint8]]]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run took in.

    Attributes:
        days: days of devices that were looked at; `rows` of day_block that changed.
        touched: by block and day a bit a device: whether that day became heard or used.
    """

    days: int
    rows: int
    touched: Touched


def take_days(
    connection: psycopg.Connection,
    registry: Registry,
    now: datetime,
    classes_of: ClassesOf,
    *,
    whole: bool = True,
) -> Taken:
    """Brings day_block up to what ingest has stored; in the caller's transaction.

    Args:
        connection: as the worker.
        registry: the classes.
        now: aware.
        classes_of: what is known of the devices' classes.
        whole: look again at everything of the latest days; else only at what was written since the last run.
    """
    stored = _one(connection, "stored_until")
    until = min(stored["at"] or now, now)
    progress = {row["device_class"]: row for row in _rows(connection, "progress")}
    parts = []
    for profile in registry:
        parts += _days_of(connection, profile, progress.get(profile.name), until, now, whole=whole)
    if not whole:
        first = local_day(now) - timedelta(days=_AGAIN_DAYS)
        names = tuple(profile.name for profile in registry)
        age = _one(connection, "seen_age")["age"]
        parts.append(changed_days(connection, names, classes_of, (first, local_day(now)), age))
    found = {name: np.concatenate([part[name] for part in parts]) for name in _COLUMNS}
    for profile in registry:
        noted = {
            "device_class": profile.name,
            "received_until": until,
            "days_until": local_day(now, profile.usage.day_starts_at_hour),
            "seen_xid": stored["seen_xid"],
        }
        connection.execute(_SQL["note_progress"], noted)
    connection.execute(_SQL["forget_days"], {"before": local_day(now) - timedelta(days=KEPT_DAYS)})
    rows, touched = _merge(connection, found)
    return Taken(len(found["device_no"]), rows, touched)


def _days_of(  # noqa: PLR0913 - what a run knows
    connection: psycopg.Connection,
    profile: DeviceProfile,
    progress: dict[str, Any] | None,
    until: datetime,
    now: datetime,
    *,
    whole: bool,
) -> list[Columns]:
    """The days of a class that may be new: from usage, roll-ups, readings by arrival, and events."""
    hour = profile.usage.day_starts_at_hour
    today = local_day(now, hour)
    oldest = today - timedelta(days=WINDOW_DAYS - 1)
    if progress is None:
        first, since = oldest, datetime(1970, 1, 1, tzinfo=STOCKHOLM)
    else:
        again = _AGAIN_WHOLE if whole else _AGAIN_DAYS
        first, since = max(oldest, progress["days_until"] - timedelta(days=again)), progress["received_until"]
    start, after = _begins(first, hour), _begins(today + timedelta(days=1), hour)
    values = {
        "device_class": profile.name,
        "hour": hour,
        "since": since,
        "until": until,
        "last": today,
        "after": after,
    }
    arrived_from = _begins(oldest, hour)
    if progress is None:
        arrived_from = max(arrived_from, _not_rolled_up(connection, profile) or arrived_from)
    readings, daily = Identifier(f"reading_{profile.name}"), Identifier(f"daily_{profile.name}")
    arrived = formatted(_SQL["arrived_days"], readings=readings)
    rolled = formatted(_SQL["rolled_days"], daily=daily)
    events = {**values, "first": start, "since": since if not whole else datetime(1970, 1, 1, tzinfo=STOCKHOLM)}
    parts = [
        read_columns(connection, _SQL["event_days"], events, _COLUMNS),
        read_columns(connection, arrived, {**values, "first": arrived_from}, _COLUMNS),
    ]
    if whole or progress is None:
        parts.append(read_columns(connection, _SQL["usage_days"], {**values, "first": first}, _COLUMNS))
        parts.append(read_columns(connection, rolled, {**values, "first": start}, _COLUMNS))
    return parts


def _not_rolled_up(connection: psycopg.Connection, profile: DeviceProfile) -> datetime | None:
    """From when on a class's readings are in no roll-up yet: a first run need not read more of them."""
    row = connection.execute(
        "SELECT days_until FROM roll_up_progress WHERE device_class = %s", [profile.name]
    ).fetchone()
    return None if row is None else row[0]


def _merge(connection: psycopg.Connection, found: Columns) -> tuple[int, Touched]:
    """Sets the bits of the days found; returns how many rows were written, and whose bits are new."""
    touched: Touched = {}
    if not len(found["device_no"]):
        return 0, touched
    block, column = np.divmod(found["device_no"].astype(np.int64), BLOCK)
    place = block * 1_000_000 + found["local_day"]
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    first, last = int(found["local_day"].min()), int(found["local_day"].max())
    stored = {
        (row["block_no"], row["local_day"]): (row["heard"], row["used"])
        for row in _rows(connection, "blocks", first=to_date(first), last=to_date(last))
    }
    changed = []
    for part in np.split(order, starts[1:]):
        number, day = int(block[part[0]]), int(found["local_day"][part[0]])
        before = stored.get((number, day), (bytes(BLOCK // 8), bytes(BLOCK // 8)))
        heard = _with(before[0], column[part])
        used = _with(before[1], column[part][found["used"][part] > 0])
        if (heard, used) != before:
            changed.append({"block_no": number, "local_day": to_date(day), "heard": heard, "used": used})
            new = _difference(before[0], heard) | _difference(before[1], used)
            touched.setdefault(number, {})[day] = new
    with connection.cursor() as cursor:
        cursor.executemany(_SQL["merge_block"], changed)
    return len(changed), touched


def _difference(before: bytes, after: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(before, np.uint8) ^ np.frombuffer(after, np.uint8)


def _with(stored: bytes, columns: NDArray[np.int64]) -> bytes:
    bits = np.unpackbits(np.frombuffer(stored, np.uint8), bitorder="little")
    bits[columns] = 1
    return np.packbits(bits, bitorder="little").tobytes()


def to_date(day: int) -> date:
    """The calendar date of a day counted from 2000-01-01."""
    return EPOCH + timedelta(days=int(day))


def to_number(day: date) -> int:
    """A calendar date as days since 2000-01-01."""
    return (day - EPOCH).days


def _begins(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), STOCKHOLM)


def _rows(connection: psycopg.Connection, name: str, **values: object) -> list[dict[str, Any]]:
    return connection.cursor(row_factory=dict_row, binary=True).execute(_SQL[name], values).fetchall()


def _one(connection: psycopg.Connection, name: str) -> dict[str, Any]:
    return _rows(connection, name)[0]
