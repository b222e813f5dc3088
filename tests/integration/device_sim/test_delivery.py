"""From the outbox to a recorder: nothing is lost though broker, line and receipts fail, and without outbox it is."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from device_sim.ledger import Ledger, read_ledger
from device_sim.outbox import Entry, Outbox
from fjarrkoll.services import Mosquitto
from fleet.topics import Verb
from tests.integration.device_sim.stand_in import StandIn, device_of, entries, swarm_of, until

MODELS = (
    ("scale", "mi-body-composition-2"),
    ("wheelchair", "permobil-m3"),
    ("dispenser", "roll-dispenser-r2"),
    ("apap", "resmed-airsense10"),
)
DAYS = [date(2026, 5, 1) + timedelta(days=n) for n in range(12)]


def noted(path: Path) -> set[tuple[str, int, int]]:
    return {(device_id, boot, seq) for device_id, boot, seq, _ in read_ledger(path)}


async def test_the_outbox_is_trimmed_by_receipts_and_by_nothing_else(
    broker: Mosquitto, stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.confirms = False
    with Ledger(tmp_path / "ledger") as ledger:
        swarm = swarm_of(broker, entries(broker, MODELS[0]), ledger=ledger)
        connection, device_id = device_of(swarm)
        async with swarm.running():
            for _ in range(30):
                connection.send(connection.device.heartbeat(connection.clock()))
            await until(lambda: len(stand_in.numbers_of(device_id)) == 30)
            assert connection.idle  # the broker has acknowledged every one
            assert len(connection.device.outbox) == 30
            stand_in.confirms = True
            assert await swarm.drained(10) == 0
        ledger.flush()
    assert len(connection.device.outbox) == 0
    assert stand_in.numbers_of(device_id) == {(boot, seq) for _, boot, seq in noted(tmp_path / "ledger")}


async def test_receipts_cost_a_fraction_of_the_traffic(broker: Mosquitto, stand_in: StandIn) -> None:
    swarm = swarm_of(broker, entries(broker, MODELS[0]))
    connection, device_id = device_of(swarm)
    async with swarm.running():
        for _ in range(100):
            connection.send(connection.device.heartbeat(connection.clock()))
        await until(lambda: len(connection.device.outbox) == 0)
    assert stand_in.receipts == 5
    assert stand_in.arrivals == len(stand_in.numbers_of(device_id)) == 100


async def _loses_the_brokers_memory(
    broker: Mosquitto, credentials: Mapping[str, str], path: Path
) -> tuple[StandIn, set[tuple[str, int, int]]]:
    """Acknowledged messages wait at the broker for an absent recorder; the broker is killed, and more comes."""
    recorder = StandIn(broker, credentials["ingest"])
    with Ledger(path) as ledger:
        swarm = swarm_of(broker, entries(broker, *MODELS), ledger=ledger)
        async with recorder.listening():
            pass  # from now on the broker queues for it
        async with swarm.running():
            for number, day in enumerate(DAYS):
                for connection in swarm.connections:
                    connection.send(connection.device.live_through(day, number / len(DAYS)))
                if number == len(DAYS) // 2:
                    await until(lambda: all(connection.idle for connection in swarm.connections))
                    broker.kill()
                    await asyncio.sleep(0.3)
                    broker.start()
            async with recorder.listening():
                await until(lambda: all(connection.connected.is_set() for connection in swarm.connections), 30)
                await swarm.drained(20)
        ledger.flush()
    return recorder, noted(path)


async def test_a_killed_broker_costs_nothing(
    own_broker: Mosquitto, broker_credentials: Mapping[str, str], tmp_path: Path
) -> None:
    recorder, produced = await _loses_the_brokers_memory(own_broker, broker_credentials, tmp_path / "ledger")
    assert len(produced) > 150
    assert recorder.stored == produced
    assert recorder.arrivals > 0


async def test_without_the_outbox_the_same_kill_loses(
    own_broker: Mosquitto, broker_credentials: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget_when_sent(self: Outbox, entry: Entry, *, ask: bool | None = None) -> bytes:
        del ask
        self._entries.remove(entry)
        return entry.payload()

    monkeypatch.setattr(Outbox, "wrap", forget_when_sent)
    recorder, produced = await _loses_the_brokers_memory(own_broker, broker_credentials, tmp_path / "ledger")
    assert recorder.stored < produced
    assert len(produced - recorder.stored) > 50


async def test_a_stream_survives_kill_after_kill(
    own_broker: Mosquitto, broker_credentials: Mapping[str, str], tmp_path: Path
) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        swarm = swarm_of(own_broker, entries(own_broker, *MODELS), ledger=ledger)
        async with StandIn(own_broker, broker_credentials["ingest"]).listening() as recorder, swarm.running():
            for _ in range(3):
                for _ in range(40):
                    for connection in swarm.connections:
                        connection.send(connection.device.heartbeat(connection.clock()))
                    await asyncio.sleep(0.005)
                own_broker.kill()
                own_broker.start()
            assert await swarm.drained(40) == 0
        ledger.flush()
    assert recorder.stored == noted(tmp_path / "ledger")
    assert len(recorder.stored) == 3 * 40 * len(MODELS)


async def test_receipts_that_get_lost_are_asked_for_again(broker: Mosquitto, stand_in: StandIn) -> None:
    swarm = swarm_of(broker, entries(broker, MODELS[0]))
    connection, device_id = device_of(swarm)
    stand_in.confirms = False
    async with swarm.running():
        for _ in range(20):  # the twentieth asks
            connection.send(connection.device.heartbeat(connection.clock()))
        await until(lambda: len(stand_in.numbers_of(device_id)) == 20)
        stand_in.confirms = True
        await until(lambda: len(connection.device.outbox) == 0, 10)  # nobody but the device itself does anything
    assert 20 < stand_in.arrivals <= 60


async def test_a_held_line_lets_nothing_out_and_then_everything_in_order(broker: Mosquitto, stand_in: StandIn) -> None:
    swarm = swarm_of(broker, entries(broker, MODELS[0]))
    connection, device_id = device_of(swarm)
    async with swarm.running():
        connection.held = True
        for _ in range(10):
            connection.send(connection.device.heartbeat(connection.clock()))
        await asyncio.sleep(0.5)
        assert connection.held
        assert stand_in.of(device_id, Verb.TELEMETRY) == []
        assert [heard.body["online"] for heard in stand_in.of(device_id, Verb.STATE)] == [True]
        connection.held = False
        await until(lambda: len(stand_in.of(device_id, Verb.TELEMETRY)) == 10)
    assert [heard.body["seq"] for heard in stand_in.of(device_id, Verb.TELEMETRY)] == list(range(1, 11))


async def test_a_long_absence_comes_back_window_by_window(broker: Mosquitto, stand_in: StandIn) -> None:
    swarm = swarm_of(broker, entries(broker, MODELS[0]))
    connection, device_id = device_of(swarm)
    for _ in range(230):
        connection.device.heartbeat(connection.clock())
    connection.device.outbox.start_over()
    async with swarm.running():
        await until(lambda: len(connection.device.outbox) == 0)
    assert stand_in.numbers_of(device_id) == {(1, seq) for seq in range(1, 231)}
    assert stand_in.arrivals == 230
