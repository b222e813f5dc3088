"""Back-pressure: what is in hand stays bounded whatever waits at the broker, and nothing of it is lost."""

import asyncio

import pytest

from fjarrkoll.services import Mosquitto
from tests.integration.consumer.support import (
    FILTER,
    MakeConsumer,
    feed,
    nothing_comes,
    numbered,
    payloads,
    take,
    take_until_quiet,
    timed,
    until,
)


async def test_at_most_receive_maximum_messages_are_in_hand_while_thousands_wait(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with make(receive_maximum=100) as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, numbered(3000))
        taken = await take(consumer, 100, acknowledge=False)
        assert await nothing_comes(consumer)
        assert consumer.unacknowledged == 100
        await consumer.acknowledge_batch(taken)
        rest = await take(consumer, 2900)
    assert payloads(taken + rest) == numbered(3000)


async def test_a_batch_larger_than_the_receive_maximum_does_not_wait_out_its_linger(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with make(receive_maximum=50) as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, numbered(60))
        batch, seconds = await timed(consumer.next_batch(1000, 5.0))
        assert (len(batch), seconds < 4.5) == (50, True)


async def test_a_batch_ends_with_its_limit_or_its_linger(make: MakeConsumer, own_broker: Mosquitto) -> None:
    async with make() as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, numbered(25))
        await until(lambda: consumer.statistics.received == 25)
        assert len((await timed(consumer.next_batch(20, 5.0)))[0]) == 20
        batch, seconds = await timed(consumer.next_batch(20, 0.3))
        assert len(batch) == 5
        assert 0.25 < seconds < 4.5


async def test_bytes_in_hand_are_bounded_when_the_caller_stops_acknowledging(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    sent = [bytes([number]) * 50_000 for number in range(200)]  # 10 MB against a budget of 1 MB
    async with make(buffer_bytes=1_000_000) as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, sent)
        first = await take_until_quiet(consumer)
        assert 1_000_000 <= consumer.held_bytes < 1_300_000  # one read beyond the budget at most
        assert consumer.statistics.read_pauses > 0
        await consumer.acknowledge_batch(first)
        rest = await take(consumer, 200 - len(first))
        assert consumer.held_bytes == 0
    assert [delivery.payload[0] for delivery in first + rest] == list(range(200))


async def test_quality_0_counts_against_the_budget_until_it_is_handed_out(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with make(buffer_bytes=100_000) as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, [bytes(10_000)] * 30, qos=0)
        assert len(await take(consumer, 30, acknowledge=False)) == 30
        assert consumer.held_bytes == 0


@pytest.mark.parametrize("adapter", ["thin"], indirect=True)
async def test_a_pause_far_beyond_the_keepalive_costs_no_connection(make: MakeConsumer, own_broker: Mosquitto) -> None:
    # The thin consumer alone can promise this: paho cannot ping while it does not read.
    async with make(buffer_bytes=65_536, keepalive_seconds=1) as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, [bytes(40_000)] * 40)
        first = await take(consumer, 2, acknowledge=False)
        await asyncio.sleep(4)
        assert await consumer.acknowledge_batch(first) == 2
        assert len(await take(consumer, 38)) == 38


async def test_cancelling_a_wait_loses_nothing(make: MakeConsumer, own_broker: Mosquitto) -> None:
    async with make() as consumer:
        await consumer.subscribe([FILTER])
        for number in range(5):
            waiting = asyncio.ensure_future(consumer.next_batch(10, 5.0))
            await feed(own_broker, numbered(1, start=number))
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        assert payloads(await take(consumer, 5)) == numbered(5)


async def test_an_interrupt_ends_a_wait_at_once_and_only_once(make: MakeConsumer, own_broker: Mosquitto) -> None:
    async with make() as consumer:
        await consumer.subscribe([FILTER])
        waiting = asyncio.ensure_future(consumer.next_batch(10, 5.0))
        await asyncio.sleep(0.05)
        consumer.interrupt()
        assert await asyncio.wait_for(waiting, 4.5) == []
        await feed(own_broker, numbered(1))
        assert len(await take(consumer, 1)) == 1


async def test_a_backlog_beyond_the_budget_is_taken_while_the_subscription_is_asked_for(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with make(buffer_bytes=65_536) as first:
        await first.subscribe([FILTER])
    sent = [number.to_bytes(4, "big") * 256 for number in range(400)]  # six times the budget, all of it owed
    await feed(own_broker, sent)
    async with asyncio.timeout(30), make(buffer_bytes=65_536) as again:
        subscribing = asyncio.create_task(again.subscribe([FILTER]))
        assert [delivery.payload for delivery in await take(again, 400)] == sent
        await subscribing
