"""The heart of the contract: what arrives, what is acknowledged, and what comes again."""

import pytest

from fjarrkoll.services import Mosquitto
from ingest.consumer import Outgoing
from tests.integration.consumer.recording_proxy import RecordingProxy
from tests.integration.consumer.support import (
    FILTER,
    TOPIC,
    MakeConsumer,
    feed,
    nothing_comes,
    numbered,
    payloads,
    take,
    until,
)


async def test_a_message_arrives_with_all_that_was_said_about_it(make: MakeConsumer, own_broker: Mosquitto) -> None:
    async with make() as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, [b'{"ts":1}'], content_type="application/senml+json")
        [delivery] = await take(consumer, 1)
    assert (delivery.topic, delivery.payload) == (TOPIC, b'{"ts":1}')
    assert delivery.content_type == "application/senml+json"
    assert (delivery.redelivered, delivery.retained) == (False, False)
    assert delivery.packet_id > 0


async def test_messages_arrive_in_order_and_without_a_content_type_if_none_was_given(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with make() as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, numbered(500))
        taken = await take(consumer, 500)
    assert payloads(taken) == numbered(500)
    assert {delivery.content_type for delivery in taken} == {None}


async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with make() as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, numbered(50))
        taken = await take(consumer, 50, acknowledge=False)
        assert await consumer.acknowledge_batch(taken[:20]) == 20
    async with make() as second:
        again = await take(second, 30)
        assert await nothing_comes(second)
        assert second.statistics.redelivered == 30
    assert payloads(again) == numbered(30, start=20)
    assert all(delivery.redelivered for delivery in again)


async def test_the_session_is_kept_and_the_report_says_so(make: MakeConsumer, own_broker: Mosquitto) -> None:
    first = await make().connect()
    assert not first.session_present
    async with make() as consumer:
        await consumer.subscribe([FILTER])
    await feed(own_broker, numbered(10))  # nobody is connected
    consumer = make()
    report = await consumer.connect()
    assert report.session_present
    assert report.generation > first.generation
    assert payloads(await take(consumer, 10)) == numbered(10)


