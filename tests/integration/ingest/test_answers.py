"""Answers to commands: stored once, moving their command forward, reading the faults of a device."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from ingest.write.side import Side
from tests.fixtures.turns import counted
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import Desk, Site, delivery, event, now_milliseconds

COMMAND = "SELECT state, reason, result, answered_at IS NOT NULL, late FROM command WHERE command_id = %s"
VR2 = {"system": "vr2", "code": "3"}


def asked(site: Site, device_no: int, *, name: str = "read_faults", expires_in: float = 30, state: str = "sent") -> str:
    return str(
        site.change(
            """INSERT INTO command (device_no, counter, name, level, state, requested_by, idempotency_key, expires_at)
               VALUES (%s, (SELECT count(*) + 1 FROM command), %s, 'read', %s, 'test', gen_random_uuid()::text, %s)
               RETURNING command_id""",
            device_no,
            name,
            state,
            datetime.now(UTC) + timedelta(seconds=expires_in),
        )
    )


def answer(seq: int, command_id: str, status: str, *, ts: int | None = None, **more: Any) -> dict[str, object]:
    moment = now_milliseconds() if ts is None else ts
    return {"ts": moment, "boot": 1, "seq": seq, "command_id": command_id, "status": status, **more}


async def test_an_answer_ends_its_command_and_wakes_who_waits(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("wheelchair", "pg-vr2")
    command_id = asked(site, device.device_no, name="read_versions")
    with psycopg.connect(site.superuser_url, autocommit=True) as waiting:
        waiting.execute("LISTEN fjarrkoll_reply")
        for seq, status in enumerate(("delivered", "running"), 1):
            await desk.take(delivery(device.device_id, answer(seq, command_id, status), "reply"))
        final = answer(3, command_id, "succeeded", result={"firmware": "2.1"}, reason="done")
        await desk.take(delivery(device.device_id, final, "reply"))
        heard = [notice.payload for notice in waiting.notifies(timeout=2, stop_after=3)]
    assert heard == [command_id] * 3
    assert site.ask(COMMAND, command_id) == [("succeeded", "done", {"firmware": "2.1"}, True, False)]
    assert site.ask("SELECT state, reason FROM command_transition ORDER BY at") == [
        ("delivered", "device_said"),
        ("running", "device_said"),
        ("succeeded", "done"),
    ]


async def test_an_answer_waits_for_the_database_three_times(site: Site, add_device: AddDevice) -> None:
    """Which command it is for, what is known of the device's faults, the commit: somebody waits for it."""
    device = add_device("wheelchair", "pg-vr2")
    async with counted(site.ingest_url) as turns, Desk(replace(site, ingest_url=turns.address)) as desk:
        desk.side = Side(site.ingest_url, "test")
        for seq in range(1, 9):
            found = answer(seq, asked(site, device.device_no), "succeeded", result={"faults": [VR2] * (seq % 2)})
            prepared = await desk.prepare(delivery(device.device_id, found, "reply"))
            before = turns.count
            await desk.finish(prepared)
            assert seq == 1 or turns.count - before == 3, "the first one connects"
    assert site.ask("SELECT state, count(*) FROM command GROUP BY state") == [("succeeded", 8)]
    assert site.one("SELECT count(*) FROM device_fault WHERE cleared_at IS NOT NULL") == 4


