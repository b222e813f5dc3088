"""Whatever cannot be stored ends in quarantine with a sentence that says what to do, and the others go on."""

import asyncio
import json

import pytest

from fleet.registry import load_registry
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import (
    PLAIN_SCALE,
    Desk,
    Site,
    as_bytes,
    delivery,
    event,
    now_milliseconds,
    publish,
    reading,
    running,
)

GOOD = {"body.weight": 80}


def malformed() -> dict[str, tuple[bytes, str, str]]:
    """Kind to bytes, the reason, and words of the advice (issue 2, "What it must show")."""
    good = json.dumps(reading(1, GOOD, ts=1_795_000_000_123))
    deep = '{"a":' * 1000 + "1" + "}" * 1000
    return {
        "not UTF-8": (good.replace("body", "b\udcffdy").encode(errors="surrogateescape"), "not_utf8", "UTF-8"),
        "not JSON": (b"weight 80", "not_json", "send one JSON object"),
        "NaN": (good.replace("80}", "NaN}").encode(), "not_json", "NaN"),
        "1e999": (good.replace("80}", "1e999}").encode(), "wrong_shape", "Schema"),
        "wrong type": (good.replace("80}", '"heavy"}').encode(), "wrong_shape", "Schema"),
        "wrong unit": (good.replace("80}", "80000}").encode(), "out_of_range", "check unit"),
        "1 MB": (good.encode() + b" " * (1024 * 1024), "too_large", "split"),
        "depth 1,000": (good.replace("80}", deep + "}").encode(), "wrong_shape", "Schema"),
    }


@pytest.mark.parametrize("kind", sorted(malformed()))
async def test_malformed_input_is_quarantined_and_the_stream_goes_on(
    site: Site, add_device: AddDevice, kind: str
) -> None:
    device = add_device("scale", PLAIN_SCALE)
    payload, reason, words = malformed()[kind]
    async with running(site.service()):
        await publish(site, device.device_id, [payload, reading(2, GOOD)])
        await site.until("SELECT count(*) FROM reading_scale", equals=1)
    ((found, advice, kept, size, number),) = site.ask(
        "SELECT reason, advice, payload, payload_bytes, device_no FROM quarantine"
    )
    assert (found, bytes(kept), size, number) == (reason, payload[: 64 * 1024], len(payload), device.device_no)
    assert words in advice


async def test_an_unknown_device_is_quarantined_and_stored_once_it_is_registered(
    site: Site, add_device: AddDevice
) -> None:
    """The broker knows it, the register does not: a device whose enrolment was begun and not ended."""
    site.broker.add_credentials({"newcomer-1": "secret"})
    site.passwords["newcomer-1"] = "secret"  # type: ignore[index]  # a dict, see the fixture
    async with running(site.service()):
        await publish(site, "newcomer-1", [reading(1, GOOD)])
        await site.until("SELECT count(*) FROM quarantine", equals=1)
        ((reason, advice, number),) = site.ask("SELECT reason, advice, device_no FROM quarantine")
        assert (reason, number) == ("unknown_device", None)
        assert "fjarrkoll enroll" in advice
        add_device("scale", PLAIN_SCALE, device_id="newcomer-1")
        await asyncio.sleep(1.1)  # strangers are looked up again after a second
        await publish(site, "newcomer-1", [reading(2, GOOD)])
        await site.until("SELECT count(*) FROM reading_scale", equals=1)


