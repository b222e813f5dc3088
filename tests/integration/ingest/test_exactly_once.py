"""A message that comes again, in whatever company, changes nothing."""

import random
from collections import defaultdict
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.write.transaction import Stored
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import PLAIN_SCALE, Desk, Site, delivery, event, now_milliseconds, reading

CHAIR = "pg-vr2"


def repeated(parts: list[Stored]) -> int:
    return sum(part.repeated for part in parts)


async def test_a_redelivered_message_is_suppressed(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("scale", PLAIN_SCALE)
    message = delivery(device.device_id, reading(1, {"body.weight": 80}))
    assert repeated(await desk.take(message)) == 0
    assert repeated(await desk.take(message)) == 1
    assert site.one("SELECT count(*) FROM reading_scale") == 1
    assert site.one("SELECT amount FROM usage_day") == 1


async def test_twice_in_one_batch_is_once(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("scale", PLAIN_SCALE)
    message = delivery(device.device_id, reading(1, {"body.weight": 80}))
    assert repeated(await desk.take(message, message, message)) == 2
    assert site.one("SELECT count(*) FROM reading_scale") == 1
    assert site.one("SELECT amount FROM usage_day") == 1


async def test_new_ones_among_repeated_ones_are_stored(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("scale", PLAIN_SCALE)
    bodies = [reading(seq, {"body.weight": 80}) for seq in range(1, 11)]
    await desk.take(delivery(device.device_id, bodies[:6]))
    assert repeated(await desk.take(delivery(device.device_id, bodies[3:], redelivered=True))) == 3
    assert site.one("SELECT count(*) FROM reading_scale") == 10
    assert site.one("SELECT amount FROM usage_day") == 10


async def test_events_and_their_counts_are_stored_once(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("dispenser")
    message = delivery(device.device_id, event(1, "dose_taken"), "event")
    await desk.take(message)
    await desk.take(message, delivery(device.device_id, event(2, "dose_taken"), "event"), message)
    assert site.one("SELECT count(*) FROM device_event") == 2
    assert site.one("SELECT amount FROM usage_day WHERE measure = 'doses_taken'") == 2


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
async def test_usage_is_exact_whatever_is_repeated_and_in_whatever_order(
    site: Site, add_device: AddDevice, desk: Desk, seed: int
) -> None:
    """Whole numbers of minutes, so that sums can be compared exactly."""
    lot = random.Random(seed)
    device = add_device("wheelchair", CHAIR)
    start = now_milliseconds() - 20 * 86_400_000
    messages, drive_minutes, longest = [], defaultdict[date, float](float), defaultdict[date, float](float)
    times = [start + lot.randrange(15 * 86_400_000) for _ in range(40)]
    days = site.ask("SELECT (to_timestamp(t / 1000.0) AT TIME ZONE 'Europe/Stockholm')::date FROM unnest(%s) t", times)
    for seq, (ts, (day,)) in enumerate(zip(times, days, strict=True), 1):
        minutes, bout = float(lot.randint(0, 30)), float(lot.randint(0, 500))
        values = {"drive.time": minutes, "drive.bout_longest": bout}
        messages.append(delivery(device.device_id, reading(seq, values, ts=ts)))
        drive_minutes[day] += minutes
        longest[day] = max(longest[day], bout)
    sent = messages + lot.choices(messages, k=40)
    lot.shuffle(sent)
    while sent:
        size = lot.randint(1, 15)
        await desk.take(*sent[:size])
        sent = sent[size:]
    question = "SELECT local_day, amount FROM usage_day WHERE device_no = %s AND measure = %s"
    assert dict(site.ask(question, device.device_no, "drive_minutes")) == drive_minutes
    assert dict(site.ask(question, device.device_no, "longest_bout")) == longest
    assert site.one("SELECT count(*) FROM reading_wheelchair WHERE device_no = %s", device.device_no) == 40


async def test_without_its_key_the_very_same_code_duplicates(site: Site, add_device: AddDevice, desk: Desk) -> None:
    """Negative control: what suppresses repetitions is the unique key, and these tests notice when it is gone."""
    device = add_device("scale", PLAIN_SCALE)
    site.command("ALTER TABLE reading_scale DROP CONSTRAINT reading_scale_pkey")
    message = delivery(device.device_id, reading(1, {"body.weight": 80}))
    await desk.take(message)
    async with Desk(site) as restarted:  # which remembers nothing, so nothing but the key is left
        await restarted.take(message)
    assert site.one("SELECT count(*) FROM reading_scale") == 2
    assert site.one("SELECT amount FROM usage_day") == 2


async def test_a_batch_that_is_read_once_more_is_read_as_the_first_time(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    """What came before a birth is read by the old model, also when a repetition among it makes the batch start over."""
    device = add_device("scale", PLAIN_SCALE)
    birth = {"ts": now_milliseconds(), "boot": 1, "device_class": "scale", "model": "and-uc352ble", "firmware": "1"}
    first = delivery(device.device_id, reading(1, {"body.weight": 80}))
    await desk.take(first)
    parts = await desk.take(
        first,
        delivery(device.device_id, reading(2, {"body.weight": 81})),
        delivery(device.device_id, {**birth, "metrics": []}, "birth"),
        delivery(device.device_id, reading(3, {"weight_raw": 16_400})),
    )
    assert repeated(parts) == 1
    assert site.ask("SELECT seq, body_weight FROM reading_scale ORDER BY seq") == [(1, 80.0), (2, 81.0), (3, 82.0)]
