"""The table of faults follows what happened, in whatever order it arrives."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet.registry import load_registry
from ingest.faults import Mark, unfold
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import Desk, Site, at, delivery, event, milliseconds

NOW = at("2026-11-22 12:00")
NOW_MS = milliseconds(NOW)
MINUTE = 60_000
ROWS = """SELECT (extract(epoch FROM raised_at) * 1000)::bigint, (extract(epoch FROM last_seen_at) * 1000)::bigint,
                 (extract(epoch FROM cleared_at) * 1000)::bigint, times, cleared_by, fault_code
            FROM device_fault WHERE device_no = %s ORDER BY raised_at"""
VR2 = {"system": "vr2", "code": "3"}


def code_of(system: str, code: str) -> str:
    faults = load_registry()["wheelchair"].faults_by_native
    return next(fault.code for native, fault in faults.items() if (native.system, native.code) == (system, code))


async def test_raised_again_and_cleared(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("wheelchair", "pg-vr2")
    for seq, (name, ago) in enumerate([("fault_raised", 9), ("fault_raised", 6), ("fault_cleared", 2)], 1):
        message = delivery(device.device_id, event(seq, name, VR2, ts=NOW_MS - ago * MINUTE), "event")
        await desk.take(message, received_at=NOW)
    assert site.ask(ROWS, device.device_no) == [
        (NOW_MS - 9 * MINUTE, NOW_MS - 6 * MINUTE, NOW_MS - 2 * MINUTE, 2, "device", code_of("vr2", "3"))
    ]
    assert site.one("SELECT count(*) FROM evaluation_due WHERE device_no = %s", device.device_no) == 1


async def test_a_repeated_event_counts_once(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("wheelchair", "pg-vr2")
    message = delivery(device.device_id, event(1, "fault_raised", VR2, ts=NOW_MS - MINUTE), "event")
    for _ in range(3):
        await desk.take(message, received_at=NOW)
    assert site.one("SELECT times FROM device_fault") == 1


async def test_a_report_that_comes_after_its_own_end_does_not_last(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("wheelchair", "pg-vr2")
    for seq, name, ago in ((2, "fault_cleared", 2), (1, "fault_raised", 9)):
        message = delivery(device.device_id, event(seq, name, VR2, ts=NOW_MS - ago * MINUTE), "event")
        await desk.take(message, received_at=NOW)
    (row,) = site.ask(ROWS, device.device_no)
    assert row[:3] == (NOW_MS - 9 * MINUTE, NOW_MS - 9 * MINUTE, NOW_MS - 2 * MINUTE)


async def test_an_unknown_code_is_kept_raw_with_all_it_came_with(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("wheelchair", "pg-vr2")
    data = {"system": "mystery", "code": 4711, "subcode": "a", "module": "left", "text": "smoke"}
    await desk.take(delivery(device.device_id, event(1, "fault_raised", data), "event"))
    assert site.ask("SELECT system, code, subcode, module, text, fault_code, source FROM device_fault") == [
        ("mystery", "4711", "a", "left", "smoke", None, "event")
    ]


async def test_the_same_code_of_two_modules_is_two_faults(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("wheelchair", "pg-vr2")
    for seq, module in enumerate(("left", "right"), 1):
        message = delivery(device.device_id, event(seq, "fault_raised", {**VR2, "module": module}), "event")
        await desk.take(message)
    await desk.take(delivery(device.device_id, event(3, "fault_cleared", {**VR2, "module": "left"}), "event"))
    assert site.ask("SELECT module, cleared_at IS NULL FROM device_fault ORDER BY 1") == [
        ("left", False),
        ("right", True),
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
async def test_any_order_and_grouping_of_arrival_gives_what_the_right_order_gives(
    site: Site, add_device: AddDevice, desk: Desk, seed: int
) -> None:
    lot = random.Random(seed)
    device = add_device("wheelchair", "pg-vr2")
    moments = sorted(lot.sample(range(1, 500), 12))
    marks = [
        Mark(NOW_MS - 600 * MINUTE + moment * MINUTE, 1, seq, lot.random() < 0.6, "event")
        for seq, moment in enumerate(moments, 1)
    ]
    messages = [
        delivery(
            device.device_id,
            event(mark.seq, "fault_raised" if mark.raised else "fault_cleared", VR2, ts=mark.at),
            "event",
        )
        for mark in marks
    ]
    lot.shuffle(messages)
    while messages:
        size = lot.randint(1, 4)
        await desk.take(*messages[:size], received_at=NOW)
        messages = messages[size:]
    found = [row[:4] for row in site.ask(ROWS, device.device_no)]
    assert found == [(e.raised_at, e.last_seen_at, e.cleared_at, e.times) for e in unfold(marks)]
