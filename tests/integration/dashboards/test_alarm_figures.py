"""What the dashboard of alarms is told: care alarms are counted, and no device, hour or person can be read."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from dashboards.alarms import alarms
from dashboards.macros import ALL, expand
from dashboards.trial import ask, context_of
from tests.fixtures.database import Database, MakeDevice, MakePayer

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MORNING = datetime(2026, 11, 20, 6, 41, 7, tzinfo=UTC)
BOARD = alarms()


def rows_of(grafana: psycopg.Connection, key: str) -> list[tuple[object, ...]]:
    panel = next(panel for panel in BOARD.panels if panel.about.key == key)
    context = context_of(BOARD, NOW, {"payer": ALL, "device_class": ALL})
    return [tuple(row) for row in ask(grafana, expand(panel.queries[0].sql, context)).rows]


@pytest.fixture
def three_jams(database: Database, make_payer: MakePayer, make_device: MakeDevice) -> Database:
    """Sent after 1, 2 and 9 s; two of them taken after 60 and 120 s, at the first and second step; one known late."""
    payer = make_payer()
    with psycopg.connect(database.owner) as connection:
        for number, (sent, taken, step, late) in enumerate([(1, 60, 0, False), (2, 120, 1, False), (9, None, 0, True)]):
            device = make_device("dispenser", loan=(payer, "SoL"))
            connection.execute("UPDATE loan SET area = 'norr' WHERE device_no = %s", [device.device_no])
            row = connection.execute(
                "INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv,"
                " reason_en, happened_at, raised_at, late, taken_at, taken_by, verdict) VALUES (%s, 'jam', 'critical',"
                " true, 'care', 'Stopp', 'Jam', '', '', %s, %s, %s, %s, %s, %s) RETURNING alarm_id",
                [
                    device.device_no,
                    MORNING,
                    MORNING,
                    late,
                    None if taken is None else MORNING + timedelta(seconds=taken),
                    None if taken is None else "home-care",
                    "true" if number == 0 else None,
                ],
            ).fetchone()
            assert row is not None
            connection.execute(
                "INSERT INTO notification (alarm_id, kind, channel, state, first_sent_at)"
                " VALUES (%s, 'raised', 'webhook', 'sent', %s)",
                [row[0], MORNING + timedelta(seconds=sent)],
            )
            connection.execute(
                "INSERT INTO escalation_call (alarm_id, call_no, position, due_at, called_at, recipients, reason)"
                " VALUES (%s, 0, %s, %s, %s, '{home-care}', 'step')",
                [row[0], step, MORNING, MORNING],
            )
    return database


def test_care_alarms_are_counted_with_their_denominators(three_jams: Database) -> None:
    with psycopg.connect(three_jams.grafana, autocommit=True) as grafana:
        [figures] = rows_of(grafana, "figures")
        assert figures == ("3", "3 av 3", "0 av 0 med kvitto", "2 av 3", "1 av 3", "1 av 1 bedömda")
        assert rows_of(grafana, "reach") == [
            ("sent", 1.5, pytest.approx(1.95), pytest.approx(1.99), "2 av 2"),
            ("taken", 90.0, pytest.approx(117.0), pytest.approx(119.4), "2 av 2"),
        ]
        assert [(row[0], row[1], float(str(row[2])), row[3]) for row in rows_of(grafana, "steps")] == [
            ("Steg 1", 1, 50.0, "1 av 2"),
            ("Steg 2", 1, 50.0, "1 av 2"),
        ]
        [cause] = rows_of(grafana, "causes")
        assert cause[:4] == ("kommun-01", "norr", "Stopp", 3) or cause[1:4] == ("norr", "Stopp", 3)
        assert cause[-2:] == ("2 av 3", "1 av 1")


def test_neither_device_nor_hour_nor_person_can_be_read(three_jams: Database) -> None:
    with psycopg.connect(three_jams.grafana, autocommit=True) as grafana:
        cursor = grafana.execute("SELECT * FROM alarm_journeys('2026-11-01', '2026-12-01')")
        names = [column.name for column in cursor.description or ()]
        assert not {name for name in names if any(word in name for word in ("device_id", "number", "taken_by", "user"))}
        days = {row[0] for row in cursor.fetchall()}
        assert days == {datetime(2026, 11, 19, 23, tzinfo=UTC)}  # midnight in Sweden: the day and no more
        assert grafana.execute("SELECT count(*) FROM alarm WHERE audience = 'care'").fetchone() == (0,)
        for table in ("escalation_call", "canary_run", "recipient"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                grafana.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))


def test_no_other_role_that_serves_people_may_ask(three_jams: Database) -> None:
    with (
        psycopg.connect(three_jams.api, autocommit=True) as api,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        api.execute("SELECT * FROM alarm_journeys('2026-11-01', '2026-12-01')")
