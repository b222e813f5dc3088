"""Two real therapy units played through the broker: the database holds what an independent reader finds on them."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from device_sim.connection import Line
from device_sim.replay.play import replay_card
from fleet.registry import load_registry
from tests.fixtures.independent_edf import IndependentNight, independent_nights
from tests.fixtures.system import RunningSystem

CARDS = Path(__file__).resolve().parents[3] / "shared" / "data" / "apap"
MACHINES = {"airsense10": ("resmed-airsense10", 17), "airsense11": ("resmed-airsense11", 76)}
LITRES_PER_MINUTE = 60  # the machines store litres per second

pytestmark = pytest.mark.skipif(not CARDS.is_dir(), reason="the real cards are not here: ../shared/data/apap is absent")


@pytest.fixture(scope="module", params=MACHINES)
def machine(request: pytest.FixtureRequest, running_system: RunningSystem) -> tuple[str, list[dict[str, Any]]]:
    """Name of the card, and its nights as stored, oldest first."""
    model, _ = MACHINES[request.param]
    unit = running_system.enroll("apap", model)
    line = Line(running_system.local.broker.host, running_system.local.broker.port)
    asyncio.run(replay_card(CARDS / request.param, [unit], load_registry(), line))
    with psycopg.connect(running_system.local.urls.owner, row_factory=psycopg.rows.dict_row) as connection:
        rows = connection.execute(
            "SELECT r.* FROM reading_apap r JOIN device USING (device_no) WHERE device_id = %s ORDER BY ts",
            [unit.device_id],
        ).fetchall()
        used = connection.execute(
            "SELECT local_day, amount FROM usage_day JOIN device USING (device_no)"
            " WHERE device_id = %s AND measure = 'therapy_minutes' ORDER BY 1",
            [unit.device_id],
        ).fetchall()
    for row, day in zip(rows, used, strict=True):
        row["usage_day"] = day
    return request.param, rows


def expected(name: str) -> list[IndependentNight]:
    return independent_nights(CARDS / name / "STR.edf")


def test_every_night_is_there_once(machine: tuple[str, list[dict[str, Any]]]) -> None:
    name, rows = machine
    assert len(rows) == MACHINES[name][1] == len(expected(name))


def test_minutes_ahi_and_leak_equal_what_an_independent_reader_finds(
    machine: tuple[str, list[dict[str, Any]]],
) -> None:
    name, rows = machine
    for row, night in zip(rows, expected(name), strict=True):
        assert row["therapy_usage"] == night.minutes
        assert row["therapy_ahi"] == _close(night.ahi)
        for column, native in (
            ("leak_p50", night.leak_p50),
            ("leak_p95", night.leak_p95),
            ("leak_max", night.leak_max),
        ):
            assert row[column] == _close(native, LITRES_PER_MINUTE)


def test_no_sentinel_becomes_a_value(machine: tuple[str, list[dict[str, Any]]]) -> None:
    _, rows = machine
    numbers = [value for row in rows for value in row.values() if isinstance(value, float)]
    assert numbers
    assert min(numbers) >= 0


def test_minutes_per_local_day_are_the_nights_own(machine: tuple[str, list[dict[str, Any]]]) -> None:
    _, rows = machine
    days = [row["usage_day"]["local_day"] for row in rows]
    assert len(set(days)) == len(days)
    assert [row["usage_day"]["amount"] for row in rows] == [row["therapy_usage"] for row in rows]
    # The summary comes at noon of the next day and belongs to the night before it.
    assert all(
        isinstance(row["ts"], datetime) and (row["ts"].date() - day).days == 1
        for row, day in zip(rows, days, strict=True)
    )


def test_nights_of_2_13_and_25_minutes_are_not_used_days(machine: tuple[str, list[dict[str, Any]]]) -> None:
    name, rows = machine
    usage = load_registry()["apap"].usage
    used = [usage.is_used({"therapy_minutes": row["therapy_usage"]}) for row in rows]
    minutes = [row["therapy_usage"] for row in rows]
    assert [m for m, is_used in zip(minutes, used, strict=True) if not is_used] == ([m for m in minutes if m < 30])
    if name == "airsense10":
        assert {2, 13, 25} <= set(minutes)
        assert sum(used) == 14


def _close(native: float | None, scale: float = 1.0) -> Any:
    return None if native is None else pytest.approx(native * scale, rel=1e-6)
