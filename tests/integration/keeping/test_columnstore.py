"""Columns where the server has them, and the same answers with and without."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from fleet.plumbing.store.keeping.columnstore import has_columnstore, to_columnstore
from fleet.plumbing.store.keeping.tables import Span
from tests.fixtures.database import Database
from tests.integration.keeping.readings import Reading, roll_up_probe, store, table
from tests.integration.store.probe import PROBE, registry

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=60)


def _fill(database: Database) -> None:
    places = range(3000)
    moments = [START + place * timedelta(minutes=20) for place in places]
    store(database, [Reading(p % 7, at, at, p, p / 4, p % 3, p % 2 == 0) for p, at in enumerate(moments)], NOW)
    roll_up_probe(database)


def _rows(database: Database) -> list[tuple[object, ...]]:
    with psycopg.connect(database.owner) as connection:
        return connection.execute("SELECT * FROM reading_probe ORDER BY device_no, ts, boot, seq").fetchall()


def test_without_it_nothing_is_changed(kept: Database) -> None:
    with psycopg.connect(kept.owner, autocommit=True) as connection:
        if has_columnstore(connection):
            pytest.skip("this server has a columnstore: the other test of this file is for it")
        assert to_columnstore(connection, registry(PROBE), NOW) == 0


def test_the_same_answers_with_columns(kept: Database) -> None:
    with psycopg.connect(kept.owner, autocommit=True) as connection:
        if not has_columnstore(connection):
            pytest.skip(
                "needs TimescaleDB's Community edition (timescaledb.license = timescale); this is the Apache one"
            )
        _fill(kept)
        before = (_rows(kept), table(kept, Span.HOURLY), table(kept, Span.DAILY))
        assert to_columnstore(connection, registry(PROBE), NOW) > 5
    assert (_rows(kept), table(kept, Span.HOURLY), table(kept, Span.DAILY)) == before
    late = Reading(1, START + timedelta(hours=1), NOW + timedelta(minutes=1), 99_999, 3.0)
    store(kept, [late, late], NOW + timedelta(hours=1))
    assert roll_up_probe(kept).corrected == 1
    assert len(_rows(kept)) == len(before[0]) + 1
