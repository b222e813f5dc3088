"""Many devices at once that break and are mended, as ingest would have stored it."""

from datetime import UTC, datetime, timedelta

import psycopg

from fleet.plumbing.store.register import NewDevice, NewLoan, enroll_devices
from fleet.registry import load_registry
from fleet.rules import FaultActive
from tests.integration.diagnostics.conftest import Store, Town

CHAIR = load_registry()["wheelchair"]
JOYSTICK = next(rule for rule in CHAIR.rules if isinstance(rule, FaultActive) and rule.name == "joystick_fault")


def many_chairs(store: Store, town: Town, count: int) -> list[int]:
    now = datetime.now(UTC)
    loan = NewLoan(payer_id=town.payer.payer_id, legal_frame="HSL", started_at=now - timedelta(days=3))
    new = [
        NewDevice(device_class="wheelchair", model_key=CHAIR.models[0].key, individual_number=f"K-{number}", loan=loan)
        for number in range(count)
    ]
    with psycopg.connect(store.database.owner) as connection:
        numbers = [enrolled.device_no for enrolled in enroll_devices(connection, new, now)]
        connection.execute(
            "INSERT INTO device_state (device_no, first_seen_at, last_seen_at, metric_values, latest_events)"
            " SELECT unnest(%s::integer[]), now(), now(), '{}', '{}'",
            [numbers],
        )
    return numbers


def break_them(store: Store, numbers: list[int]) -> None:
    store.execute(
        "INSERT INTO device_fault (device_no, system, code, fault_code, raised_at, last_seen_at, known_at, source)"
        " SELECT unnest(%s::integer[]), 'vr2', '7', %s, now(), now(), now(), 'event'",
        numbers,
        JOYSTICK.faults[0],
    )
    mark(store, numbers)


def mend_them(store: Store, numbers: list[int]) -> None:
    store.execute(
        "UPDATE device_fault SET cleared_at = now(), cleared_by = 'device' WHERE device_no = ANY (%s::integer[])",
        numbers,
    )
    mark(store, numbers)


def mark(store: Store, numbers: list[int]) -> None:
    store.execute(
        "INSERT INTO evaluation_due SELECT unnest(%s::integer[]), clock_timestamp()"
        " ON CONFLICT (device_no) DO UPDATE SET since = excluded.since",
        numbers,
    )
