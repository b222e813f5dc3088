"""A whole fleet registered at once stands in the register as if each had been registered by itself."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from fleet.plumbing.store.mass_register import enroll_fleet
from fleet.plumbing.store.register import NewDevice, NewLoan, RegisterError, enroll_devices
from tests.fixtures.database import Database

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
KIND = ("wheelchair", "quantum-qlogic3")
SHOWN = """
    SELECT d.stock_state, d.payer_id, d.legal_frame, d.loan_started_at, d.enrolled_at, d.model_key,
           l.payer_id, l.legal_frame, l.started_at, l.ended_at
      FROM device d JOIN loan l USING (device_no) WHERE d.device_id = %s
"""


def loan(connection: psycopg.Connection) -> NewLoan:
    row = connection.execute(
        "INSERT INTO payer (code, name, kind) VALUES ('mass', 'Mass', 'region') RETURNING payer_id"
    ).fetchone()
    assert row is not None
    return NewLoan(payer_id=row[0], legal_frame="HSL", started_at=NOW - timedelta(days=30))


def test_many_at_once_stand_there_like_one_alone(database: Database) -> None:
    with psycopg.connect(database.owner) as connection:
        lent = loan(connection)
        alone = NewDevice(
            device_class=KIND[0], model_key=KIND[1], individual_number="ALONE", device_id="alone-1", loan=lent
        )
        enroll_devices(connection, [alone], NOW)
        numbers = enroll_fleet(connection, 50, lambda number: f"mass-{number}", *KIND, lent, NOW)
        assert len(set(numbers)) == 50
        assert connection.execute(SHOWN, ["mass-49"]).fetchone() == connection.execute(SHOWN, ["alone-1"]).fetchone()
        found = connection.execute("SELECT device_no FROM device WHERE device_id = 'mass-7'").fetchone()
        assert found == (numbers[7],)
        # The trigger of the register is at work again.
        connection.execute("UPDATE loan SET ended_at = now() WHERE device_no = %s", [numbers[7]])
        row = connection.execute("SELECT stock_state FROM device WHERE device_no = %s", [numbers[7]]).fetchone()
        assert row == ("in_stock",)


def test_an_id_that_is_taken_leaves_nothing_behind(database: Database) -> None:
    with psycopg.connect(database.owner) as connection:
        lent = loan(connection)
        enroll_fleet(connection, 3, lambda number: f"mass-{number}", *KIND, lent, NOW)
        with pytest.raises(RegisterError):
            enroll_fleet(connection, 5, lambda number: f"mass-{number + 2}", *KIND, lent, NOW)
        assert connection.execute("SELECT count(*) FROM device WHERE device_id LIKE 'mass-%'").fetchone() == (3,)
