"""A wrong device clock makes neither a chunk far away nor a second row."""

import random
from datetime import UTC, datetime, timedelta

from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import PLAIN_SCALE, Desk, Site, at, delivery, event, milliseconds, reading

NOW = at("2026-11-22 12:00")
NOW_MS = milliseconds(NOW)
CHUNKS = "SELECT count(*) FROM timescaledb_information.chunks"
OLDEST_CHUNK = "SELECT min(range_start), max(range_end) FROM timescaledb_information.chunks"


async def test_1970_and_2106_are_stored_at_their_arrival_and_marked(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("scale", PLAIN_SCALE)
    await desk.take(delivery(device.device_id, reading(1, {"body.weight": 80}, ts=NOW_MS)), received_at=NOW)
    chunks = site.one(CHUNKS)
    for seq, ts in ((2, 0), (3, 4_294_967_295_000), (4, 2**53)):
        await desk.take(delivery(device.device_id, reading(seq, {"body.weight": 80}, ts=ts)), received_at=NOW)
    assert site.one(CHUNKS) == chunks
    question = "SELECT seq, ts, clock_corrected FROM reading_scale ORDER BY seq"
    assert site.ask(question) == [(1, NOW, None), (2, NOW, True), (3, NOW, True), (4, NOW, True)]
    assert site.ask("SELECT seq, device_milliseconds, ts FROM clock_correction ORDER BY seq") == [
        (2, 0, NOW),
        (3, 4_294_967_295_000, NOW),
        (4, 2**53, NOW),
    ]


async def test_a_disbelieved_message_that_comes_again_later_is_the_same_row(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("scale", PLAIN_SCALE)
    message = delivery(device.device_id, reading(1, {"body.weight": 80}, ts=0))
    for seconds in (0, 1, 86_400):
        await desk.take(message, received_at=NOW + timedelta(seconds=seconds))
    assert site.ask("SELECT ts FROM reading_scale") == [(NOW,)]
    assert site.one("SELECT amount FROM usage_day") == 1


async def test_a_clock_ahead_that_is_believed_when_the_message_comes_again_is_the_same_row(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    """Fifteen minutes ahead: disbelieved now, believed ten minutes later; also by a process that has just started."""
    device = add_device("scale", PLAIN_SCALE)
    ahead = delivery(device.device_id, reading(1, {"body.weight": 80}, ts=NOW_MS + 15 * 60_000))
    await desk.take(ahead, received_at=NOW)
    await desk.take(ahead, received_at=NOW + timedelta(minutes=10))
    async with Desk(site) as started_anew:
        await started_anew.take(ahead, received_at=NOW + timedelta(minutes=20))
    assert site.ask("SELECT ts, clock_corrected FROM reading_scale") == [(NOW, True)]


async def test_a_message_that_was_believed_and_is_too_old_when_it_comes_again_is_the_same_row(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("scale", PLAIN_SCALE)
    old = NOW_MS - 399 * 86_400_000
    message = delivery(device.device_id, reading(1, {"body.weight": 80}, ts=old))
    await desk.take(message, received_at=NOW)
    await desk.take(message, received_at=NOW + timedelta(days=3))
    assert site.ask("SELECT (extract(epoch FROM ts) * 1000)::bigint, clock_corrected FROM reading_scale") == [
        (old, None)
    ]
    assert site.one("SELECT count(*) FROM clock_correction") == 0


async def test_another_message_under_the_same_identity_is_kept_in_quarantine(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    device = add_device("scale", PLAIN_SCALE)
    for ts in (5, 6):
        await desk.take(delivery(device.device_id, reading(1, {"body.weight": 80}, ts=ts)), received_at=NOW)
    assert site.one("SELECT count(*) FROM reading_scale") == 1
    assert site.ask("SELECT reason, boot, seq, device_no FROM quarantine") == [("conflict", 1, 1, device.device_no)]


async def test_events_of_a_wrong_clock_are_corrected_alike(site: Site, add_device: AddDevice, desk: Desk) -> None:
    device = add_device("dispenser")
    message = delivery(device.device_id, event(1, "dose_taken", ts=1), "event")
    await desk.take(message, received_at=NOW)
    await desk.take(message, received_at=NOW + timedelta(hours=1))
    assert site.ask("SELECT ts, clock_corrected FROM device_event") == [(NOW, True)]
    assert site.one("SELECT latest_events FROM device_state") == {"dose_taken": NOW_MS}


async def test_ten_thousand_random_times_make_no_chunk_outside_the_window_and_no_duplicate(
    site: Site, add_device: AddDevice, desk: Desk
) -> None:
    """Each message comes twice, the second time a quarter of an hour later, when it may be judged differently."""
    lot = random.Random(20261122)
    device = add_device("scale", PLAIN_SCALE)
    last = milliseconds(datetime(2106, 2, 7, tzinfo=UTC))
    near = [NOW_MS + lot.randrange(-30 * 60_000, 30 * 60_000) for _ in range(2_000)]
    times = [lot.randrange(last) for _ in range(8_000)] + near
    messages = [delivery(device.device_id, reading(seq, {"body.weight": 80}, ts=ts)) for seq, ts in enumerate(times, 1)]
    for minutes in (0, 15):
        for start in range(0, len(messages), 2_000):
            await desk.take(*messages[start : start + 2_000], received_at=NOW + timedelta(minutes=minutes))
    assert site.one("SELECT count(*) FROM reading_scale") == 10_000
    assert site.one("SELECT count(DISTINCT seq) FROM reading_scale") == 10_000
    ((first, end),) = site.ask(OLDEST_CHUNK)
    assert first >= NOW - timedelta(days=400 + 7)
    assert end <= NOW + timedelta(days=7 + 1)
