"""Hourly and daily values equal what is worked out from all readings: late ones, repeats, across clock changes."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from fleet.clock import local_day
from fleet.errors import ConfigurationError
from fleet.plumbing.store.keeping import roll_up as module
from fleet.plumbing.store.keeping.roll_up import GRACE, KeepingBusyError, only_one
from fleet.plumbing.store.keeping.tables import Span
from tests.fixtures.database import Database
from tests.integration.keeping.readings import Reading, roll_up_probe, store, table, truth

# Both Swedish clock changes of the winter lie within: 2025-10-26 and 2026-03-29.
FIRST = datetime(2025, 10, 24, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _some(seed: int, start: datetime, hours: int, late: timedelta = timedelta(0)) -> list[Reading]:
    chance = random.Random(seed)
    readings = []
    for number in range(hours * 6):
        ts = start + timedelta(seconds=chance.randrange(hours * 3600))
        battery = chance.choice(
            [None, chance.randrange(100) / 2]
        )  # halves: a float4 and any order of summing are exact
        doses = chance.choice([None, chance.randrange(5)])
        lid = chance.choice([None, True, False])
        readings.append(
            Reading(chance.randrange(1, 4), ts, ts + late + 5 * MINUTE, seed * 10_000 + number, battery, doses, lid)
        )
    return readings


def _assert_true(database: Database, readings: list[Reading], until: datetime) -> None:
    hours = table(database, Span.HOURLY)
    assert hours == truth(readings, Span.HOURLY, until)
    days = table(database, Span.DAILY)
    assert days
    # A day is there when it has ended.
    assert days == {k: v for k, v in truth(readings, Span.DAILY, until).items() if local_day(k[1]) < local_day(until)}


def test_live_then_late_then_nothing_new(kept: Database) -> None:
    live = _some(1, FIRST, 96)
    now = FIRST + timedelta(hours=97)
    store(kept, live, now)
    first = roll_up_probe(kept)
    assert first.until == now.replace(minute=0) - timedelta(hours=1)
    assert first.corrected == 0
    _assert_true(kept, live, first.until)
    late = _some(2, FIRST + timedelta(hours=10), 30, late=timedelta(hours=90))
    later = now + timedelta(hours=40)
    store(kept, late, later)
    second = roll_up_probe(kept)
    assert second.until is not None
    assert second.corrected > 50
    _assert_true(kept, live + late, second.until)
    before = table(kept, Span.HOURLY)
    third = roll_up_probe(kept)
    assert (third.hours, third.days, third.corrected) == (0, 0, 0)
    assert table(kept, Span.HOURLY) == before


def test_in_the_spring_an_hour_is_missing(kept: Database) -> None:
    readings = _some(3, datetime(2026, 3, 28, 3, tzinfo=UTC), 72)
    store(kept, readings, datetime(2026, 4, 1, tzinfo=UTC))
    done = roll_up_probe(kept)
    assert done.until is not None
    _assert_true(kept, readings, done.until)


def test_older_than_anything_before(kept: Database) -> None:
    live = _some(4, FIRST, 30)
    store(kept, live, FIRST + timedelta(hours=31))
    roll_up_probe(kept)
    old = _some(5, FIRST - timedelta(days=200), 50, late=timedelta(days=201, hours=10))
    store(kept, old, FIRST + timedelta(hours=100))
    done = roll_up_probe(kept)
    assert done.until is not None
    _assert_true(kept, live + old, done.until)


def test_many_small_runs_with_delays_and_repeats_equal_one(kept: Database) -> None:
    chance = random.Random(6)
    readings = _some(7, FIRST, 60)
    arriving = [
        replace(reading, received_at=reading.ts + chance.choice([0, 1, 30, 500]) * MINUTE) for reading in readings
    ]
    arriving.sort(key=lambda r: r.received_at)
    until = None
    for place in range(0, len(arriving), 40):
        batch = arriving[place : place + 40]
        store(kept, [*batch, *arriving[max(0, place - 5) : place]], batch[-1].received_at)
        until = roll_up_probe(kept).until
    store(kept, [], FIRST + timedelta(hours=90))
    until = roll_up_probe(kept).until
    assert until is not None
    _assert_true(kept, arriving, until)


def test_negative_control_what_lies_behind_the_watermark_is_not_found(kept: Database) -> None:
    """The watermark decides: a row that claims to have arrived before it, but comes after, is missed by the run."""
    live = _some(8, FIRST, 60)
    now = FIRST + timedelta(hours=61)
    store(kept, live, now)
    roll_up_probe(kept)
    hidden = Reading(1, FIRST + MINUTE, now - MINUTE, 1, 3.0)
    store(kept, [hidden], now + timedelta(hours=3))
    until = roll_up_probe(kept).until
    assert until is not None
    with pytest.raises(AssertionError):
        _assert_true(kept, [*live, hidden], until)


def test_without_a_word_from_ingest_nothing_is_rolled_up(kept: Database) -> None:
    store(kept, _some(9, FIRST, 5))
    assert roll_up_probe(kept).until is None
    assert table(kept, Span.HOURLY) == {}


def test_the_slowest_shard_decides(kept: Database) -> None:
    now = FIRST + timedelta(hours=61)
    store(kept, _some(10, FIRST, 60), now)
    slow = FIRST + timedelta(hours=20) + GRACE
    with psycopg.connect(kept.owner) as connection:
        connection.execute("INSERT INTO ingest_watermark (shard, at) VALUES ('slow', %s)", [slow])
    assert roll_up_probe(kept).until == FIRST + timedelta(hours=20)


def test_an_interrupted_run_leaves_whole_steps(kept: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = _some(11, FIRST, 96)
    store(kept, readings, FIRST + timedelta(hours=97))
    real, calls = module.roll_up_hours, []

    def breaks(*arguments: object) -> int:
        calls.append(arguments)
        made = real(*arguments)  # type: ignore[arg-type]
        if len(calls) == 3:
            raise RuntimeError("killed")
        return made

    monkeypatch.setattr(module, "roll_up_hours", breaks)
    with pytest.raises(RuntimeError, match="killed"):
        roll_up_probe(kept)
    monkeypatch.undo()
    done = roll_up_probe(kept)
    assert done.until is not None
    _assert_true(kept, readings, done.until)


def test_two_runs_at_once_are_refused(kept: Database) -> None:
    with (
        psycopg.connect(kept.owner, autocommit=True) as one,
        psycopg.connect(kept.owner, autocommit=True) as two,
        only_one(one),
        pytest.raises(KeepingBusyError),
        only_one(two),
    ):
        pass
    with psycopg.connect(kept.owner, autocommit=True) as two, only_one(two):
        pass


def test_a_day_that_begins_elsewhere_is_refused(kept: Database) -> None:
    store(kept, _some(12, FIRST, 30), FIRST + timedelta(hours=40))
    roll_up_probe(kept)
    with psycopg.connect(kept.owner) as connection:
        connection.execute("UPDATE roll_up_progress SET day_starts_at_hour = 12")
    with pytest.raises(ConfigurationError, match="put it back"):
        roll_up_probe(kept)
