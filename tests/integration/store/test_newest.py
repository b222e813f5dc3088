"""newest_per_key and latest_per_key against a model in Python, for any data in any order."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.fixtures.database import Database

KEYS = st.sampled_from(["a", "b", "battery.soc", "ö"])
MOMENTS = st.integers(0, 2**53)
VALUES = st.one_of(st.booleans(), st.integers(-100, 100), st.floats(-1e6, 1e6, allow_nan=False))
SAMPLES = st.dictionaries(KEYS, st.tuples(VALUES, MOMENTS))
EVENTS = st.dictionaries(KEYS, MOMENTS)
ONE_CONNECTION = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)


@pytest.fixture
def connection(world: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(world.ingest, autocommit=True) as opened:
        yield opened


def _fold(connection: psycopg.Connection, function: str, parts: list[dict[str, Any]]) -> Any:
    folded: Any = {}
    for part in parts:
        row = connection.execute(f"SELECT {function}(%s, %s)".encode(), [Jsonb(folded), Jsonb(part)]).fetchone()
        assert row is not None
        folded = row[0]
    return folded


@ONE_CONNECTION
@given(parts=st.lists(SAMPLES, max_size=4))
def test_the_newest_value_of_each_key_stays(connection: psycopg.Connection, parts: list[dict[str, Any]]) -> None:
    model: dict[str, list[Any]] = {}
    for part in parts:
        for key, (value, moment) in part.items():
            if key not in model or model[key][1] <= moment:
                model[key] = [value, moment]
    assert _fold(connection, "newest_per_key", parts) == model


@ONE_CONNECTION
@given(data=st.data(), moments=st.lists(MOMENTS, min_size=1, max_size=6, unique=True))
def test_the_order_of_arrival_does_not_matter(
    connection: psycopg.Connection, data: st.DataObject, moments: list[int]
) -> None:
    parts = [{data.draw(KEYS): (data.draw(VALUES), moment)} for moment in moments]
    shuffled = data.draw(st.permutations(parts))
    assert _fold(connection, "newest_per_key", parts) == _fold(connection, "newest_per_key", shuffled)


@ONE_CONNECTION
@given(data=st.data(), parts=st.lists(EVENTS, max_size=5))
def test_the_latest_moment_of_each_event_stays(
    connection: psycopg.Connection, data: st.DataObject, parts: list[dict[str, int]]
) -> None:
    model = {key: max(part[key] for part in parts if key in part) for part in parts for key in part}
    assert _fold(connection, "latest_per_key", parts) == model
    assert _fold(connection, "latest_per_key", data.draw(st.permutations(parts))) == model
