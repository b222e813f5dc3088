"""What goes, what stays, and that nothing goes before its roll-up holds it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from fleet.errors import ConfigurationError
from fleet.plumbing.store.keeping.limits import Dropped, Retention
from fleet.plumbing.store.keeping.retention import retain
from fleet.plumbing.store.keeping.tables import Span
from tests.fixtures.database import Database, add_device
from tests.integration.keeping.readings import Reading, roll_up_probe, store, table, truth
from tests.integration.store.probe import PROBE, registry

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SHORT = Retention(readings_days=30)


def _retain(
    database: Database, retention: Retention = SHORT, now: datetime = NOW, **options: bool
) -> dict[str, Dropped]:
    with psycopg.connect(database.owner, autocommit=True) as connection:
        done = retain(connection, registry(PROBE), retention, now, **options)
    return {entry.what: entry for entry in done}


def _ask(database: Database, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.owner) as connection:
        return connection.execute(query.encode(), values).fetchall()


def _readings(days: int = 100) -> list[Reading]:
    moments = [NOW - place * DAY for place in range(days, 0, -1)]
    return [Reading(1, at, at, place, place / 4, place) for place, at in enumerate(moments)]


def _oldest_raw(database: Database) -> datetime:
    found: datetime = _ask(database, "SELECT min(ts) FROM reading_probe")[0][0]
    return found


def test_raw_readings_go_and_their_hours_and_days_stay(kept: Database) -> None:
    readings = _readings()
    store(kept, readings, NOW)
    roll_up_probe(kept)
    told = _retain(kept, dry_run=True)["reading_probe"]
    assert _oldest_raw(kept) == readings[0].ts
    done = _retain(kept)["reading_probe"]
    assert done == told
    assert done.chunks == 10
    assert NOW - 37 * DAY <= _oldest_raw(kept) <= NOW - 30 * DAY
    assert table(kept, Span.HOURLY) == truth(readings, Span.HOURLY, NOW - timedelta(hours=1))
    assert "reading_probe" not in _retain(kept)


def test_nothing_goes_before_it_is_rolled_up(kept: Database) -> None:
    store(kept, _readings(), NOW)
    done = _retain(kept)["reading_probe"]
    assert (done.chunks, len(done.kept)) == (0, 1)
    assert "not rolled up yet" in done.kept[0]
    assert _oldest_raw(kept) == NOW - 100 * DAY


def test_a_roll_up_that_does_not_hold_everything_is_mended_first(kept: Database) -> None:
    """A row that came behind the watermark, which the roll-up could not know of."""
    readings = _readings()
    store(kept, readings, NOW)
    roll_up_probe(kept)
    hidden = Reading(2, readings[3].ts, readings[3].ts, 999, 1.0, 1)
    store(kept, [hidden])
    assert "its hours do not hold" in _retain(kept, dry_run=True)["reading_probe"].kept[0]
    assert _retain(kept)["reading_probe"].chunks == 10
    assert table(kept, Span.HOURLY) == truth([*readings, hidden], Span.HOURLY, NOW - timedelta(hours=1))


def test_late_data_for_what_was_dropped_is_added_once_and_goes_too(kept: Database) -> None:
    readings = _readings()
    store(kept, readings, NOW)
    roll_up_probe(kept)
    _retain(kept)
    later = NOW + DAY
    late = [
        Reading(1, readings[5].ts + timedelta(minutes=3), NOW + timedelta(hours=2), 2000, 50.0, 7),
        Reading(3, readings[6].ts, NOW + timedelta(hours=2), 2001, 2.0, 1, lid=True),
    ]
    store(kept, late, later)
    assert "readings have just arrived" in _retain(kept)["reading_probe"].kept[0]
    assert roll_up_probe(kept).corrected == 2
    hours = table(kept, Span.HOURLY)
    expected = truth([*readings, *late], Span.HOURLY, later - timedelta(hours=1))
    # The last value of an hour whose readings are gone stays what it was: see `statements.merged`.
    hour = (1, readings[5].ts)
    assert hours[hour][:5] == expected[hour][:5]
    assert {k: v for k, v in hours.items() if k != hour} == {k: v for k, v in expected.items() if k != hour}
    assert roll_up_probe(kept).corrected == 0
    assert _retain(kept)["reading_probe"].chunks == 1
    assert table(kept, Span.HOURLY) == hours
    assert sum(row[0] for row in table(kept, Span.DAILY).values()) == 102


def test_a_hold_keeps_everything_from_then_on(kept: Database) -> None:
    store(kept, _readings(), NOW)
    roll_up_probe(kept)
    held = Retention(readings_days=30, hold_from=NOW - 80 * DAY)
    done = _retain(kept, held)["reading_probe"]
    assert done.chunks > 0
    assert NOW - 87 * DAY <= _oldest_raw(kept) <= NOW - 80 * DAY
    assert "reading_probe" not in _retain(kept, held)


_ROWS = """
    INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en,
                       happened_at, raised_at, cleared_at)
    VALUES (%(no)s, 'open', 'info', false, 'care', '', '', '', '', %(old)s, %(old)s, NULL),
           (%(no)s, 'told', 'info', false, 'care', '', '', '', '', %(old)s, %(old)s, %(old)s),
           (%(no)s, 'waits', 'info', false, 'care', '', '', '', '', %(old)s, %(old)s, %(old)s),
           (%(no)s, 'new', 'info', false, 'care', '', '', '', '', %(old)s, %(old)s, %(new)s);
    INSERT INTO notification (alarm_id, kind, channel, state)
    SELECT alarm_id, 'raised', 'test', CASE rule WHEN 'waits' THEN 'pending' ELSE 'sent' END FROM alarm;
    INSERT INTO device_fault (device_no, system, code, raised_at, last_seen_at, known_at, cleared_at, source)
    VALUES (%(no)s, 's', 'open', %(old)s, %(old)s, %(old)s, NULL, 'event'),
           (%(no)s, 's', 'gone', %(old)s, %(old)s, %(old)s, %(old)s, 'event');
    INSERT INTO command (device_no, counter, name, level, state, requested_by, idempotency_key, created_at, expires_at)
    VALUES (%(no)s, 1, 'x', 'read', 'succeeded', 'x', '1', %(old)s, %(old)s),
           (%(no)s, 2, 'x', 'read', 'queued', 'x', '2', %(old)s, %(old)s),
           (%(no)s, 3, 'x', 'read', 'failed', 'x', '3', %(old)s, %(old)s);
    INSERT INTO command_transition (command_id, state) SELECT command_id, 'queued' FROM command;
    INSERT INTO audit (at, actor, role, care_unit, action, device_no) VALUES (%(old)s, 'x', 'x', 'x', 'old', %(no)s),
           (%(new)s, 'x', 'x', 'x', 'new', %(no)s);
    INSERT INTO quarantine (topic, device_no, reason, advice, payload, payload_bytes, payload_sha256, received_at,
                            last_at)
    VALUES ('old', %(no)s, '', '', '', 0, '', %(old)s, %(old)s), ('again', %(no)s, '', '', '', 0, '', %(old)s, %(new)s);
    INSERT INTO clock_correction VALUES (%(no)s, 1, 1, 0, %(old)s), (%(no)s, 1, 2, 0, %(new)s);
    INSERT INTO usage_day VALUES (%(no)s, %(old)s::date, 'm', 1), (%(no)s, %(new)s::date, 'm', 1);
    INSERT INTO device_event (device_no, ts, received_at, boot, seq, event, audience, data)
    VALUES (%(no)s, %(old)s, %(old)s, 1, 1, 'e', 'care', '{}'), (%(no)s, %(new)s, %(new)s, 1, 2, 'e', 'care', '{}')
