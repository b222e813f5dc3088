"""Loads the past that rules ask for: single readings, daily means, occurrences of events."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.sql import SQL, Identifier

from diagnostics.alarms.snapshot import Past
from diagnostics.queries import fetch_all
from fleet.plumbing.database import Connection
from fleet.plumbing.store.tables import reading_table
from fleet.profile import DeviceProfile
from fleet.rules import Needs, Sample

_MOST: Final = 5000
"""Readings of one device and metric that are looked at; the newest ones, where there are more."""
_READINGS: Final = SQL(
    "SELECT device_no, ts, value FROM (SELECT device_no, ts, {column} AS value,"
    " row_number() OVER (PARTITION BY device_no ORDER BY ts DESC) AS place FROM {table}"
    " WHERE device_no = ANY (%(devices)s::integer[]) AND ts > %(start)s AND ts <= %(now)s AND {column} IS NOT NULL) r"
    " WHERE place <= %(most)s ORDER BY device_no, ts"
)
_DAYS: Final = SQL(
    "SELECT device_no, (ts AT TIME ZONE 'Europe/Stockholm')::date AS day, avg({column}::double precision) AS value"
    " FROM {table} WHERE device_no = ANY (%(devices)s::integer[]) AND ts > %(start)s AND ts <= %(now)s"
    " AND {column} IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
)
_EVENTS: Final = SQL(
    "SELECT device_no, ts FROM device_event WHERE device_no = ANY (%(devices)s::integer[]) AND ts > %(start)s"
    " AND ts <= %(now)s AND event = %(event)s ORDER BY device_no, ts"
)


async def load_past(
    connection: Connection, profile: DeviceProfile, devices: Sequence[int], needs: Needs, now: datetime
) -> dict[int, Past]:
    """What the rules of a class need of some of its devices, up to now.

    Args:
        connection: of a role that may read the readings of every device.
        profile: the class of all of the devices.
        devices: their numbers.
        needs: of all rules together.
        now: the moment of judgement.
    """
    readings: dict[int, dict[str, Any]] = defaultdict(dict)
    days: dict[int, dict[str, Any]] = defaultdict(dict)
    occurrences: dict[int, dict[str, Any]] = defaultdict(dict)
    table = Identifier(reading_table(profile.name))
    common = {"devices": list(devices), "now": now, "most": _MOST}
    for key, seconds in needs.readings.items():
        statement = _READINGS.format(column=Identifier(profile.metrics_by_key[key].column), table=table)
        start = now - timedelta(seconds=seconds)
        for row in await fetch_all(connection, statement, {**common, "start": start}):
            readings[row["device_no"]].setdefault(key, []).append(Sample(row["value"], row["ts"]))
    for key, count in needs.days.items():
        statement = _DAYS.format(column=Identifier(profile.metrics_by_key[key].column), table=table)
        for row in await fetch_all(connection, statement, {**common, "start": now - timedelta(days=count)}):
            days[row["device_no"]].setdefault(key, []).append((row["day"], row["value"]))
    for event, seconds in needs.events.items():
        parameters = {**common, "start": now - timedelta(seconds=seconds), "event": event}
        for row in await fetch_all(connection, _EVENTS, parameters):
            occurrences[row["device_no"]].setdefault(event, []).append(row["ts"])
    return {number: Past(readings[number], days[number], occurrences[number]) for number in devices}