async def test_answers_in_the_wrong_order_and_repeated_move_nothing_back(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("wheelchair", "pg-vr2")
    command_id = asked(site, device.device_no)
    final = delivery(device.device_id, answer(2, command_id, "succeeded", result={"faults": []}), "reply")
    first = delivery(device.device_id, answer(1, command_id, "delivered"), "reply")
    await desk.take(final, first, final)
    await desk.take(first, final)
    assert site.one("SELECT state FROM command") == "succeeded"
    assert site.one("SELECT count(*) FROM command_reply") == 2
    assert site.one("SELECT count(*) FROM command_transition") == 1


async def test_a_late_answer_is_marked_late_and_changes_nothing_else(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("wheelchair", "pg-vr2")
    await desk.take(delivery(device.device_id, event(1, "fault_raised", VR2), "event"))
    command_id = asked(site, device.device_no, expires_in=-1, state="expired")
    late = answer(2, command_id, "succeeded", result={"faults": []})
    await desk.take(delivery(device.device_id, late, "reply"))
    assert site.ask(COMMAND, command_id) == [("expired", "", None, False, True)]
    assert site.one("SELECT count(*) FROM command_reply") == 1
    assert site.one("SELECT cleared_at FROM device_fault") is None


async def test_a_read_of_faults_opens_those_it_lists_and_closes_those_it_does_not(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("wheelchair", "pg-vr2")
    now = now_milliseconds()
    for seq, code in enumerate(("3", "4"), 1):
        data = {"system": "vr2", "code": code}
        await desk.take(delivery(device.device_id, event(seq, "fault_raised", data, ts=now - 60_000), "event"))
    listed = [
        {"system": "vr2", "code": "4", "count": 5},
        {"system": "vr2", "code": "7", "first_seen": now - 3_600_000, "text": "seen before"},
    ]
    command_id = asked(site, device.device_no)
    found = answer(3, command_id, "succeeded", ts=now - 1000, result={"faults": listed})
    await desk.take(delivery(device.device_id, found, "reply"))
    assert site.ask("SELECT code, source, times, cleared_by, text FROM device_fault ORDER BY code") == [
        ("3", "event", 1, "absent_at_read", ""),
        ("4", "event", 5, None, ""),
        ("7", "read", 1, None, "seen before"),
    ]
    raised = "SELECT (extract(epoch FROM raised_at) * 1000)::bigint FROM device_fault WHERE code = '7'"
    assert site.one(raised) == now - 3_600_000


async def test_a_fault_that_the_platform_found_is_not_closed_by_what_the_device_says(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("scale", "and-uc352ble")
    stored = "SELECT source, cleared_at IS NULL FROM device_fault ORDER BY 1"
    site.change(
        """INSERT INTO device_fault (device_no, system, code, fault_code, raised_at, last_seen_at, known_at, source)
           VALUES (%s, 'Fjärrkoll', 'SCL-DRF-01', 'SCL-DRF-01', now(), now(), now(), 'derived')
           RETURNING device_fault_id""",
        device.device_no,
    )
    now = now_milliseconds()
    claimed = {"system": "Fjärrkoll", "code": "SCL-DRF-01"}
    await desk.take(delivery(device.device_id, event(1, "fault_raised", claimed, ts=now - 2_000), "event"))
    assert site.ask(stored) == [("derived", True), ("event", True)]
    command_id = asked(site, device.device_no)
    none = answer(2, command_id, "succeeded", result={"faults": []})
    await desk.take(delivery(device.device_id, none, "reply"))
    assert site.ask(stored) == [("derived", True), ("event", False)]


async def test_a_fault_raised_after_the_read_is_not_closed_by_it(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("wheelchair", "pg-vr2")
    now = now_milliseconds()
    command_id = asked(site, device.device_no)
    await desk.take(delivery(device.device_id, event(2, "fault_raised", VR2, ts=now - 1_000), "event"))
    early = answer(1, command_id, "succeeded", ts=now - 5_000, result={"faults": []})
    await desk.take(delivery(device.device_id, early, "reply"))
    assert site.one("SELECT cleared_at FROM device_fault") is None


async def test_an_event_that_comes_after_a_read_which_no_longer_saw_the_fault_does_not_last(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("wheelchair", "pg-vr2")
    now = now_milliseconds()
    command_id = asked(site, device.device_no)
    await desk.take(
        delivery(device.device_id, answer(2, command_id, "succeeded", ts=now - 1_000, result={"faults": []}), "reply")
    )
    await desk.take(delivery(device.device_id, event(1, "fault_raised", VR2, ts=now - 9_000), "event"))
    assert site.one("SELECT cleared_by FROM device_fault") == "absent_at_read"


@pytest.mark.parametrize("whose", ["nobody's", "another device's"])
async def test_an_answer_to_a_command_the_device_never_got_is_refused(
    site: Site, add_device: AddDevice, desk: Desk, whose: str
) -> None:
    device, other = add_device("wheelchair", "pg-vr2"), add_device("wheelchair", "pg-vr2")
    command_id = asked(site, other.device_no) if whose == "another device's" else "00000000-0000-4000-8000-000000000000"
    await desk.take(delivery(device.device_id, answer(1, command_id, "succeeded"), "reply"))
    assert site.ask("SELECT reason, device_no, seq FROM quarantine") == [("unknown_command", device.device_no, 1)]
    assert site.one("SELECT count(*) FROM command_reply") == 0


async def test_another_answer_under_the_same_identity_is_refused(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("wheelchair", "pg-vr2")
    command_id = asked(site, device.device_no)
    for status in ("delivered", "failed"):
        await desk.take(delivery(device.device_id, answer(1, command_id, status), "reply"))
    assert site.one("SELECT reason FROM quarantine") == "conflict"
    assert site.one("SELECT state FROM command") == "delivered"