async def test_acknowledgements_of_an_older_connection_are_dropped_and_counted(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with RecordingProxy(own_broker.host, own_broker.port) as proxy:
        consumer = make(port=proxy.port)
        await consumer.connect()
        await consumer.subscribe([FILTER])
        await feed(own_broker, numbered(40))
        old = await take(consumer, 40, acknowledge=False)
        await proxy.cut()
        await consumer.connect()
        new = await take(consumer, 40, acknowledge=False)

        assert await consumer.acknowledge_batch(old) == 0
        assert consumer.statistics.stale_acknowledgements == 40
        assert await consumer.acknowledge_batch(new[:15]) == 15
        await until(lambda: len(proxy.puback_ids(1)) == 15)
        await consumer.subscribe([FILTER])  # its answer comes after the broker has read what stood before it
    assert proxy.puback_ids(0) == []
    assert proxy.puback_ids(1) == [delivery.packet_id for delivery in new[:15]]
    async with make() as last:
        assert payloads(await take(last, 25)) == numbered(25, start=15)  # an early PUBACK would have lost some


async def test_a_delivery_of_one_consumer_is_not_acknowledged_by_the_next(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with make() as first:
        await first.subscribe([FILTER])
        await feed(own_broker, numbered(5))
        old = await take(first, 5, acknowledge=False)
    async with make() as second:
        await take(second, 5, acknowledge=False)
        assert await second.acknowledge_batch(old) == 0
    async with make() as third:
        assert len(await take(third, 5)) == 5


async def test_what_was_acknowledged_just_before_closing_does_not_come_again(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with make() as first:
        await first.subscribe([FILTER])
    for round_number in range(20):  # closing without waiting for the broker failed about one time in ten
        async with make() as consumer:
            await feed(own_broker, numbered(3, start=3 * round_number))
            assert payloads(await take(consumer, 3)) == numbered(3, start=3 * round_number)


async def test_acknowledgements_leave_in_the_order_of_arrival_whatever_order_they_are_given_in(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with RecordingProxy(own_broker.host, own_broker.port) as proxy, make(port=proxy.port) as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, numbered(30))
        taken = await take(consumer, 30, acknowledge=False)
        assert await consumer.acknowledge_batch(taken[20:]) == 0  # they wait for the earlier ones
        assert await consumer.acknowledge_batch(taken[:10]) == 10
        assert await consumer.acknowledge_batch(taken[:10]) == 0  # said twice
        assert await consumer.acknowledge_batch(taken[10:20]) == 20
        await until(lambda: len(proxy.puback_ids(0)) == 30)
        assert proxy.puback_ids(0) == [delivery.packet_id for delivery in taken]


async def test_quality_0_is_delivered_and_needs_no_acknowledgement(make: MakeConsumer, own_broker: Mosquitto) -> None:
    async with make() as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, numbered(3), qos=0)
        taken = await take(consumer, 3, acknowledge=False)
        assert [delivery.packet_id for delivery in taken] == [0, 0, 0]
        assert await consumer.acknowledge_batch(taken) == 0
        assert consumer.statistics.stale_acknowledgements == 0


async def test_quality_2_is_taken_in_as_quality_1(make: MakeConsumer, own_broker: Mosquitto) -> None:
    async with make() as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, numbered(3), qos=2)
        assert payloads(await take(consumer, 3)) == numbered(3)
    async with make() as second:
        assert await nothing_comes(second)


async def test_a_large_payload_arrives_whole_between_small_ones(make: MakeConsumer, own_broker: Mosquitto) -> None:
    large = bytes(range(256)) * 4096  # 1 MiB
    async with make() as consumer:
        await consumer.subscribe([FILTER])
        await feed(own_broker, [b"before", large, b"after", large, b"last"])
        assert payloads(await take(consumer, 5)) == [b"before", large, b"after", large, b"last"]


@pytest.mark.parametrize("topic", ["test/rullstol-åäö/telemetry", "test/体重計 №7/telemetry", "test//telemetry"])
async def test_wildcards_match_topics_in_any_script(make: MakeConsumer, own_broker: Mosquitto, topic: str) -> None:
    async with make() as consumer:
        await consumer.subscribe([FILTER, "test/#"])
        await feed(own_broker, [b"x"], topic=topic)
        assert {delivery.topic for delivery in await take(consumer, 1)} == {topic}


async def test_retained_messages_come_with_a_new_subscription_and_not_with_a_repeated_one(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    await feed(own_broker, [b"born"], retain=True)
    async with make() as consumer:
        await consumer.subscribe([FILTER])
        [delivery] = await take(consumer, 1)
        assert delivery.retained
        await consumer.subscribe([FILTER])
        assert await nothing_comes(consumer)
        await feed(own_broker, [b"live"], retain=True)
        [delivery] = await take(consumer, 1)
        assert not delivery.retained


@pytest.mark.parametrize("qos", [0, 1])
async def test_what_ingest_publishes_reaches_a_subscriber(make: MakeConsumer, own_broker: Mosquitto, qos: int) -> None:
    messages = [
        Outgoing("test/out", payload, qos, content_type="text/plain", expires_seconds=60) for payload in numbered(3000)
    ]
    async with make(client_id="listener") as listener, make() as speaker:
        await listener.subscribe(["test/out"])
        await speaker.publish(messages)
        taken = await take(listener, 3000)
        assert payloads(taken) == numbered(3000)
        assert {delivery.content_type for delivery in taken} == {"text/plain"}
        assert speaker.statistics.published == 3000


async def test_an_outgoing_message_no_broker_would_take_is_refused_before_it_is_sent(make: MakeConsumer) -> None:
    async with make() as speaker:
        with pytest.raises(ValueError, match=r"QoS 2|qos"):
            await speaker.publish([Outgoing("test/out", b"x", 2)])
        with pytest.raises(ValueError, match="1310720"):
            await speaker.publish([Outgoing("test/out", bytes(1_400_000))])
        await speaker.publish([Outgoing("test/out", b"x")])  # the line is as good as before
