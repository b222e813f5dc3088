"""Commands over a real broker: answered once, by the device that is meant, and confirmed answers are forgotten."""

import asyncio
import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from device_sim.connection import Connection
from fjarrkoll.services import Mosquitto
from fleet import codec
from fleet.clock import to_milliseconds
from fleet.faults import NativeCode
from fleet.messages import CommandMessage
from fleet.topics import Verb, topic
from tests.integration.device_sim.stand_in import StandIn, account, device_of, entries, swarm_of, until

CHAIR = ("wheelchair", "permobil-m3")
_counters = itertools.count(1)


def command(name: str, *, expires_ms: int = 30_000, counter: int | None = None) -> CommandMessage:
    now = to_milliseconds(datetime.now(UTC))
    number = counter or next(_counters)
    return CommandMessage(
        command_id=f"c-{number}", name=name, counter=number, issued_at=now - 60_000, not_after=now + expires_ms
    )


class Requester:
    """The platform's side, with the diagnostics account."""

    def __init__(
        self, broker: Mosquitto, credentials: Mapping[str, str], stand_in: StandIn, connection: Connection
    ) -> None:
        self._broker = broker
        self._password = credentials["diagnostics"]
        self._stand_in = stand_in
        self._id = connection.device.identity.device_id

    async def send(self, message: CommandMessage, times: int = 1) -> None:
        async with account(self._broker, "diagnostics", self._password) as client:
            for _ in range(times):
                await client.publish(topic(self._id, Verb.COMMAND), codec.encode(message), qos=1)

    def replies(self) -> list[dict[str, Any]]:
        return [json.loads(heard.payload) for heard in self._stand_in.of(self._id, Verb.REPLY)]

    async def ask(self, message: CommandMessage) -> dict[str, Any]:
        before = len(self.replies())
        await self.send(message)
        await until(lambda: len(self.replies()) > before)
        return self.replies()[-1]


async def test_fault_codes_are_read_and_the_answer_is_kept_until_confirmed(
    broker: Mosquitto, broker_credentials: Mapping[str, str], stand_in: StandIn
) -> None:
    swarm = swarm_of(broker, entries(broker, CHAIR))
    connection, _ = device_of(swarm)
    requester = Requester(broker, broker_credentials, stand_in, connection)
    async with swarm.running():
        connection.device.carry_fault(NativeCode("r-net", "0905"), connection.clock())
        asked = command("read_faults")
        reply = await requester.ask(asked)
        assert (reply["command_id"], reply["status"]) == (asked.command_id, "succeeded")
        assert [fault["code"] for fault in reply["result"]["faults"]] == ["0905"]
        assert len(connection.device.outbox) == 1
        assert await swarm.drained(10) == 0


async def test_a_command_that_comes_many_times_is_executed_once(
    broker: Mosquitto, broker_credentials: Mapping[str, str], stand_in: StandIn
) -> None:
    swarm = swarm_of(broker, entries(broker, CHAIR))
    connection, _ = device_of(swarm)
    requester = Requester(broker, broker_credentials, stand_in, connection)
    async with swarm.running():
        await requester.send(command("locate_beep"), times=50)
        await until(lambda: connection.device.replayed_commands == 49)
        await swarm.drained(10)
    assert len({reply["seq"] for reply in requester.replies()}) == 1


async def test_an_expired_and_an_unsafe_command_are_answered_and_not_executed(
    broker: Mosquitto, broker_credentials: Mapping[str, str], stand_in: StandIn
) -> None:
    swarm = swarm_of(broker, entries(broker, CHAIR))
    connection, _ = device_of(swarm)
    requester = Requester(broker, broker_credentials, stand_in, connection)
    async with swarm.running():
        late = await requester.ask(command("restart_gateway", expires_ms=-1000))
        connection.device.operating_state = "driving"
        unsafe = await requester.ask(command("restart_gateway"))
    assert (late["status"], unsafe["status"], unsafe["reason"]) == ("expired", "refused", "not while driving")
    assert connection.device.boot == 1


async def test_a_restarted_gateway_answers_first_and_comes_back_with_a_higher_boot(
    broker: Mosquitto, broker_credentials: Mapping[str, str], stand_in: StandIn
) -> None:
    swarm = swarm_of(broker, entries(broker, CHAIR))
    connection, device_id = device_of(swarm)
    requester = Requester(broker, broker_credentials, stand_in, connection)
    async with swarm.running():
        reply = await requester.ask(command("restart_gateway"))
        await until(lambda: len(stand_in.of(device_id, Verb.BIRTH)) == 2)
        connection.send(connection.device.heartbeat(connection.clock()))
        await until(lambda: stand_in.of(device_id, Verb.TELEMETRY) != [])
    assert (reply["boot"], reply["seq"]) == (1, 1)
    heard = [(h.verb, h.parts[-1]["boot"]) for h in stand_in.of(device_id, Verb.BIRTH, Verb.TELEMETRY)]
    assert heard == [(Verb.BIRTH, 1), (Verb.BIRTH, 2), (Verb.TELEMETRY, 2)]
    assert [h.body["online"] for h in stand_in.of(device_id, Verb.STATE)][:3] == [True, False, True]


async def test_a_silent_device_answers_nothing_and_a_command_waits_for_it_at_the_broker(
    broker: Mosquitto, broker_credentials: Mapping[str, str], stand_in: StandIn
) -> None:
    swarm = swarm_of(broker, entries(broker, CHAIR))
    connection, device_id = device_of(swarm)
    requester = Requester(broker, broker_credentials, stand_in, connection)
    async with swarm.running():
        connection.fall_silent()
        await until(lambda: len(stand_in.of(device_id, Verb.STATE)) == 2)
        await requester.send(command("read_faults"))
        await asyncio.sleep(0.5)
        assert requester.replies() == []
        connection.come_back()
        await until(lambda: len(requester.replies()) == 1)


async def test_bytes_that_are_no_command_are_passed_over(
    broker: Mosquitto, broker_credentials: Mapping[str, str], stand_in: StandIn
) -> None:
    swarm = swarm_of(broker, entries(broker, CHAIR))
    connection, device_id = device_of(swarm)
    requester = Requester(broker, broker_credentials, stand_in, connection)
    async with swarm.running():
        async with account(broker, "diagnostics", broker_credentials["diagnostics"]) as client:
            await client.publish(topic(device_id, Verb.COMMAND), b"\xff{", qos=1)
        assert (await requester.ask(command("read_faults")))["status"] == "succeeded"
