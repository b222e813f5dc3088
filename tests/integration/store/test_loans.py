"""The loan as the boundary of data: at the instant, on the day, at return, for alarms that must not be inherited."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from fleet.clock import to_milliseconds
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience
from tests.fixtures.database import Database, Payer, add_device, add_payer, lend_device, return_device
from tests.integration.store.probe import CLASS, MODEL, PROBE, registry
from tests.integration.store.sight import set_scope

START = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
BOTH = frozenset({"HSL", "SoL"})


@pytest.fixture
def store(database: Database) -> Database:
    migrate(database.owner, registry(PROBE))
    return database


@pytest.fixture
def first(store: Database) -> Payer:
    return add_payer(store, "first")


@pytest.fixture
def second(store: Database) -> Payer:
    return add_payer(store, "second")


def _see(database: Database, payer: Payer | None, query: str) -> list[Any]:
    scope = Scope(
        payers=None if payer is None else frozenset({payer.payer_id}), frames=BOTH, audiences=frozenset(Audience)
    )
    with psycopg.connect(database.api) as connection:
        set_scope(connection, scope)
        rows = connection.execute(query.encode()).fetchall()
    return sorted(row[0] if len(row) == 1 else row for row in rows)


def _do(database: Database, statement: str, *values: object) -> None:
    with psycopg.connect(database.owner) as connection:
        connection.execute(statement.encode(), values)


def _read(database: Database, number: int, at: datetime, seq: int) -> None:
    _do(
        database,
        "INSERT INTO reading_probe (device_no, ts, received_at, boot, seq, body_weight) VALUES (%s, %s, %s, 1, %s, 70)",
        *(number, at, at, seq),
    )


def test_a_reading_belongs_to_the_loan_that_was_open_when_it_happened(
    store: Database, first: Payer, second: Payer
) -> None:
    device = add_device(store, CLASS, MODEL, loan=(first, "HSL", START - timedelta(days=30)))
    _read(store, device.device_no, START - INSTANT, 1)
    assert _see(store, first, "SELECT seq FROM reading_probe_clinical") == [1]
    return_device(store, device.device_no, START)
    lend_device(store, device.device_no, second, "HSL", START)
    _read(store, device.device_no, START, 2)
    assert _see(store, first, "SELECT seq FROM reading_probe_clinical") == []
    assert _see(store, second, "SELECT seq FROM reading_probe_clinical") == [2]
    assert _see(store, None, "SELECT seq FROM reading_probe_clinical") == [1, 2]


def _standing(values: dict[str, list[int]], *, aside: bool) -> tuple[Jsonb, str | None]:
    """Values as known of a device; or as told last, beside some that are known of the same metrics and older."""
    if not aside:
        return Jsonb(values), None
    return Jsonb({key: [1, 0] for key in values}), json.dumps(values)


@pytest.mark.parametrize("aside", [False, True], ids=["known", "told last"])
def test_late_data_of_the_previous_borrower_stays_with_him(
    store: Database, first: Payer, second: Payer, *, aside: bool
) -> None:
    device = add_device(store, CLASS, MODEL, loan=(first, "HSL", START - timedelta(days=30)))
    return_device(store, device.device_no, START - timedelta(days=1))
    lend_device(store, device.device_no, second, "HSL", START)
    late = START - timedelta(days=3)
    _read(store, device.device_no, late, 1)
    values = {"body.weight": [70, to_milliseconds(late)], "battery.soc": [5, to_milliseconds(START)]}
    _do(
        store,
        "INSERT INTO device_state (device_no, metric_values, told, latest_events, last_event_at)"
        " VALUES (%s, %s, %s, %s, %s)",
        *(device.device_no, *_standing(values, aside=aside), Jsonb({"care_event": to_milliseconds(late)}), late),
    )
    seen = "SELECT metric_values, latest_events, last_event_at FROM device_state_seen"
    assert _see(store, second, "SELECT seq FROM reading_probe_clinical") == []
    assert _see(store, second, seen) == [({"battery.soc": [5, to_milliseconds(START)]}, {}, None)]
    assert list(_see(store, None, seen)[0][0]) == ["battery.soc", "body.weight"]


def test_a_device_follows_its_open_loan_through_everything(store: Database, first: Payer, second: Payer) -> None:
    device = add_device(store, CLASS, MODEL)
    mirror = "SELECT stock_state, payer_id, legal_frame, loan_started_at, earlier_loan_ended_at FROM device"
    assert _see(store, None, mirror) == [("in_stock", None, None, None, None)]
    lend_device(store, device.device_no, first, "HSL", START)
    assert _see(store, None, mirror) == [("on_loan", first.payer_id, "HSL", START, None)]
    _do(store, "UPDATE loan SET started_at = %s", START + timedelta(hours=1))
    assert _see(store, None, mirror) == [("on_loan", first.payer_id, "HSL", START + timedelta(hours=1), None)]
    end = START + timedelta(days=2)
    return_device(store, device.device_no, end)
    assert _see(store, None, mirror) == [("in_stock", None, None, None, end)]
    _do(store, "UPDATE device SET stock_state = 'reconditioning'")
    lend_device(store, device.device_no, second, "SoL", end)
    assert _see(store, None, mirror) == [("on_loan", second.payer_id, "SoL", end, end)]
    _do(store, "DELETE FROM loan WHERE ended_at IS NULL")
    assert _see(store, None, mirror) == [("in_stock", None, None, None, end)]


def test_a_loan_moved_to_another_device_is_mirrored_on_both(store: Database, first: Payer) -> None:
    wrong = add_device(store, CLASS, MODEL, loan=(first, "HSL", START), individual_number="wrong")
    right = add_device(store, CLASS, MODEL, individual_number="right")
    _do(store, "UPDATE loan SET device_no = %s WHERE device_no = %s", right.device_no, wrong.device_no)
    assert _see(store, first, "SELECT individual_number FROM device") == ["right"]


def test_two_loans_of_a_device_cannot_overlap(store: Database, first: Payer, second: Payer) -> None:
    device = add_device(store, CLASS, MODEL, loan=(first, "HSL", START))
    with pytest.raises(psycopg.errors.ExclusionViolation):
        lend_device(store, device.device_no, second, "HSL", START + timedelta(days=1))


def test_the_day_of_a_change_is_shown_to_neither_new_nor_old(store: Database, first: Payer, second: Payer) -> None:
    device = add_device(store, CLASS, MODEL, loan=(first, "HSL", START - timedelta(days=30)))
    for day in (9, 10, 11):
        _do(store, "INSERT INTO usage_day VALUES (%s, %s, 'doses', 1)", device.device_no, date(2026, 3, day))
    return_device(store, device.device_no, START)
    lend_device(store, device.device_no, second, "HSL", START + timedelta(hours=2))
    assert _see(store, second, "SELECT local_day FROM usage_day") == [date(2026, 3, 11)]
    assert _see(store, first, "SELECT local_day FROM usage_day") == []
    assert len(_see(store, None, "SELECT local_day FROM usage_day")) == 3


def test_the_first_day_of_a_first_loan_is_shown(store: Database, first: Payer) -> None:
    device = add_device(store, CLASS, MODEL, loan=(first, "HSL", START))
    for day in (9, 10):
        _do(store, "INSERT INTO usage_day VALUES (%s, %s, 'doses', 1)", device.device_no, date(2026, 3, day))
    assert _see(store, first, "SELECT local_day FROM usage_day") == [date(2026, 3, 10)]


@pytest.mark.parametrize(
    ("started", "ended", "hour", "seen"),
    [
        # 29 March 2026 is 23 hours long in Sweden: it begins 28 March 23:00 UTC and ends 29 March 22:00 UTC.
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), None, 0, True),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), None, 0, False),
        (datetime(2026, 3, 29, 12, 0, tzinfo=UTC), datetime(2026, 3, 28, 23, 0, tzinfo=UTC), 0, True),
        (datetime(2026, 3, 29, 12, 0, tzinfo=UTC), datetime(2026, 3, 28, 23, 1, tzinfo=UTC), 0, False),
        # The night of 29 March, from noon to noon: 29 March 10:00 UTC to 30 March 10:00 UTC.
        (datetime(2026, 3, 30, 9, 59, tzinfo=UTC), None, 12, True),
        (datetime(2026, 3, 30, 10, 0, tzinfo=UTC), None, 12, False),
        (datetime(2026, 3, 29, 11, 0, tzinfo=UTC), datetime(2026, 3, 29, 10, 0, tzinfo=UTC), 12, True),
        (datetime(2026, 3, 29, 11, 0, tzinfo=UTC), datetime(2026, 3, 29, 10, 1, tzinfo=UTC), 12, False),
        (None, None, 0, None),
    ],
)
def test_a_day_is_in_a_loan_by_the_swedish_clock(
    world: Database, started: datetime | None, ended: datetime | None, hour: int, seen: bool | None
) -> None:
    with psycopg.connect(world.api) as connection:
        row = connection.execute(
            "SELECT day_in_loan(date '2026-03-29', %s::integer, %s::timestamptz, %s::timestamptz)",
            [hour, started, ended],
        ).fetchone()
    assert row == (seen,)


def _raise_alarm(database: Database, number: int, audience: str, at: datetime) -> None:
    _do(
        database,
        """
        WITH made AS (
            INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en,
                               happened_at, raised_at)
            VALUES (%s, %s, 'high', true, %s, '', '', '', '', %s, %s) RETURNING alarm_id)
        INSERT INTO notification (alarm_id, kind, channel) SELECT alarm_id, 'raised', 'webhook' FROM made
        """,
        *(number, f"{audience}_silence", audience, at, at),
    )


def test_at_return_alarms_are_settled_told_and_judged_afresh(store: Database, first: Payer, second: Payer) -> None:
    device = add_device(store, CLASS, MODEL, loan=(first, "HSL", START - timedelta(days=30)))
    for audience in Audience:
        _raise_alarm(store, device.device_no, audience, START - timedelta(days=2))
    _do(store, "INSERT INTO rule_hold VALUES (%s, 'technical_silence', now())", device.device_no)
    return_device(store, device.device_no, START)
    lend_device(store, device.device_no, second, "HSL", START)
    assert _see(store, second, "SELECT rule FROM alarm") == []
    assert _see(store, None, "SELECT DISTINCT cleared_at, cleared_why FROM alarm") == [(START, "the loan ended")]
    with psycopg.connect(store.worker) as connection:
        told = connection.execute("SELECT kind, count(*) FROM notification GROUP BY kind ORDER BY kind").fetchall()
        due = connection.execute("SELECT device_no FROM evaluation_due").fetchall()
        holds = connection.execute("SELECT count(*) FROM rule_hold").fetchone()
    assert (told, due, holds) == ([("cleared", 3), ("raised", 3)], [(device.device_no,)], (0,))
    _raise_alarm(store, device.device_no, "care", START + timedelta(minutes=1))
    assert _see(store, second, "SELECT rule FROM alarm") == ["care_silence"]


@pytest.mark.parametrize("aside", [False, True], ids=["known", "told last"])
def test_at_return_the_present_keeps_its_technical_part_only(store: Database, first: Payer, *, aside: bool) -> None:
    device = add_device(store, CLASS, MODEL, loan=(first, "HSL", START - timedelta(days=30)))
    _do(
        store,
        "INSERT INTO device_state (device_no, boot, metric_values, told, latest_events, last_used_day, last_event_at)"
        " VALUES (%s, 3, %s, %s, %s, %s, %s)",
        device.device_no,
        *_standing({"body.weight": [70, 1], "battery.soc": [5, 1], "gone": [1, 1]}, aside=aside),
        *(Jsonb({"care_event": 1, "technical_event": 1}), START.date(), START),
    )
    return_device(store, device.device_no, START)
    with psycopg.connect(store.ingest) as connection:
        row = connection.execute(
            "SELECT boot, metric_values, told, latest_events, last_used_day, last_event_at FROM device_state"
        ).fetchone()
    assert row == (3, {"battery.soc": [5, 1]}, None, {"technical_event": 1}, None, None)


def test_history_entered_afterwards_disturbs_nothing(store: Database, first: Payer, second: Payer) -> None:
    device = add_device(store, CLASS, MODEL, loan=(second, "HSL", START))
    _raise_alarm(store, device.device_no, "care", START + timedelta(days=1))
    _do(
        store,
        "INSERT INTO loan (device_no, payer_id, legal_frame, started_at, ended_at) VALUES (%s, %s, 'HSL', %s, %s)",
        *(device.device_no, first.payer_id, START - timedelta(days=9), START - timedelta(days=2)),
    )
    assert _see(store, second, "SELECT cleared_at FROM alarm") == [None]
    assert _see(store, second, "SELECT earlier_loan_ended_at FROM device") == [START - timedelta(days=2)]
