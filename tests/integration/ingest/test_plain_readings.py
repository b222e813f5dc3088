"""Plain readings are copied in; what stands in the tables is what the long way would have put there."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.lots import Parted
from tests.fixtures.database import MakeDevice
from tests.integration.ingest.support import Desk, Site, delivery, now_milliseconds, reading

MINUTE = 60_000
SHAPES = (
    {"battery.soc": 80.25, "drive.time": 4.5, "drive.distance": 100, "drive.bouts": 2.5},
    {"battery.soc": 79.5},
    {"battery.charging": True, "drive.bout_longest": 3.5},
    {"battery.soc": None, "gateway.rssi": -88, "battery.charging": False},
    {"drive.bouts": 3, "seat.adjustments": 2},
)
STORED = (
    "SELECT ts, received_at, boot, seq, battery_soc, drive_time, drive_distance, drive_bouts, drive_bout_longest,"
    " battery_charging, gateway_rssi, seat_adjustments, unknown, clock_corrected"
    " FROM reading_wheelchair WHERE device_no = %s ORDER BY boot, seq"
)
PRESENT = (
    "SELECT boot, first_seen_at, last_seen_at, last_event_at, last_used_day, metric_values, latest_events"
    " FROM device_state WHERE device_no = %s"
)
USAGE = "SELECT local_day, measure, amount FROM usage_day WHERE device_no = %s ORDER BY 1, 2"


def messages(device_id: str, first_at: int) -> list[Any]:
    """Single readings and arrays, some days apart, the middle ones out of order."""
    readings = [
        reading(seq, SHAPES[seq % len(SHAPES)], ts=first_at + order * 400 * MINUTE, boot=1 + seq // 12)
        for order, seq in enumerate([1, 2, 5, 4, 3, 6, 7, 8, 9, 10, 11, 12, 13])
    ]
    bodies: list[Any] = [*readings[:6], readings[6:9], readings[9:]]
    return [delivery(device_id, body) for body in bodies]


def goes_the_long_way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def all_of_it(batch: Any, _: datetime) -> Parted:
        return Parted([], batch, {})

    monkeypatch.setattr(desk.writer, "_part", all_of_it)


async def test_both_ways_lead_to_the_same_rows(
    site: Site, make_device: MakeDevice, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick, slow = make_device("wheelchair", "pg-vr2"), make_device("wheelchair", "pg-vr2")
    first_at, now = now_milliseconds() - 6 * 24 * 60 * MINUTE, datetime.now(UTC)
    found: list[Callable[[int], list[tuple[Any, ...]]]] = [
        lambda number, question=question: site.ask(question, number)  # type: ignore[misc]
        for question in (STORED, PRESENT, USAGE)
    ]
    batch = messages(quick.device_id, first_at)
    assert not (await desk.writer._part([], now)).plain
    for start in (0, 4):
        await desk.take(*batch[start : start + 4], received_at=now)
    goes_the_long_way(desk, monkeypatch)
    other = messages(slow.device_id, first_at)
    for start in (0, 4):
        await desk.take(*other[start : start + 4], received_at=now)
    for look in found:
        assert look(quick.device_no) == look(slow.device_no)
        assert look(quick.device_no)


async def test_plain_readings_beside_others_are_stored_with_them_or_not_at_all(
    site: Site, make_device: MakeDevice, desk: Desk
) -> None:
    plain, odd = make_device("wheelchair", "pg-vr2"), make_device("wheelchair", "pg-vr2")
    batch = [
        delivery(plain.device_id, reading(1, {"drive.time": 5})),
        delivery(odd.device_id, reading(1, {"drive.time": 5, "nobody.knows": 1})),
        delivery(odd.device_id, reading(2, {"battery.soc": 1000})),
    ]
    (stored,) = await desk.take(*batch)
    assert stored.readings == {"wheelchair": 2}
    assert stored.rejected.total() == 1
    (again,) = await desk.take(*batch, delivery(plain.device_id, reading(2, {"drive.time": 5})))
    assert (again.repeated, again.readings) == (2, {"wheelchair": 1})
    assert site.one("SELECT sum(amount) FROM usage_day WHERE measure = 'drive_minutes'") == 15
