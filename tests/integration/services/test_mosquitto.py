import asyncio
import os
import secrets
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import aiomqtt
import pytest

from fjarrkoll.services import Binaries, Mosquitto
from fjarrkoll.services import mosquitto as module
from fjarrkoll.services.process import free_port

Credentials = Mapping[str, str]


def client(
    broker: Mosquitto, username: str | None, password: str | None = None, identifier: str | None = None
) -> aiomqtt.Client:
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=username,
        password=password,
        identifier=identifier,
        protocol=aiomqtt.ProtocolVersion.V5,
    )


@pytest.fixture
def devices(broker: Mosquitto) -> dict[str, str]:
    """Two new devices that the broker knows."""
    made = {f"dev-{secrets.token_hex(4)}": secrets.token_urlsafe(16) for _ in range(2)}
    broker.add_credentials(made)
    return made


def wait_until_ended(broker: Mosquitto) -> None:
    while broker.running:
        time.sleep(0.01)


async def heard(listener: aiomqtt.Client, last: str) -> list[str]:
    """Topics received up to and including the topic `last`."""
    topics: list[str] = []
    async with asyncio.timeout(10):
        async for message in listener.messages:
            topics.append(str(message.topic))
            if topics[-1] == last:
                break
    return topics


async def test_nobody_without_a_password_or_with_a_wrong_one(broker: Mosquitto, devices: Credentials) -> None:
    name, password = next(iter(devices.items()))
    for username, attempt in (
        (None, None),
        (name, None),
        (name, "wrong"),
        ("unknown", password),
        (name, password + "x"),
    ):
        with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori[sz]ed"):
            await client(broker, username, attempt).__aenter__()
    async with client(broker, name, password):  # negative control: the right one is let in
        assert broker.running


async def test_a_device_speaks_only_for_itself(
    broker: Mosquitto, broker_credentials: Credentials, devices: Credentials
) -> None:
    own, other = devices
    up = ("birth", "state", "telemetry", "event", "reply")
    async with (
        client(broker, "observer", broker_credentials["observer"]) as observer,
        client(broker, own, devices[own]) as device,
    ):
        await observer.subscribe("fk/v1/#", qos=1)
        for name in (other, own):
            for verb in ("command", "stored", "unknown", *up):
                await device.publish(f"fk/v1/{name}/{verb}", b"x", qos=1)
        topics = await heard(observer, f"fk/v1/{own}/reply")
    assert topics == [f"fk/v1/{own}/{verb}" for verb in up]


async def test_a_device_hears_only_what_is_meant_for_it(
    broker: Mosquitto, broker_credentials: Credentials, devices: Credentials
) -> None:
    own, other = devices
    async with (
        client(broker, own, devices[own]) as device,
        client(broker, other, devices[other]) as neighbour,
        client(broker, "ingest", broker_credentials["ingest"]) as ingest,
        client(broker, "diagnostics", broker_credentials["diagnostics"]) as diagnostics,
    ):
        for topic in ("#", "fk/v1/#", "fk/v1/+/+", f"fk/v1/{other}/telemetry", f"fk/v1/{other}/command", "$SYS/#"):
            await device.subscribe(topic, qos=1)
        await neighbour.subscribe(f"fk/v1/{other}/#", qos=1)
        await neighbour.publish(f"fk/v1/{other}/telemetry", b"x", qos=1, retain=True)
        await diagnostics.publish(f"fk/v1/{other}/command", b"x", qos=1)
        await ingest.publish(f"fk/v1/{other}/stored", b"x", qos=1)
        await diagnostics.publish(f"fk/v1/{own}/command", b"x", qos=1)
        await ingest.publish(f"fk/v1/{own}/stored", b"x", qos=1)
        topics = await heard(device, f"fk/v1/{own}/stored")
        # Negative control: what the device must not hear was really said.
        assert await heard(neighbour, f"fk/v1/{other}/stored") == [f"fk/v1/{other}/command", f"fk/v1/{other}/stored"]
    assert set(topics) == {f"fk/v1/{own}/command", f"fk/v1/{own}/stored"}


async def test_services_say_only_what_is_theirs(
    broker: Mosquitto, broker_credentials: Credentials, devices: Credentials
) -> None:
    own, _ = devices
    async with client(broker, own, devices[own]) as device:
        await device.subscribe("fk/v1/#", qos=1)
        for service in ("observer", "diagnostics", "ingest"):
            async with client(broker, service, broker_credentials[service], service) as speaker:
                for verb in ("command", "stored"):
                    await speaker.publish(f"fk/v1/{own}/{verb}", service.encode(), qos=1)
        async with asyncio.timeout(10):
            received = [await anext(device.messages) for _ in range(2)]
    assert [(str(message.topic).rpartition("/")[2], message.payload) for message in received] == [
        ("command", b"diagnostics"),
        ("stored", b"ingest"),
    ]