async def test_one_bad_in_ten_of_two_thousand(site: Site, add_device: AddDevice) -> None:
    device = add_device("scale", PLAIN_SCALE)
    bad = [payload for payload, _, _ in malformed().values() if len(payload) < 100_000]
    sent = [
        bad[seq // 10 % len(bad)] + b" " * (seq // 10) if seq % 10 == 0 else as_bytes(reading(seq, GOOD))
        for seq in range(1, 2001)
    ]
    async with running(site.service(batch=200)) as service:
        await publish(site, device.device_id, sent)
        await site.until("SELECT count(*) FROM reading_scale", equals=1800)
        await site.until("SELECT sum(times)::int FROM quarantine", equals=200)
        assert sum(service.figures.quarantined.values()) == 200
    assert site.one("SELECT count(*) FROM quarantine WHERE advice = ''") == 0
    assert site.one("SELECT sum(amount) FROM usage_day") == 1800


async def test_the_same_bytes_again_raise_the_count_not_the_rows(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("scale", PLAIN_SCALE)
    message = delivery(device.device_id, b"oops")
    await desk.take(message, message)
    await desk.take(message)
    assert site.ask("SELECT times, last_at > received_at FROM quarantine") == [(3, True)]


async def test_an_unknown_metric_is_stored_and_flagged(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("scale", PLAIN_SCALE)
    await desk.take(delivery(device.device_id, reading(1, {**GOOD, "mood": 5, "lid.open": True})))
    await desk.take(delivery(device.device_id, reading(2, {"mood": 6})))
    assert site.ask("SELECT body_weight, unknown FROM reading_scale ORDER BY seq") == [
        (80.0, {"mood": 5.0, "lid.open": True}),
        (None, {"mood": 6.0}),
    ]
    question = "SELECT device_class, model_key, name, device_no, times FROM unknown_metric ORDER BY name"
    assert site.ask(question) == [
        ("scale", PLAIN_SCALE, "lid.open", device.device_no, 1),
        ("scale", PLAIN_SCALE, "mood", device.device_no, 2),
    ]


async def test_a_message_that_only_the_database_refuses_is_found_and_the_others_are_stored(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    """A check the code does not know of stands for whatever it may have missed."""
    device = add_device("scale", PLAIN_SCALE)
    site.command("ALTER TABLE reading_scale ADD CONSTRAINT surprise CHECK (body_weight <> 66)")
    bodies = [reading(seq, {"body.weight": 66 if seq == 13 else 80}) for seq in range(1, 41)]
    parts = await desk.take(*(delivery(device.device_id, body) for body in bodies))
    assert len(parts) > 1
    assert site.one("SELECT count(*) FROM reading_scale") == 39
    ((reason, advice, seq, kept),) = site.ask("SELECT reason, advice, seq, payload FROM quarantine")
    assert (reason, seq, bytes(kept)) == ("wrong_shape", 13, as_bytes(bodies[12]))
    assert "surprise" in advice
    assert site.one("SELECT sum(amount) FROM usage_day") == 39


async def test_messages_of_a_device_that_was_removed_meanwhile_do_not_stop_the_others(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    gone, there = add_device("scale", PLAIN_SCALE), add_device("scale", PLAIN_SCALE)
    await desk.take(delivery(there.device_id, reading(1, GOOD)))
    desk.register.add(await desk.side.look_up([gone.device_id]))
    site.command("DELETE FROM device WHERE device_no = %s", gone.device_no)
    await desk.take(delivery(gone.device_id, reading(1, GOOD)), delivery(there.device_id, reading(2, GOOD)))
    assert site.one("SELECT count(*) FROM reading_scale WHERE device_no = %s", there.device_no) == 2
    assert site.ask("SELECT device_no, seq FROM quarantine") == [(None, 1)]


async def test_a_mistake_of_our_own_stops_only_the_message_it_trips_over(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    """A profile that promises more than the column holds: the number does not fit into an integer."""
    device = add_device("scale", PLAIN_SCALE)
    await desk.take(delivery(device.device_id, reading(1, GOOD)))
    handling = desk.register.find(device.device_id)
    assert handling is not None
    count = next(metric for metric in load_registry()["wheelchair"].metrics if metric.kind.value == "count")
    chair = add_device("wheelchair", "pg-vr2")
    desk.register.add(await desk.side.look_up([chair.device_id]))
    found = desk.register.find(chair.device_id)
    assert found is not None
    entry = found.handling.normaliser._as_it_came[count.key]
    found.handling.normaliser._as_it_came[count.key] = (count.key, float, 0, 1e12, True)
    try:
        await desk.take(
            delivery(chair.device_id, reading(1, {count.key: 1e11})), delivery(device.device_id, reading(2, GOOD))
        )
    finally:
        found.handling.normaliser._as_it_came[count.key] = entry
    assert site.one("SELECT count(*) FROM reading_scale") == 2
    assert site.one("SELECT reason FROM quarantine") == "wrong_shape"


async def test_a_late_event_of_a_wrong_kind_is_refused_with_its_identity(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("scale", PLAIN_SCALE)
    await desk.take(delivery(device.device_id, event(4, "dose_taken", ts=now_milliseconds() - 9_000_000), "event"))
    assert site.ask("SELECT reason, boot, seq FROM quarantine") == [("wrong_class", 1, 4)]
