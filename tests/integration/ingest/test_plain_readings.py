"""Plain readings are copied in; what stands in the tables is what the long way would have put there."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.lots import Parted
from tests.fixtures.database import MakeDevice
from tests.integration.ingest.support import PLAIN_SCALE, Desk, Site, delivery, now_milliseconds, reading

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
    "SELECT boot, first_seen_at, last_seen_at, last_event_at, last_used_day, present_values(metric_values, told),"
    " latest_events FROM device_state WHERE device_no = %s"
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


async def test_the_present_keeps_what_a_newer_reading_does_not_tell(
    site: Site, make_device: MakeDevice, desk: Desk
) -> None:
    """Two classes in each batch, so that what one tells is never taken for what the other must."""
    chair, scale = make_device("wheelchair", "pg-vr2"), make_device("scale", PLAIN_SCALE)
    at = now_milliseconds() - 10 * MINUTE
    told: list[tuple[dict[str, float], dict[str, float]]] = [
        ({"battery.soc": 80, "drive.time": 5, "gateway.rssi": -60}, {"body.weight": 81}),
        ({"battery.soc": 79, "drive.time": 5}, {"body.weight": 82, "gateway.rssi": -70}),
        ({"battery.soc": 78, "drive.time": 4, "gateway.rssi": -61}, {"body.weight": 83}),
        ({"drive.time": 3}, {"body.weight": 84, "gateway.rssi": -71}),
        ({"battery.soc": 77, "drive.time": 2, "gateway.rssi": -62}, {"body.weight": 85, "gateway.rssi": -72}),
    ]
    expected: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    for step, pair in enumerate(told, 1):
        ts = at + step * MINUTE
        await desk.take(
            *(
                delivery(device.device_id, reading(step, values, ts=ts))
                for device, values in zip((chair, scale), pair, strict=True)
            )
        )
        for device, values, known in zip((chair, scale), pair, expected, strict=True):
            known |= {key: [value, ts] for key, value in values.items()}
            present = "SELECT present_values(metric_values, told) FROM device_state WHERE device_no = %s"
            assert site.one(present, device.device_no) == known, step
    late = at + MINUTE + 1
    await desk.take(delivery(chair.device_id, reading(9, {"battery.soc": 5, "drive.bouts": 6}, ts=late)))
    assert site.one(present, chair.device_no) == expected[0] | {"drive.bouts": [6, late]}
    now = at + 9 * MINUTE
    await desk.take(delivery(chair.device_id, reading(10, {"battery.soc": 4}, ts=now)))
    assert site.one(present, chair.device_no) == expected[0] | {"drive.bouts": [6, late], "battery.soc": [4, now]}
    assert site.one("SELECT metric_values ? 'battery.soc' FROM device_state WHERE device_no = %s", chair.device_no) is (
        False
    ), "what is told stands once"


async def test_use_grows_where_a_day_has_begun_and_begins_where_it_has_not(
    site: Site, make_device: MakeDevice, desk: Desk
) -> None:
    chairs = [make_device("wheelchair", "pg-vr2") for _ in range(3)]
    for seq, speaking in enumerate((chairs[:1], chairs[:2], chairs, chairs[2:]), 1):
        drive = reading(seq, {"drive.distance": 100, "drive.bout_longest": seq})
        stored = await desk.take(*(delivery(chair.device_id, drive) for chair in speaking))
        assert len(stored) == 1, "it had to be taken apart"
    for measure, amounts in (("distance", [300, 200, 200]), ("longest_bout", [3, 3, 4])):
        found = site.ask("SELECT amount FROM usage_day WHERE measure = %s ORDER BY device_no", measure)
        assert [amount for (amount,) in found] == amounts
