"""A regional run against its ledger, inside the database: every row recomputed from its device and number."""

import math
from pathlib import Path
from typing import Final

import numpy as np
import psycopg
from psycopg import sql

from benchmarks.fleet_results import FleetCheck, Lag
from device_sim.regional.plan import RegionalPlan
from device_sim.regional.readings import DEVICE_CLASS, METRICS, PER_DEVICE, PER_READING, PER_SEED
from fleet.plumbing.store.tables import reading_table

READINGS: Final = reading_table(DEVICE_CLASS)
_EXPECTED: Final = """
    CREATE UNLOGGED TABLE fleet_expected (
        device_no integer PRIMARY KEY, device bigint, phase bigint, first bigint, last bigint)
"""
# Inner query: one row per device with what was found of it; a row is right only if time and every value are.
_COMPARE: Final = sql.SQL("""
    WITH found AS (
        SELECT r.device_no, count(*) AS rows, count(DISTINCT r.seq) AS distinct_seqs,
               count(DISTINCT r.seq) FILTER (WHERE r.seq BETWEEN e.first AND e.last) AS inside,
               count(*) FILTER (WHERE r.boot <> %(boot)s OR r.unknown IS NOT NULL OR r.clock_corrected IS NOT NULL
                    OR r.ts IS DISTINCT FROM
                       to_timestamp((%(began)s + e.phase + (r.seq - %(shift)s) * %(step)s) / 1000.0)
                    OR {wrong}) AS altered
          FROM {readings} r LEFT JOIN fleet_expected e USING (device_no)
         GROUP BY r.device_no
    )
    SELECT coalesce(sum(e.last - e.first + 1), 0), coalesce(sum(f.rows), 0),
           coalesce(sum(e.last - e.first + 1 - coalesce(f.inside, 0)), 0), coalesce(sum(f.rows - f.distinct_seqs), 0),
           coalesce(sum(f.altered), 0), coalesce(sum(f.distinct_seqs - f.inside), 0)
      FROM fleet_expected e FULL JOIN found f USING (device_no)
""")
_FOLLOWS: Final = """
    SELECT (SELECT count(*) FROM quarantine),
           (SELECT count(*) FROM fleet_expected e
             WHERE e.last >= e.first AND NOT EXISTS (
                   SELECT FROM device_state s
                    WHERE s.device_no = e.device_no AND s.last_event_at >= to_timestamp(%(began)s / 1000.0))),
           (SELECT count(*) FROM alarm)
"""
_LAG: Final = sql.SQL("""
    SELECT count(*), coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY late), 0),
           coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY late), 0), coalesce(max(late), 0)
      FROM (SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - ts)::double precision * 1000 AS late
              FROM {readings} WHERE seq > %(before)s AND seq %% %(per_message)s = 0
               AND ts >= to_timestamp(%(since)s / 1000.0) AND ts < to_timestamp(%(until)s / 1000.0)) live
""")


def keep_ledger(dsn: str, plan: RegionalPlan, device_numbers: list[int], ledger: Path) -> None:
    """Brings what the swarm wrote down into the database."""
    columns = np.load(ledger)
    latest, given_up = columns["latest"].tolist(), columns["given_up"].tolist()
    with psycopg.connect(dsn) as connection:
        connection.execute(_EXPECTED)
        with connection.cursor().copy("COPY fleet_expected FROM STDIN") as copy:
            for device, number in enumerate(device_numbers):
                first = plan.first_kept(device) + given_up[device]
                copy.write_row((number, device, plan.phase(device), first, latest[device]))
        connection.execute("ANALYZE fleet_expected")


def check(dsn: str, plan: RegionalPlan) -> tuple[FleetCheck, int]:
    """Compares; also gives how many alarms there are. The ledger must have been kept."""
    wrong = sql.SQL(" OR ").join(
        sql.SQL(
            "r.{column} IS DISTINCT FROM ({low} + mod(e.device * {a} + r.seq * {b} + {c}, {steps}) * {size})::real"
        ).format(
            column=sql.Identifier(metric.key.replace(".", "_")),
            low=sql.Literal(metric.low),
            a=sql.Literal(PER_DEVICE),
            b=sql.Literal(PER_READING),
            c=sql.Literal(plan.seed * PER_SEED),
            steps=sql.Literal(metric.steps),
            size=sql.Literal(metric.size),
        )
        for metric in METRICS
    )
    parameters = {
        "boot": plan.boot,
        "began": plan.began_at,
        "shift": plan.readings_per_message + plan.seq_before,
        "step": plan.step,
    }
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET work_mem = '256MB'")
        compare = _COMPARE.format(readings=sql.Identifier(READINGS), wrong=wrong)
        counts = connection.execute(compare, parameters).fetchone()
        follows = connection.execute(_FOLLOWS, {"began": plan.began_at}).fetchone()
    if counts is None or follows is None:
        raise RuntimeError("the comparison gave no row")
    names = ("expected", "stored", "lost", "duplicated", "altered", "unexpected")
    found = dict(zip(names, map(int, counts), strict=True))
    return FleetCheck(**found, quarantined=follows[0], devices_silent=follows[1]), int(follows[2])


def lag(dsn: str, plan: RegionalPlan, *, since: float = -math.inf, until: float = math.inf) -> Lag:
    """How late live messages due between two moments were (milliseconds since 1970), by the record of commits."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(
            _LAG.format(readings=sql.Identifier(READINGS)),
            {"before": plan.seq_before, "per_message": plan.readings_per_message, "since": since, "until": until},
        ).fetchone()
    if row is None:
        raise RuntimeError("the question gave no row")
    return Lag(messages=row[0], p50=round(row[1], 1), p99=round(row[2], 1), worst=round(row[3], 1))