"""
_LEFT = """
    SELECT 'alarm', rule FROM alarm
    UNION ALL SELECT 'notification', a.rule FROM notification JOIN alarm a USING (alarm_id)
    UNION ALL SELECT 'fault', code FROM device_fault UNION ALL SELECT 'command', counter::text FROM command
    UNION ALL SELECT 'transition', c.counter::text FROM command_transition JOIN command c USING (command_id)
    UNION ALL SELECT 'audit', action FROM audit UNION ALL SELECT 'quarantine', topic FROM quarantine
    UNION ALL SELECT 'clock', seq::text FROM clock_correction UNION ALL SELECT 'event', seq::text FROM device_event
    UNION ALL SELECT 'usage', 'x' FROM usage_day ORDER BY 1, 2
"""


def test_what_is_open_or_pending_or_new_stays(kept: Database) -> None:
    number = add_device(kept, "scale").device_no
    with psycopg.connect(kept.owner, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(_ROWS.encode(), {"no": number, "old": NOW - 5000 * DAY, "new": NOW - DAY})
    before = _ask(kept, _LEFT)
    told = _retain(kept, Retention(), dry_run=True)
    assert _ask(kept, _LEFT) == before
    done = _retain(kept, Retention())
    assert {what: entry.rows for what, entry in told.items() if what not in {"alarm", "command"}} == {
        what: entry.rows for what, entry in done.items() if what not in {"alarm", "command"}
    }
    assert _ask(kept, _LEFT) == [
        *[("alarm", rule) for rule in ("new", "open", "waits")],
        ("audit", "new"),
        ("clock", "2"),
        *[("command", counter) for counter in ("2", "3")],
        ("event", "2"),
        ("fault", "open"),
        *[("notification", rule) for rule in ("new", "open", "waits")],
        ("quarantine", "again"),
        *[("transition", counter) for counter in ("2", "3")],
        ("usage", "x"),
    ]
    assert _retain(kept, Retention()) == {}


_HOLD = """
    INSERT INTO incident_hold (device_no, reason, placed_by, placed_role)
    SELECT device_no, 'it moved', 'x', 'carer' FROM device
