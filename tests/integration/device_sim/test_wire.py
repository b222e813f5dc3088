"""The device's own MQTT connection: refusals in words, half-open lines noticed, bytes in any portions."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import mqtt5
import pytest

from device_sim import wire as wire_module
from device_sim.line import Line, device_packet, opened, service_packet
from device_sim.wire import LineLostError, Wire
from fjarrkoll.services import Mosquitto
from fjarrkoll.services.process import free_port
from tests.integration.device_sim.stand_in import StandIn, entries, until

SCALE = ("scale", "mi-body-composition-2")
ACCEPTED = mqtt5.ConnAckPacket().write()
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@asynccontextmanager
async def fake_broker(talk: Talk) -> AsyncIterator[Line]:
    """Something that listens and speaks as told, for what no real broker would do."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Line("127.0.0.1", server.sockets[0].getsockname()[1])


def observer(credentials: Mapping[str, str]) -> mqtt5.ConnectPacket:
    return service_packet("observer", credentials["observer"])


async def test_a_refused_account_is_told_in_the_brokers_words(broker: Mosquitto) -> None:
    with pytest.raises(LineLostError, match="the broker refuses CONNECT: Not authorized"):
        async with opened(Line(broker.host, broker.port), service_packet("observer", "wrong")):
            pytest.fail("it got in")


async def test_where_nothing_listens_is_told() -> None:
    with pytest.raises(LineLostError, match="Connection refused"):
        async with opened(Line("127.0.0.1", free_port()), service_packet("observer", "x")):
            pytest.fail("it got in")


async def test_a_message_under_another_devices_name_is_refused(broker: Mosquitto) -> None:
    own, other = entries(broker, SCALE, SCALE)
    packet = device_packet(own.device_id, own.password, b"gone")
    async with opened(Line(broker.host, broker.port), packet) as wire:
        with pytest.raises(LineLostError, match=f"refuses fk/v1/{other.device_id}/telemetry: Not authorized"):
            await wire.publish(f"fk/v1/{other.device_id}/telemetry", b"{}")
        await wire.publish(f"fk/v1/{own.device_id}/telemetry", b"{}")


async def test_a_megabyte_goes_and_comes(broker: Mosquitto, broker_credentials: Mapping[str, str]) -> None:
    (own,) = entries(broker, SCALE)
    line, address = Line(broker.host, broker.port), f"fk/v1/{own.device_id}/telemetry"
    async with (
        opened(line, observer(broker_credentials)) as hearing,
        opened(line, device_packet(own.device_id, own.password, b"gone")) as wire,
    ):
        await hearing.subscribe([address])
        await wire.publish(address, b"x" * 1_000_000)
        heard = await hearing.receive()
    assert (len(heard.payload), heard.retained, heard.topic) == (1_000_000, False, address)


async def test_many_messages_at_once_are_each_acknowledged(broker: Mosquitto, stand_in: StandIn) -> None:
    (own,) = entries(broker, SCALE)
    packet = device_packet(own.device_id, own.password, b"gone")
    async with opened(Line(broker.host, broker.port), packet) as wire:
        await asyncio.gather(*(wire.publish(f"fk/v1/{own.device_id}/event", b"%d" % n) for n in range(300)))
    await until(lambda: len(stand_in.of(own.device_id)) == 300)


async def test_leaving_withholds_the_last_will_and_being_cut_does_not(broker: Mosquitto, stand_in: StandIn) -> None:
    (own,) = entries(broker, SCALE)
    packet = device_packet(own.device_id, own.password, b"gone")
    async with opened(Line(broker.host, broker.port), packet):
        pass
    async with opened(Line(broker.host, broker.port), packet) as wire:
        wire.cut()
        with pytest.raises(LineLostError):
            await wire.receive()
    await until(lambda: stand_in.of(own.device_id) != [])
    assert [heard.payload for heard in stand_in.of(own.device_id)] == [b"gone"]


async def test_what_arrived_before_the_loss_is_still_received() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        messages = [mqtt5.PublishPacket("a/b", b"%d" % n).write() for n in range(3)]
        for byte in ACCEPTED + b"".join(messages):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)

    async with fake_broker(talk) as line, opened(line, service_packet("a", "b")) as wire:
        assert [(await wire.receive()).payload for _ in range(3)] == [b"0", b"1", b"2"]
        for _ in range(2):
            with pytest.raises(LineLostError):
                await wire.receive()
        with pytest.raises(LineLostError):
            await wire.publish("a/b", b"x")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not MQTT 5|hung up|line was"),
        (b"", "line was closed"),
        (mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.SERVER_BUSY).write(), "Server busy"),
        (
            mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN).write(),
            "Server shutting down",
        ),
    ],
)
async def test_whatever_answers_is_told_in_a_sentence(answer: bytes, says: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(answer)
        await writer.drain()

    async with fake_broker(talk) as line:
        with pytest.raises(LineLostError, match=says):
            async with opened(line, service_packet("a", "b")):
                pytest.fail("it got in")


async def test_a_broker_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "_ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(wire_module, "_LEAVE_SECONDS", 0.1)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(ACCEPTED)
        await reader.read()

    async with fake_broker(talk) as line, opened(line, service_packet("a", "b")) as wire:
        with pytest.raises(LineLostError, match="does not answer a/b"):
            await wire.publish("a/b", b"x")


async def test_a_half_open_line_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "KEEPALIVE_SECONDS", 0.4)
    pings: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(ACCEPTED)
        pings.append(await reader.read(1000))
        writer.write(mqtt5.PingRespPacket().write())
        pings.append(await reader.read(1000))
        await reader.read()

    async with fake_broker(talk) as line, opened(line, service_packet("a", "b")) as wire:
        with pytest.raises(LineLostError, match="no sign of life"):
            async with asyncio.timeout(5):
                await wire.receive()
    assert pings == [mqtt5.PingReqPacket().write()] * 2


async def test_packet_ids_go_round_and_skip_those_in_use() -> None:
    wire = Wire()
    wire._last_id = 65_533
    wire._answers[65_535] = asyncio.get_running_loop().create_future()
    wire._answers[1] = asyncio.get_running_loop().create_future()
    assert [wire._next_id() for _ in range(3)] == [65_534, 2, 3]