async def test_a_malformed_megabyte_reaches_ingest(
    broker: Mosquitto, broker_credentials: Credentials, devices: Credentials
) -> None:
    own, _ = devices
    async with (
        client(broker, "ingest", broker_credentials["ingest"]) as ingest,
        client(broker, own, devices[own]) as device,
    ):
        await ingest.subscribe(f"fk/v1/{own}/telemetry", qos=1)
        await device.publish(f"fk/v1/{own}/telemetry", bytes(1_000_000), qos=1)
        async with asyncio.timeout(10):
            message = await anext(ingest.messages)
    assert message.payload == bytes(1_000_000)


async def test_removed_credentials_disconnect_and_added_ones_work_at_once(
    binaries: Binaries, server_folder: Path
) -> None:
    with Mosquitto(binaries, server_folder, {"dev-1": "one"}) as broker:
        async with client(broker, "dev-1", "one"):
            assert broker.running
        broker.set_credentials({"dev-2": "two"})
        async with client(broker, "dev-2", "two"):
            assert broker.running
        with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori[sz]ed"):
            await client(broker, "dev-1", "one").__aenter__()


async def test_an_extra_access_list_and_settings_are_taken(binaries: Binaries, server_folder: Path) -> None:
    acl = "user bench\ntopic readwrite bench/#\n"
    with Mosquitto(
        binaries, server_folder, {"bench": "b"}, extra_acl=acl, settings={"max_packet_size": "2000"}
    ) as broker:
        async with client(broker, "bench", "b") as bench:
            await bench.subscribe("bench/#", qos=1)
            await bench.publish("bench/x", b"x", qos=1)
            assert await heard(bench, "bench/x") == ["bench/x"]


async def test_a_tidy_stop_keeps_what_is_queued_for_a_session_and_a_kill_loses_it(
    binaries: Binaries, server_folder: Path
) -> None:
    kept: dict[str, bool] = {}
    with Mosquitto(binaries, server_folder, {"dev-1": "one", "ingest": "i"}) as broker:
        for way in ("stop", "kill"):
            port, pid = broker.port, broker.pid
            session = aiomqtt.Client(
                broker.host, port, username="ingest", password="i", identifier=way, clean_session=False,
                protocol=aiomqtt.ProtocolVersion.V311,
            )  # fmt: skip
            async with session:
                await session.subscribe("fk/v1/+/event", qos=1)
            async with client(broker, "dev-1", "one") as device:
                await device.publish("fk/v1/dev-1/event", way.encode(), qos=1)
            getattr(broker, way)()
            assert not broker.running
            broker.start()
            assert (broker.port, broker.pid == pid) == (port, False)
            async with session:
                try:
                    async with asyncio.timeout(1):
                        kept[way] = (await anext(session.messages)).payload == way.encode()
                except TimeoutError:
                    kept[way] = False
    assert kept == {"stop": True, "kill": False}


async def test_one_that_was_killed_from_outside_can_be_started_again(binaries: Binaries, server_folder: Path) -> None:
    with Mosquitto(binaries, server_folder, {"dev-1": "one"}) as broker:
        first = broker.pid
        os.kill(first, signal.SIGKILL)
        wait_until_ended(broker)
        broker.start()
        assert broker.pid != first
        async with client(broker, "dev-1", "one"):
            assert broker.running


async def test_a_port_lost_to_another_program_is_exchanged_for_a_free_one(
    binaries: Binaries, broker: Mosquitto, server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = iter([broker.port, free_port()])
    monkeypatch.setattr(module, "free_port", lambda: next(ports))
    with Mosquitto(binaries, server_folder, {"dev-1": "one"}) as second:
        assert second.port != broker.port
        async with client(second, "dev-1", "one"):
            assert second.running


def test_thousands_of_devices_are_enrolled_quickly(binaries: Binaries, server_folder: Path) -> None:
    many = {f"dev-{number}": f"password-{number}" for number in range(10_000)}
    begin = time.perf_counter()
    with Mosquitto(binaries, server_folder, many) as broker:
        broker.add_credentials({"one-more": "x"})
        assert time.perf_counter() - begin < 10
