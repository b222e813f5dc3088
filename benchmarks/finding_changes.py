"""What ways of finding changed readings cost each insert; the measurement of docs/decisions/0007-roll-ups.md.

Run: .venv/bin/python -m benchmarks.finding_changes [rounds]
"""

import random
import statistics
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from fjarrkoll.services import Postgres, install
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, bootstrap
from fleet.plumbing.store.keeping.tables import index_arrival
from fleet.plumbing.store.migrate import migrate
from fleet.profile import DeviceProfile
from fleet.registry import build_registry, load_registry

_TABLE: Final = "reading_wheelchair"
_NO_ARRIVAL: Final = f"DROP INDEX {_TABLE}_arrival;"
# A constant of this file stands in it, nothing from outside.
_TRIGGER: Final = f"""
    CREATE TABLE dirty (device_no integer[], hours integer[]);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        INSERT INTO dirty SELECT array_agg(device_no), array_agg(hour)
          FROM (SELECT DISTINCT device_no, (extract(epoch FROM ts) / 3600)::integer AS hour FROM fresh WHERE true) x
        HAVING count(*) > 0;
        RETURN NULL; END $$;
    CREATE TRIGGER note AFTER INSERT ON {_TABLE} REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
        EXECUTE FUNCTION note()
"""  # noqa: S608
_LATE: Final = "received_at - ts > interval '15 minutes'"
_WAYS: Final = {
    "none": _NO_ARRIVAL,
    "block range index on arrival": "",
    "partial index, late rows": f"{_NO_ARRIVAL} CREATE INDEX ON {_TABLE} (received_at) WHERE {_LATE}",
    "statement trigger": _NO_ARRIVAL + _TRIGGER,
    "statement trigger, late rows": _NO_ARRIVAL + _TRIGGER.replace("WHERE true", f"WHERE {_LATE}"),
}
_START: Final = datetime(2026, 11, 18, tzinfo=UTC)
_PER_BATCH: Final = 500
_BATCHES: Final = 60
_DEVICES: Final = 20_000

Batch = list[list[object]]


def main() -> None:
    """Prints, per way, the server's CPU per inserted row and the median of its ratio to none, round by round."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    profile = load_registry()["wheelchair"]
    with tempfile.TemporaryDirectory(prefix="fjarrkoll-changes-") as folder:
        Path(folder).chmod(0o755)
        with Postgres(install(), Path(folder) / "postgres") as server:
            connections = {way: _prepared(server, place, profile) for place, way in enumerate(_WAYS)}
            spent = _measure(connections, profile, rounds)
            for connection in connections.values():
                connection.close()
    for way, seconds in spent.items():
        ratio = statistics.median(a / b for a, b in zip(seconds[1:], spent["none"][1:], strict=True))
        per_row = statistics.median(seconds[1:]) / (_PER_BATCH * _BATCHES) * 1e6
        print(f"{way:30} {per_row:6.2f} µs per row  {(ratio - 1) * 100:+5.1f} %")


def _prepared(server: Postgres, place: int, profile: DeviceProfile) -> psycopg.Connection:
    """A database of its own for one way, and ingest's connection to it."""
    urls: DatabaseUrls = bootstrap(server.superuser_dsn(), f"way_{place}", Passwords.generate())
    migrate(urls.owner, build_registry([(f"{profile.name}.py", profile)]))
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        index_arrival(owner, profile)
        owner.execute(list(_WAYS.values())[place].encode())
    superuser = server.superuser_dsn(f"way_{place}")
    return psycopg.connect(superuser, autocommit=True, options="-c plan_cache_mode=force_generic_plan")


def _measure(connections: dict[str, psycopg.Connection], profile: DeviceProfile, rounds: int) -> dict[str, list[float]]:
    """Rounds of the same batches for every way, in changing order."""
    spent: dict[str, list[float]] = {way: [] for way in connections}
    statement = _insert(profile)
    for number in range(rounds):
        batches = [_batch(profile, number * _BATCHES + place) for place in range(_BATCHES)]
        for way in random.sample(list(connections), len(connections)):
            connection = connections[way]
            before = _cpu_seconds(connection)
            for values in batches:
                connection.execute(statement, values)
            spent[way].append(_cpu_seconds(connection) - before)
    return spent


def _insert(profile: DeviceProfile) -> sql.Composed:
    kinds = {"device_no": "integer", "ts": "timestamptz", "boot": "integer", "seq": "bigint"}
    kinds |= {metric.column: metric.kind.column_type for metric in profile.metrics}
    return sql.SQL(
        "INSERT INTO {} ({}, received_at) SELECT i.*, %s FROM unnest({}) AS i ON CONFLICT DO NOTHING"
    ).format(
        sql.Identifier(_TABLE),
        sql.SQL(", ").join(map(sql.Identifier, kinds)),
        sql.SQL(", ").join(sql.SQL("%s::{}[]").format(sql.SQL(kind)) for kind in kinds.values()),
    )


def _batch(profile: DeviceProfile, number: int) -> list[object]:
    """The arrival, then a column each; every second metric is told."""
    received = _START + timedelta(seconds=number)
    places = range(number * _PER_BATCH, (number + 1) * _PER_BATCH)
    columns: Batch = [
        [place % _DEVICES for place in places],
        [received - timedelta(seconds=random.random() * 60) for _ in places],
        [1 for _ in places],
        list(places),
    ]
    values = {"real": 12.5, "integer": 3, "boolean": True}
    for position, metric in enumerate(profile.metrics):
        columns.append([values[metric.kind.column_type] if position % 2 else None for _ in places])
    return [received, *columns]


def _cpu_seconds(connection: psycopg.Connection) -> float:
    """What the server's process for this connection has used so far (Linux: nanoseconds in schedstat)."""
    told = Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text(encoding="ascii")
    return int(told.split()[0]) / 1e9


if __name__ == "__main__":
    main()
