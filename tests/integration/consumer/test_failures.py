"""What goes wrong is noticed in time and named by its situation."""

import asyncio
import os
import signal

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from fjarrkoll.services import Mosquitto
from ingest.consumer import (
    BrokerUnreachable,
    ConnectionRefused,
    Disconnected,
    Outgoing,
    ProtocolViolation,
    SubscriptionRefused,
)
from ingest.consumer.base import ConsumerBase
from tests.integration.consumer.recording_proxy import RecordingProxy
from tests.integration.consumer.support import FILTER, PASSWORDS, MakeConsumer, feed, numbered, take, timed


def session_kept_for(seconds: int) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho annotates no result here
    properties.SessionExpiryInterval = seconds
    return properties


async def wait_for_the_loss(consumer: ConsumerBase) -> Disconnected:
    async with asyncio.timeout(10):
        try:
            while True:
                await consumer.next_batch(1000, 0)
        except Disconnected as loss:
            return loss


async def test_a_killed_broker_is_noticed_at_once(make: MakeConsumer, own_broker: Mosquitto) -> None:
    async with make() as consumer:
        await consumer.subscribe([FILTER])
        waiting = asyncio.ensure_future(wait_for_the_loss(consumer))
        await asyncio.sleep(0.1)
        own_broker.kill()
        _, seconds = await timed(waiting)
        assert seconds < 5, "not after a keep-alive"
        with pytest.raises(Disconnected):  # and it stays lost
            await consumer.next_batch(10, 1.0)
        with pytest.raises(Disconnected):
            await consumer.publish([Outgoing("test/out", b"x")])
        with pytest.raises(Disconnected):
            await consumer.subscribe([FILTER])


async def test_a_half_open_line_is_noticed_within_one_and_a_half_keepalives(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with make(keepalive_seconds=4) as consumer:
        await consumer.subscribe([FILTER])
        os.kill(own_broker.pid, signal.SIGSTOP)
        try:
            _, seconds = await timed(wait_for_the_loss(consumer))
        finally:
            os.kill(own_broker.pid, signal.SIGCONT)
        assert 1 < seconds < 8, "six, and what a busy machine takes"


async def test_a_silent_but_living_line_is_kept(make: MakeConsumer, own_broker: Mosquitto) -> None:
    async with make(keepalive_seconds=1) as consumer:
        await consumer.subscribe([FILTER])
        await asyncio.sleep(3.5)  # the broker would close after 1.5 s without a ping
        await feed(own_broker, [b"still here"])
        assert len(await take(consumer, 1)) == 1


async def test_being_replaced_under_the_same_client_id_is_told_with_the_brokers_reason(make: MakeConsumer) -> None:
    async with make() as first, make():
        failure = await wait_for_the_loss(first)
    assert failure.reason_code == 0x8E  # session taken over (MQTT 5, table 3.14.2.1)
    assert failure.taken_over


async def test_what_was_in_hand_at_the_loss_comes_again_on_the_same_consumer(
    make: MakeConsumer, own_broker: Mosquitto
) -> None:
    async with RecordingProxy(own_broker.host, own_broker.port) as proxy:
        consumer = make(port=proxy.port)
        await consumer.connect()
        await consumer.subscribe([FILTER])
        await feed(own_broker, numbered(100))
        await take(consumer, 30, acknowledge=False)
        await proxy.cut()
        await wait_for_the_loss(consumer)
        report = await consumer.connect()
        assert report.session_present
        assert len(await take(consumer, 100)) == 100
        assert consumer.statistics.redelivered >= 30


@pytest.mark.parametrize(
    "credentials", [{"password": "wrong"}, {"username": None, "password": None}], ids=["wrong", "none"]
)
async def test_a_refused_connection_says_what_to_do(make: MakeConsumer, credentials: dict[str, str | None]) -> None:
    consumer = make(**credentials)
    with pytest.raises(
        ConnectionRefused, match=r"Compare ingest's credentials with the broker's password file"
    ) as caught:
        await consumer.connect()
    assert (caught.value.reason_code, caught.value.permanent) == (0x87, True)
    with pytest.raises(Disconnected):
        await consumer.next_batch(1, 0)


async def test_a_broker_that_is_not_there_is_unreachable(make: MakeConsumer, own_broker: Mosquitto) -> None:
    own_broker.stop()
    with pytest.raises(BrokerUnreachable, match=rf"127\.0\.0\.1:{own_broker.port}"):
        await make().connect()


async def test_a_listener_that_never_answers_is_unreachable_within_the_timeout(make: MakeConsumer) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    consumer = make(port=server.sockets[0].getsockname()[1], connect_timeout_seconds=0.5)
    with pytest.raises(BrokerUnreachable, match=r"no answer within 0\.5 s"):
        await asyncio.wait_for(consumer.connect(), 3)
    server.close()


async def test_a_listener_that_hangs_up_is_unreachable(make: MakeConsumer) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    with pytest.raises(BrokerUnreachable):
        await asyncio.wait_for(make(port=server.sockets[0].getsockname()[1]).connect(), 3)
    server.close()


async def test_a_subscription_the_access_rules_forbid_is_refused(make: MakeConsumer, forbidding_broker: int) -> None:
    async with make(port=forbidding_broker) as consumer:
        await consumer.subscribe(["test/allowed/#"])
        with pytest.raises(SubscriptionRefused, match=r"'test/#'.*not authorised.*access list") as caught:
            await consumer.subscribe(["test/allowed/#", "test/#"])
        assert caught.value.refused == {"test/#": 0x87}


async def test_a_subscription_lowered_to_quality_0_is_refused(
    make: MakeConsumer, server_of_quality_0: Mosquitto
) -> None:
    async with make(port=server_of_quality_0.port) as consumer:
        with pytest.raises(SubscriptionRefused, match="only QoS 0, which loses messages"):
            await consumer.subscribe([FILTER])


async def test_shared_subscriptions_are_refused_before_the_broker_hears_of_them(make: MakeConsumer) -> None:
    async with make() as consumer:
        with pytest.raises(ValueError, match="loses messages when a member dies"):
            await consumer.subscribe(["$share/ingest/test/#"])


async def test_quality_2_left_in_the_session_by_another_program_is_refused_with_a_way_out(
    make: MakeConsumer, own_broker: Mosquitto, client_id: str
) -> None:
    async with make():  # makes the durable session
        pass
    other = aiomqtt.Client(
        own_broker.host,
        own_broker.port,
        identifier=client_id,
        username="ingest",
        password=PASSWORDS["ingest"],
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=False,
        properties=session_kept_for(60),
    )
    async with other:
        await other.subscribe(FILTER, qos=2)
    async with make() as consumer:
        await feed(own_broker, [b"x"], qos=2)
        failure = await wait_for_the_loss(consumer)
    assert isinstance(failure, ProtocolViolation)
    assert "QoS 2" in str(failure)


async def test_calls_before_connecting_say_so(make: MakeConsumer) -> None:
    consumer = make()
    for call in (consumer.subscribe([FILTER]), consumer.next_batch(1, 0), consumer.publish([])):
        with pytest.raises(Disconnected, match="connect"):
            await call
    await consumer.close()


async def test_two_readers_at_once_are_refused(make: MakeConsumer) -> None:
    async with make() as consumer:
        waiting = asyncio.ensure_future(consumer.next_batch(1, 0))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="one reader"):
            await consumer.next_batch(1, 0)
        consumer.interrupt()
        assert await waiting == []