"""
_LIFT = """
    UPDATE incident_hold SET lift_asked_at = now(), lift_asked_by = 'x', lift_asked_role = 'carer',
           lift_asked_holder = 'x', lift_reason = 'looked at', lifted_at = now(), lifted_by = 'y',
           lifted_role = 'technician', lifted_holder = 'y'
"""


def test_an_incident_hold_stops_retention_for_its_device_until_it_is_lifted(kept: Database) -> None:
    """The same rows go when nothing holds the device any more: the hold is what kept them."""
    number = add_device(kept, "scale").device_no
    with psycopg.connect(kept.owner, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(_ROWS.encode(), {"no": number, "old": NOW - 5000 * DAY, "new": NOW - DAY})
        connection.execute(_HOLD.encode())
    before = _ask(kept, _LEFT)
    _retain(kept, Retention())
    gone = set(before) - set(_ask(kept, _LEFT))
    assert gone == {("event", "1")}, "a chunk goes as a whole"
    assert _ask(kept, "SELECT source, seq FROM held_row") == [("device_event", 1)], "and what it held is kept"
    with psycopg.connect(kept.owner) as connection:
        connection.execute(_LIFT.encode())
    assert {what for what, entry in _retain(kept, Retention()).items() if entry.rows} >= {
        *("alarm", "audit", "clock_correction", "command", "command_transition", "device_fault", "notification"),
        *("quarantine", "usage_day"),
    }


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"audit_days": 400}, "five years"),
        ({"readings_days": 3}, "outbox"),
        ({"hourly_days": 300}, "late readings"),
        ({"hourly_days": 4000}, "daily_days"),
        ({"clock_corrections_days": 100}, "redeliveries"),
        ({"quarantine_days": 0}, "a day is the least"),
    ],
)
def test_limits_that_would_lose_something_are_refused(limits: dict[str, int], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        Retention(**limits)  # type: ignore[arg-type]  # one more field is a datetime
