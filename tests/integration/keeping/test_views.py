"""Who sees hourly and daily values: exactly who sees the readings, and no bucket that tells of two loans."""

from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
import pytest
from psycopg import sql

from fleet.plumbing.store.keeping.tables import Span
from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.store.sight import Difference, all_scopes, compare, set_scope
from tests.integration.store.world import AGES, DEVICES, OPEN, Entry, build_world

_COLUMNS = {Audience.TECHNICAL: "battery_soc", Audience.CARE: "dose_count", Audience.CLINICAL: "body_weight"}
_PERIOD: Final = """
    CASE WHEN bucket > now() - interval '15 days' THEN 'open' WHEN bucket > now() - interval '28 days' THEN 'between'
         ELSE 'earlier' END
"""


def _query(span: Span) -> str:
    one = sql.SQL("SELECT device_id, bucket, {}::text AS audience FROM {}")
    parts = (one.format(str(audience), sql.Identifier(f"{span}_probe_{audience}")) for audience in Audience)
    whole = sql.SQL("SELECT device_id || '/' || {} || '/' || audience FROM ({}) AS seen")
    return whole.format(sql.SQL(_PERIOD), sql.SQL(" UNION ALL ").join(parts)).as_string(None)


def _insert(owner: psycopg.Connection, span: Span, device_no: int, bucket: datetime, audience: Audience) -> None:
    names = [f"{_COLUMNS[audience]}__{name}" for name in ("count", "last")]
    owner.execute(
        sql.SQL("INSERT INTO {} (device_no, bucket, readings, {}, {}) VALUES (%s, %s, 1, 1, 1)").format(
            sql.Identifier(f"{span}_probe"), *map(sql.Identifier, names)
        ),
        [device_no, bucket],
    )


@pytest.fixture
def entries(kept: Database) -> list[Entry]:
    """The world, with an hourly and a daily value where it has a reading."""
    now = datetime.now(UTC)
    entries = build_world(kept.owner, now)
    with psycopg.connect(kept.owner) as owner:
        numbers: dict[str, int] = dict(owner.execute("SELECT device_id, device_no FROM device").fetchall())
        for device in DEVICES:
            for period in device.periods:
                for place, audience in enumerate(Audience):
                    at = now - AGES[period] + timedelta(seconds=place)
                    for span in Span:
                        _insert(owner, span, numbers[device.name], at, audience)
    return entries


def _differences(database: Database, entries: list[Entry], span: Span) -> list[Difference]:
    found: list[Difference] = []
    with psycopg.connect(database.api) as connection:
        for scope in all_scopes():
            set_scope(connection, scope)
            found += compare(connection, _query(span), "reading", entries, scope)
            connection.rollback()
    return found


@pytest.mark.parametrize("span", list(Span))
def test_as_the_readings(kept: Database, entries: list[Entry], span: Span) -> None:
    assert _differences(kept, entries, span) == []


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("r.bucket >= d.loan_started_at", "true"),
        ("ANY (( SELECT scope_audiences()", "ANY (( SELECT ARRAY['care'::text]"),
    ],
)
def test_negative_control_a_view_without_its_line_is_noticed(
    kept: Database, entries: list[Entry], line: str, instead: str
) -> None:
    with psycopg.connect(kept.superuser, autocommit=True) as connection:
        row = connection.execute("SELECT pg_get_viewdef('hourly_probe_care'::regclass)").fetchone()
        assert row is not None
        assert line in row[0]
        body = row[0].replace(line, instead)
        connection.execute(f"CREATE OR REPLACE VIEW hourly_probe_care WITH (security_barrier) AS {body}".encode())
    assert _differences(kept, entries, Span.HOURLY)


def test_a_bucket_into_which_the_earlier_loan_reached_is_not_seen(kept: Database, entries: list[Entry]) -> None:
    lent = next(device for device in DEVICES if device.open is not None)
    assert lent.open is not None
    payer, frame = lent.open
    with psycopg.connect(kept.owner) as owner:
        row = owner.execute(
            "SELECT device_no, loan_started_at FROM device WHERE device_id = %s", [lent.name]
        ).fetchone()
        assert row is not None
        number, started = row
        assert datetime.now(UTC) - started >= OPEN - timedelta(minutes=5)
        for bucket in (started - timedelta(minutes=1), started):
            _insert(owner, Span.HOURLY, number, bucket, Audience.TECHNICAL)
    with psycopg.connect(kept.api) as connection:
        set_scope(
            connection, Scope(payers=frozenset({payer}), frames=frozenset({frame}), audiences=frozenset(Audience))
        )
        seen = connection.execute(
            "SELECT bucket FROM hourly_probe_technical WHERE device_no = %s AND bucket BETWEEN %s AND %s",
            [number, started - timedelta(hours=1), started],
        ).fetchall()
    assert seen == [(started,)]


def test_grafana_and_the_api_cannot_reach_the_tables(kept: Database, entries: list[Entry]) -> None:
    for url in (kept.api, kept.grafana):
        with psycopg.connect(url, autocommit=True) as connection:
            for name in ("hourly_probe", "daily_probe", "roll_up_progress"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(name)))
    with psycopg.connect(kept.grafana, autocommit=True) as connection:
        assert connection.execute("SELECT FROM hourly_probe_technical").rowcount > 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT FROM hourly_probe_care")
