"""The database compared with the ledger: what was lost, stored twice, altered, or never generated."""

from typing import Final

import psycopg
from psycopg import sql

from benchmarks.results import Check
from benchmarks.workload import METRICS

_IDENTITY: Final = sql.SQL("device_no, boot, seq")
# `found` holds every identity once, so that a row stored twice is not counted as two matches.
_COMPARE: Final = sql.SQL("""
    WITH stored AS (SELECT * FROM {stored} WHERE device_no <> %(canary)s),
         found AS (SELECT DISTINCT ON ({identity}) * FROM stored ORDER BY {identity}),
         compared AS (
            SELECT e.device_no IS NULL AS unexpected, s.device_no IS NULL AS lost,
                   e.device_no IS NOT NULL AND s.device_no IS NOT NULL
                   AND (s.ts, s.unknown, s.clock_corrected, {s_values})
                       IS DISTINCT FROM (e.ts, NULL, NULL, {e_values}) AS altered
              FROM {expected} e FULL JOIN found s USING ({identity})
         )
    SELECT (SELECT count(*) FROM {expected}), (SELECT count(*) FROM stored),
           count(*) FILTER (WHERE lost), (SELECT count(*) FROM stored) - (SELECT count(*) FROM found),
           count(*) FILTER (WHERE altered), count(*) FILTER (WHERE unexpected)
      FROM compared
""")
_CONSEQUENCES: Final = sql.SQL("""
    SELECT (SELECT count(*) FROM quarantine),
           (SELECT count(DISTINCT device_no) FROM {expected}),
           (SELECT count(*) FROM device_state s
             WHERE s.last_event_at = (SELECT max(e.ts) FROM {expected} e WHERE e.device_no = s.device_no)),
           (SELECT sum(amount) FROM usage_day WHERE measure = 'distance' AND device_no <> %(canary)s),
           (SELECT sum(drive_distance::double precision) FROM {expected})
""")


def check(superuser_dsn: str, stored: str, expected: str, canary: int) -> Check:
    """Compares two hypertables of readings, and looks at what must follow from the readings.

    Args:
        superuser_dsn: sees everything.
        stored: the table that ingest wrote to.
        expected: the ledger: each reading that was generated, once.
        canary: device_no of rows that are no part of it.
    """
    tables = {"stored": sql.Identifier(stored), "expected": sql.Identifier(expected)}
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("ANALYZE {stored}, {expected}").format(**tables))
        compare = _COMPARE.format(identity=_IDENTITY, s_values=_of("s"), e_values=_of("e"), **tables)
        counts = connection.execute(compare, {"canary": canary}).fetchone()
        follows = connection.execute(_CONSEQUENCES.format(**tables), {"canary": canary}).fetchone()
    if counts is None or follows is None:
        raise RuntimeError("the comparison gave no row")
    quarantined, devices, with_state, usage, generated = follows
    return Check(
        **dict(zip(("expected", "stored", "lost", "duplicated", "altered", "unexpected"), counts, strict=True)),
        quarantined=quarantined,
        devices=devices,
        devices_with_state=with_state,
        usage_difference=abs((usage or 0.0) - generated) / max(generated, 1.0),
    )


def _of(alias: str) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, key.replace(".", "_")) for key in METRICS)
