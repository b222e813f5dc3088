"""Birth and state: retained for newcomers, and true also after a dead gateway, a restart and a tidy end."""

import asyncio
from collections.abc import Mapping

import pytest

from fjarrkoll.services import Mosquitto
from fleet.topics import Verb
from tests.integration.device_sim.stand_in import StandIn, device_of, entries, retained, swarm_of, until

SCALE = ("scale", "mi-body-composition-2")


async def test_a_newcomer_finds_who_is_there_and_that_it_is_online(
    broker: Mosquitto, broker_credentials: Mapping[str, str]
) -> None:
    swarm = swarm_of(broker, entries(broker, SCALE))
    _, device_id = device_of(swarm)
    async with swarm.running():
        found = await retained(broker, broker_credentials["observer"], device_id)
    assert (found[Verb.BIRTH]["device_class"], found[Verb.BIRTH]["model"]) == SCALE
    assert "body.weight" in found[Verb.BIRTH]["metrics"]
    assert found[Verb.STATE] == {"ts": found[Verb.STATE]["ts"], "boot": 1, "online": True}
    assert found[Verb.STATE]["ts"] == found[Verb.BIRTH]["ts"]


async def test_a_tidy_end_says_offline_itself(broker: Mosquitto, broker_credentials: Mapping[str, str]) -> None:
    swarm = swarm_of(broker, entries(broker, SCALE))
    _, device_id = device_of(swarm)
    async with swarm.running():
        pass
    found = await retained(broker, broker_credentials["observer"], device_id)
    assert found[Verb.STATE]["online"] is False
    assert found[Verb.BIRTH]["device_class"] == "scale"


async def test_a_silent_device_is_gone_at_once_by_its_last_will_and_says_nothing_until_it_comes_back(
    broker: Mosquitto, stand_in: StandIn
) -> None:
    swarm = swarm_of(broker, entries(broker, SCALE))
    connection, device_id = device_of(swarm)
    async with swarm.running():
        connection.fall_silent()
        await until(lambda: [h.body["online"] for h in stand_in.of(device_id, Verb.STATE)] == [True, False], 2)
        connection.send(connection.device.heartbeat(connection.clock()))
        await asyncio.sleep(0.5)
        assert stand_in.of(device_id, Verb.TELEMETRY) == []
        assert not connection.connected.is_set()

        connection.come_back()
        await until(lambda: stand_in.of(device_id, Verb.STATE)[-1].body["online"])
        connection.send(connection.device.heartbeat(connection.clock()))
        await until(lambda: len(stand_in.of(device_id, Verb.TELEMETRY)) == 1)


async def test_a_lost_line_tells_the_last_will_of_the_boot_it_belonged_to(broker: Mosquitto, stand_in: StandIn) -> None:
    swarm = swarm_of(broker, entries(broker, SCALE))
    connection, device_id = device_of(swarm)
    async with swarm.running():
        connection.device.restart()
        connection.drop_line()
        await until(lambda: len(stand_in.of(device_id, Verb.STATE)) == 3)
    told = [(h.body["boot"], h.body["online"]) for h in stand_in.of(device_id, Verb.STATE)]
    assert told[:3] == [(1, True), (1, False), (2, True)]
    assert [h.body["boot"] for h in stand_in.of(device_id, Verb.BIRTH)] == [1, 2]


@pytest.mark.parametrize("verb", [Verb.TELEMETRY, Verb.EVENT])
async def test_only_birth_and_state_are_retained(
    broker: Mosquitto, broker_credentials: Mapping[str, str], stand_in: StandIn, verb: Verb
) -> None:
    swarm = swarm_of(broker, entries(broker, SCALE))
    connection, device_id = device_of(swarm)
    async with swarm.running():
        device, now = connection.device, connection.clock()
        connection.send(device.heartbeat(now) if verb is Verb.TELEMETRY else device.notice("paired", now))
        await until(lambda: len(stand_in.of(device_id, verb)) == 1)
    assert set(await retained(broker, broker_credentials["observer"], device_id)) == {Verb.BIRTH, Verb.STATE}
