"""The next batch is decided while the server works on this one, and never costs what it was for: all or nothing."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg

from fjarrkoll.services.process import free_port
from fleet.registry import load_registry
from ingest.hints import Hints
from ingest.receipts import Receipts
from ingest.register import SHARES, Register
from ingest.write.writer import Writer
from tests.fixtures.database import Database, MakeDevice, MakePayer, lend_device, return_device
from tests.integration.ingest.support import Desk, Site, delivery, reading

LOCK = "SELECT FROM device_state WHERE device_no = %s FOR UPDATE"
STORED = "SELECT count(*) FROM reading_wheelchair"
DROVE = {"drive.time": 12.0, "drive.distance": 300.0}
LAST_USED = "SELECT last_used_day FROM device_state"
DRIVEN = "SELECT amount FROM usage_day WHERE measure = 'drive_minutes'"


async def test_the_next_batch_may_be_decided_before_this_one_is_committed(
    desk: Desk, site: Site, make_device: MakeDevice
) -> None:
    device = make_device("wheelchair")
    await desk.take(delivery(device.device_id, reading(1, DROVE)))
    prepared = await desk.writer.prepare([delivery(device.device_id, reading(2, DROVE))], datetime.now(UTC))
    under_way = asyncio.Event()
    async with await psycopg.AsyncConnection.connect(site.superuser_url) as other:
        await other.execute(LOCK, [device.device_no])
        storing = asyncio.create_task(desk.writer.write(prepared, under_way.set))
        async with asyncio.timeout(10):
            await under_way.wait()
        assert not storing.done(), "the server waits for the lock, so nothing is committed"
        assert site.one(STORED) == 1
        await other.rollback()
        async with asyncio.timeout(10):
            await storing
    assert site.one(STORED) == 2


async def test_while_the_database_is_away_there_is_time_too() -> None:
    held: list[str] = []
    registry = load_registry()
    address = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    writer = Writer(address, "test", registry, Register(registry), held.append, Hints(Receipts()))
    under_way = asyncio.Event()
    storing = asyncio.create_task(writer.write(await writer.prepare([], datetime.now(UTC)), under_way.set))
    async with asyncio.timeout(10):
        await under_way.wait()
    assert not storing.done()
    storing.cancel()
    await asyncio.gather(storing, return_exceptions=True)
    assert set(held) == {"connection"}


async def test_a_repetition_among_new_messages_undoes_all_of_the_first_attempt(
    desk: Desk, site: Site, make_device: MakeDevice
) -> None:
    device = make_device("wheelchair")
    first = delivery(device.device_id, reading(1, DROVE))
    await desk.take(first)
    (stored,) = await desk.take(first, delivery(device.device_id, reading(2, DROVE)))
    assert (stored.repeated, site.one(STORED)) == (1, 2)
    assert site.one(DRIVEN) == 24.0
    assert not desk.held
    await desk.take(delivery(device.device_id, reading(3, DROVE)))
    assert site.one(DRIVEN) == 36.0, "the line is as good as before"


async def test_a_day_is_judged_until_it_is_used_and_sums_grow_all_the_while(
    desk: Desk, site: Site, make_device: MakeDevice
) -> None:
    device = make_device("wheelchair")
    for seq, minutes in enumerate((0.5, 0.4, 0.2, 5.0), 1):
        await desk.take(delivery(device.device_id, reading(seq, {"drive.time": minutes})))
        known = desk.register.find(device.device_id)
        assert known is not None
        assert (known.used_day > 0) == (site.one(LAST_USED) is not None) == (seq >= 3), "a minute makes the day used"
    assert round(site.one(DRIVEN), 3) == 6.1


async def test_the_next_borrowers_use_is_seen_once_the_register_was_filled_afresh(
    desk: Desk, site: Site, database: Database, make_device: MakeDevice, make_payer: MakePayer
) -> None:
    device = make_device("wheelchair", loan=(make_payer(), "HSL"))
    await desk.take(delivery(device.device_id, reading(1, DROVE)))
    assert site.one(LAST_USED) is not None
    now = datetime.now(UTC)
    return_device(database, device.device_no, now - timedelta(seconds=2))
    lend_device(database, device.device_no, make_payer(), "HSL", now - timedelta(seconds=1))
    assert site.one(LAST_USED) is None
    for _ in range(SHARES):
        desk.register.forget_some()
    await desk.take(delivery(device.device_id, reading(2, DROVE)))
    assert site.one(LAST_USED) is not None
