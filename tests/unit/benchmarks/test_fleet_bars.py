"""A run is held against the bars of its kind, and one that is a little too slow misses them."""

from typing import Any

import msgspec
import pytest

from benchmarks.fleet_bars import bars
from benchmarks.fleet_results import FleetCheck, FleetRun, Lag
from benchmarks.results import Costs
from device_sim.regional.report import RegionalReport


def lag(p99: float) -> Lag:
    return Lag(messages=100, p50=10.0, p99=p99, worst=2 * p99)


def run(*, peak: float = 300.0, **changes: Any) -> FleetRun:
    report = dict.fromkeys(RegionalReport.__struct_fields__, 0) | {"peak_mebibytes": peak}
    sound: dict[str, Any] = {
        "devices": 417_000, "interval_seconds": 60, "readings_per_message": 1, "seconds": 600.0,
        "messages_per_second": 6950.0, "rows_per_second": 6950.0, "lag": lag(1000.0), "lag_beside_backlog": None,
        "outside_generator": 0.5, "shares": {}, "costs": Costs({}), "swarm": msgspec.convert(report, RegionalReport),
        "backlog_readings": 0, "backlog_per_second": 0.0, "enrolled_seconds": 1.0, "broker_peak_mebibytes": 1.0,
        "ingest_peak_mebibytes": 1.0, "ingest_growth_mebibytes": 1.0, "dropped": 0, "duplicates": 0, "alarms": 0,
        "large_pages": "off",
        "check": FleetCheck(expected=1, stored=1, lost=0, duplicated=0, altered=0, unexpected=0, quarantined=0,
                            devices_silent=0),
    }  # fmt: skip
    return FleetRun(**sound | changes)


BESIDE: dict[str, Any] = {
    "backlog_readings": 5_760_000,
    "backlog_per_second": 3000.0,
    "lag_beside_backlog": lag(5000.0),
}


def missed(of: FleetRun) -> list[str]:
    return [bar.name for bar in bars(of) if not bar.held]


@pytest.mark.parametrize(
    "good",
    [
        run(),
        run(devices=2_500_000, lag=lag(2000.0), outside_generator=0.9, peak=5000.0),
        run(lag=lag(9000.0), outside_generator=0.9, **BESIDE),
    ],
    ids=["region", "country", "backlog"],
)
def test_what_just_reaches_the_bars_of_its_kind_holds_them(good: FleetRun) -> None:
    assert missed(good) == []


@pytest.mark.parametrize(
    ("poor", "name"),
    [
        (run(lag=lag(1001.0)), "p99 of live messages, ms"),
        (run(outside_generator=0.51), "share of two cores outside the swarm"),
        (run(peak=1025.0), "memory of the swarm, MiB"),
        (run(dropped=1), "messages that the broker threw away"),
        (run(devices=2_500_000, lag=lag(2001.0)), "p99 of live messages, ms"),
        (run(**BESIDE | {"backlog_per_second": 2999.0}), "stored-up readings a second"),
        (run(**BESIDE | {"backlog_per_second": 0.0}), "stored-up readings a second"),
        (run(**BESIDE | {"lag_beside_backlog": lag(5001.0)}), "p99 of live messages beside it, ms"),
    ],
)
def test_what_is_a_little_too_slow_or_too_large_misses_one(poor: FleetRun, name: str) -> None:
    assert missed(poor) == [name]
    assert "is wanted" in str(next(bar for bar in bars(poor) if not bar.held))
