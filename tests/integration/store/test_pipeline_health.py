"""Is anything lost or late now, where, since when: the view over the minutes of ingest, as those who ask see it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from fleet.health import MEANINGS, Concern, Condition
from tests.fixtures.database import Database

_ROW = """
    INSERT INTO ingest_minute (shard, minute, lag_seconds, messages, stored, duplicates, redelivered, quarantined,
                               broker_dropped, held, connections_lost, sessions_lost, outbox_reports, outbox_messages,
                               outbox_most)
    VALUES ('ingest-0', date_trunc('minute', now()) - make_interval(mins => %(ago)s), %(lag)s, 1, 1, 0, 0, %(refused)s,
            %(dropped)s, %(held)s, 0, 0, 1, 1, %(most)s)
"""


class Desk:
    """Writes minutes as the owner, asks as the API."""

    def __init__(self, owner: psycopg.Connection, api: psycopg.Connection) -> None:
        self._owner, self._api = owner, api
        owner.execute("INSERT INTO ingest_watermark VALUES ('ingest-0', now())")

    def minutes(self, *ago: int, **changes: Any) -> None:
        for minutes in ago:
            quiet = {"lag": 1.0, "refused": Jsonb({}), "dropped": 0, "held": 0, "most": 3}
            self._owner.execute(_ROW, {"ago": minutes, **quiet, **changes})

    def minute(self, ago: int) -> datetime:
        row = self._owner.execute("SELECT date_trunc('minute', now()) - make_interval(mins => %s)", [ago]).fetchone()
        assert row is not None
        return row[0]  # type: ignore[no-any-return]

    def seen(self) -> dict[str, tuple[str, datetime | None, float | None]]:
        rows = self._api.execute("SELECT concern, state, since, amount FROM pipeline_health").fetchall()
        return {concern: (state, since, amount) for concern, state, since, amount in rows}


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with (
        psycopg.connect(database.owner, autocommit=True) as owner,
        psycopg.connect(database.api, autocommit=True) as api,
    ):
        yield Desk(owner, api)


def test_a_shard_that_never_wrote_a_minute_is_silent_and_nothing_else_is_known(desk: Desk) -> None:
    seen = desk.seen()
    assert {concern: state for concern, (state, _, _) in seen.items()} == {
        concern: Condition.NOW if concern == Concern.SILENT else Condition.UNKNOWN for concern in Concern
    }
    assert seen[Concern.SILENT][1] is not None


def test_quiet_minutes_are_well_and_every_concern_has_its_words(desk: Desk) -> None:
    desk.minutes(*range(6))
    assert {(concern, state) for concern, (state, _, _) in desk.seen().items()} == {(c, "well") for c in Concern}
    assert MEANINGS.keys() == set(Concern)


def test_what_is_wrong_now_says_since_when_and_how_much(desk: Desk) -> None:
    desk.minutes(7, 6, 5, 4)
    desk.minutes(3, 2, 1, 0, lag=40.0, dropped=10, refused=Jsonb({"not_json": 2, "too_large": 1}))
    seen = desk.seen()
    since = desk.minute(3)
    assert seen[Concern.LATE] == ("now", since, 40)
    assert seen[Concern.DROPPED] == ("now", since, 40)
    assert seen[Concern.REFUSED] == ("now", since, 12)
    assert seen[Concern.HELD][0] == "well"


def test_what_is_over_stays_to_be_seen_and_minutes_close_together_are_one_trouble(desk: Desk) -> None:
    desk.minutes(*range(90))
    desk.minutes(200, held=9)
    desk.minutes(120, held=1)
    desk.minutes(113, held=2)
    seen = desk.seen()
    assert seen[Concern.HELD] == ("over", desk.minute(120), 3)


def test_a_shard_that_fell_silent_hides_what_was_known(desk: Desk) -> None:
    desk.minutes(9, 8, 7)
    seen = desk.seen()
    assert seen[Concern.SILENT][:2] == ("now", desk.minute(7))
    assert seen[Concern.LATE][0] == seen[Concern.DROPPED][0] == "unknown"


def test_a_gap_that_is_over_is_told_too(desk: Desk) -> None:
    desk.minutes(30, 29, 3, 2, 1, 0)
    assert desk.seen()[Concern.SILENT] == ("over", desk.minute(29), 26 * 60)


def test_a_broker_that_does_not_say_what_it_dropped_is_not_well(desk: Desk) -> None:
    desk.minutes(2, 1, 0, dropped=None)
    assert desk.seen()[Concern.DROPPED][0] == "unknown"


def test_a_full_outbox_is_told(desk: Desk) -> None:
    desk.minutes(1, 0, most=1001)
    assert desk.seen()[Concern.PILED_UP] == ("now", desk.minute(1), 1001)
