"""A repetition among new messages is stored once, remembered or not, and the others go their quick way."""

from collections.abc import Iterator, Sequence

import pytest

from ingest.consumer import Delivery, Disconnected, ThinConsumer
from tests.fixtures.database import MakeDevice
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import Desk, Site, delivery, now_milliseconds, publish, reading, running

STORED = "SELECT count(*) FROM reading_wheelchair"
DRIVEN = "SELECT sum(amount) FROM usage_day WHERE measure = 'drive_minutes'"
IN_QUARANTINE = "SELECT count(*) FROM quarantine"
DROVE = {"drive.time": 10.0, "drive.distance": 300.0}
BEGAN = now_milliseconds() - 600_000


def drove(device_id: str, seq: int, *, redelivered: bool = False) -> Delivery:
    """The same seq is the same message, byte for byte."""
    return delivery(device_id, reading(seq, DROVE, ts=BEGAN + seq), redelivered=redelivered)


def chairs(make_device: MakeDevice, count: int = 3) -> Iterator[str]:
    return (make_device("wheelchair").device_id for _ in range(count))


async def test_a_remembered_repetition_is_asked_about_alone(desk: Desk, site: Site, make_device: MakeDevice) -> None:
    one, two, three = chairs(make_device)
    await desk.take(drove(one, 1), drove(two, 1), drove(three, 1))
    prepared = await desk.prepare(drove(one, 1), drove(two, 2), drove(one, 2), drove(three, 2))
    assert [message.topic for message in prepared.others] == [drove(one, 1).topic] * 2
    assert sum(map(len, prepared.plain)) == 2
    (stored,) = await desk.finish(prepared)
    assert (stored.repeated, stored.readings) == (1, {"wheelchair": 3})
    assert (site.one(STORED), site.one(DRIVEN)) == (6, 60.0)
    assert not desk.held


async def test_a_redelivered_message_slows_no_other_device(desk: Desk, site: Site, make_device: MakeDevice) -> None:
    one, two, _ = chairs(make_device)
    await desk.take(drove(one, 1))
    async with Desk(site) as restarted:
        await restarted.take(drove(two, 1))
        prepared = await restarted.prepare(drove(one, 1, redelivered=True), drove(two, 2))
        assert [message.redelivered for message in prepared.others] == [True]
        (stored,) = await restarted.finish(prepared)
    assert (stored.repeated, stored.readings) == (1, {"wheelchair": 1})
    assert (site.one(STORED), site.one(DRIVEN)) == (3, 30.0)


async def test_a_repetition_of_what_is_on_its_way_is_asked_about(
    desk: Desk, site: Site, make_device: MakeDevice
) -> None:
    one, two, _ = chairs(make_device)
    await desk.take(drove(one, 1), drove(two, 1))
    first = await desk.prepare(drove(one, 2), drove(two, 2))
    second = await desk.prepare(drove(one, 2), drove(two, 3))
    assert len(second.others) == 1
    await desk.finish(first)
    (stored,) = await desk.finish(second)
    assert stored.repeated == 1
    assert (site.one(STORED), site.one(DRIVEN)) == (5, 50.0)


async def test_a_repetition_that_nobody_remembers_is_refused_by_its_key_and_the_batch_read_once_more(
    desk: Desk, site: Site, make_device: MakeDevice
) -> None:
    one, two, three = chairs(make_device)
    await desk.take(drove(one, 1), drove(two, 1), drove(three, 1))
    async with Desk(site) as restarted:
        prepared = await restarted.prepare(drove(one, 1), drove(two, 2))
        assert prepared.packed is not None, "it is taken to be new"
        (stored,) = await restarted.finish(prepared)
        assert (stored.repeated, stored.readings) == (1, {"wheelchair": 1})
        prepared = await restarted.prepare(drove(two, 2), drove(three, 1), drove(one, 2))
        assert len(prepared.others) == 1, "one is remembered, the other is not"
        (stored,) = await restarted.finish(prepared)
        assert (stored.repeated, stored.readings) == (2, {"wheelchair": 1})
        assert not restarted.held
    assert (site.one(STORED), site.one(DRIVEN)) == (5, 50.0)


async def test_a_clock_that_is_not_believed_slows_no_other_device(
    desk: Desk, site: Site, make_device: MakeDevice
) -> None:
    one, two, _ = chairs(make_device)
    lost = delivery(one, reading(1, DROVE, ts=86_400_000))
    prepared = await desk.prepare(lost, drove(two, 1))
    assert list(prepared.others) == [lost]
    assert prepared.packed is None
    (stored,) = await desk.finish(prepared)
    assert (stored.repeated, stored.readings) == (0, {"wheelchair": 2})
    (again,) = await desk.take(lost, drove(two, 2))
    assert (again.repeated, again.readings) == (1, {"wheelchair": 1})
    assert site.one(STORED) == 3


async def test_a_message_that_cannot_be_stored_beside_a_repetition_is_found(
    desk: Desk, site: Site, make_device: MakeDevice
) -> None:
    one, two, three = chairs(make_device)
    await desk.take(drove(one, 1), drove(two, 1), drove(three, 1))
    too_many = delivery(two, reading(2, {"drive.bouts": 2**31}))
    stored = await desk.take(drove(one, 1), too_many, drove(three, 2))
    assert sum(part.repeated for part in stored) == 1
    assert (site.one(STORED), site.one(IN_QUARANTINE)) == (4, 1)


async def test_a_line_lost_before_the_acknowledgement_leaves_nothing_under_way(
    site: Site, add_device: AddDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is remembered as on its way must not grow with each line that is lost."""
    failed: list[int] = []
    acknowledge = ThinConsumer.acknowledge_batch

    async def once_in_vain(consumer: ThinConsumer, batch: Sequence[Delivery]) -> int:
        if not failed and any(message.topic.endswith("/telemetry") for message in batch):
            failed.append(len(batch))
            await consumer.close()
            raise Disconnected("the test cut the line")
        return await acknowledge(consumer, batch)

    monkeypatch.setattr(ThinConsumer, "acknowledge_batch", once_in_vain)
    device_id = add_device("wheelchair", "pg-vr2").device_id
    async with running(site.service()) as service:
        await publish(site, device_id, [reading(seq, DROVE, ts=BEGAN + seq) for seq in range(1, 41)])
        await site.until(STORED, equals=40)
        await publish(site, device_id, [reading(41, DROVE, ts=BEGAN + 41)])
        await site.until(STORED, equals=41)
    assert failed
    assert not service._feeds[0].loop.hints._under_way
    assert site.one(DRIVEN) == 410.0
