"""Every mischief does on the wire what its name says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from device_sim.connection import Connection
from device_sim.dirt import MALFORMED
from device_sim.mischief import COPIES, LATE_MINUTES, MISCHIEF, UNKNOWN_METRIC, UNKNOWN_NATIVE, hide_fault, raise_fault
from fjarrkoll.services import Mosquitto
from fleet import codec
from fleet.clock import believed, from_milliseconds
from fleet.errors import ConfigurationError, RejectedMessageError
from fleet.faults import NativeCode, Severity
from fleet.registry import load_registry
from fleet.topics import Verb
from tests.integration.device_sim.stand_in import Heard, StandIn, device_of, entries, swarm_of, until

DISPENSER = ("dispenser", "roll-dispenser-r2")


@dataclass
class Scene:
    """One connected dispenser and what was heard of it."""

    connection: Connection
    device_id: str
    stand_in: StandIn
    began: datetime

    async def after(self, name: str, enough: Callable[[], bool]) -> None:
        MISCHIEF[name](self.connection)
        await until(enough)

    def heard(self, *verbs: Verb) -> list[Heard]:
        return self.stand_in.of(self.device_id, *verbs)

    @property
    def telemetry(self) -> list[Heard]:
        return self.heard(Verb.TELEMETRY)

    @property
    def events(self) -> list[Heard]:
        return self.heard(Verb.EVENT)


@asynccontextmanager
async def scene(broker: Mosquitto, stand_in: StandIn, model: tuple[str, str] = DISPENSER) -> AsyncIterator[Scene]:
    swarm = swarm_of(broker, entries(broker, model))
    connection, device_id = device_of(swarm)
    async with swarm.running():
        yield Scene(connection, device_id, stand_in, datetime.now(UTC))


async def test_jam(broker: Mosquitto, stand_in: StandIn) -> None:
    async with scene(broker, stand_in) as here:
        await here.after("jam", lambda: len(here.events) == 1)
        (event,) = here.events
        known = load_registry()["dispenser"].faults_by_native
        native = NativeCode(event.body["data"]["system"], event.body["data"]["code"])
        assert (event.body["event"], known[native].code) == ("fault_raised", "MED-MEC-01")
        assert native.system in here.connection.device.identity.model.native_systems
        assert native in here.connection.device.faults


@pytest.mark.parametrize("model", [DISPENSER, ("wheelchair", "pg-vr2"), ("scale", "mi-body-composition-2")])
async def test_worst_fault(broker: Mosquitto, stand_in: StandIn, model: tuple[str, str]) -> None:
    async with scene(broker, stand_in, model) as here:
        await here.after("worst_fault", lambda: len(here.events) == 1)
        data = here.events[0].body["data"]
        fault = load_registry()[model[0]].faults_by_native[NativeCode(data["system"], data["code"])]
        assert data["system"] in here.connection.device.identity.model.native_systems
        assert fault.severity.rank >= Severity.HIGH.rank


async def test_unknown_fault(broker: Mosquitto, stand_in: StandIn) -> None:
    async with scene(broker, stand_in) as here:
        await here.after("unknown_fault", lambda: len(here.events) == 1)
        data = here.events[0].body["data"]
        assert (data["system"], data["code"]) == (UNKNOWN_NATIVE.system, UNKNOWN_NATIVE.code)
        assert all(UNKNOWN_NATIVE not in declared.faults_by_native for declared in load_registry())


async def test_unknown_metric(broker: Mosquitto, stand_in: StandIn) -> None:
    async with scene(broker, stand_in) as here:
        await here.after("unknown_metric", lambda: len(here.telemetry) == 1)
        assert here.telemetry[0].body["values"] == {UNKNOWN_METRIC: 42.0}


async def test_duplicates(broker: Mosquitto, stand_in: StandIn) -> None:
    async with scene(broker, stand_in) as here:
        await here.after("duplicates", lambda: len(here.telemetry) == COPIES)
        assert {heard.payload for heard in here.telemetry} == {here.telemetry[0].payload}
        assert stand_in.numbers_of(here.device_id) == {(1, 1)}


async def test_late_burst(broker: Mosquitto, stand_in: StandIn) -> None:
    async with scene(broker, stand_in) as here:
        await here.after("late_burst", lambda: len(stand_in.numbers_of(here.device_id)) == len(LATE_MINUTES))
        (array,) = here.telemetry
        times = [from_milliseconds(part["ts"]) for part in array.parts]
        assert times == sorted(times)
        assert timedelta(hours=3) <= datetime.now(UTC) - times[0] < timedelta(hours=3, minutes=1)


@pytest.mark.parametrize(("name", "year"), [("clock_to_1970", 1970), ("clock_to_2106", 2106)])
async def test_wrong_clocks(broker: Mosquitto, stand_in: StandIn, name: str, year: int) -> None:
    async with scene(broker, stand_in) as here:
        await here.after(name, lambda: len(here.telemetry) == 1)
        told = here.telemetry[0].body["ts"]
        assert from_milliseconds(told).year == year
        assert not believed(told, datetime.now(UTC))


async def test_malformed(broker: Mosquitto, stand_in: StandIn) -> None:
    async with scene(broker, stand_in) as here:
        await here.after("malformed", lambda: len(here.telemetry) == len(MALFORMED))
        assert [heard.payload for heard in here.telemetry] == list(MALFORMED.values())
        for heard in here.telemetry:
            with pytest.raises(RejectedMessageError):
                codec.decode_telemetry(heard.payload)
        here.connection.send(here.connection.device.heartbeat(here.connection.clock()))
        await until(lambda: (1, 1) in stand_in.numbers_of(here.device_id))


async def test_restart(broker: Mosquitto, stand_in: StandIn) -> None:
    async with scene(broker, stand_in) as here:
        await here.after("restart", lambda: (2, 1) in stand_in.numbers_of(here.device_id))
        assert [heard.body["boot"] for heard in here.heard(Verb.BIRTH)] == [1, 2]
        states = [(heard.body["boot"], heard.body["online"]) for heard in here.heard(Verb.STATE)]
        assert states == [(1, True), (1, False), (2, True)]


async def test_silence(broker: Mosquitto, stand_in: StandIn) -> None:
    async with scene(broker, stand_in) as here:
        await here.after("silence", lambda: len(here.heard(Verb.STATE)) == 2)
        here.connection.send(here.connection.device.heartbeat(here.connection.clock()))
        await asyncio.sleep(0.3)
        assert here.heard(Verb.STATE)[-1].body["online"] is False
        assert here.telemetry == []


async def test_every_mischief_has_its_test() -> None:
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert set(MISCHIEF) <= tested | {"clock_to_1970", "clock_to_2106"}


async def test_a_hidden_fault_is_carried_and_not_told(broker: Mosquitto, stand_in: StandIn) -> None:
    async with scene(broker, stand_in) as here:
        native = hide_fault(here.connection, "MED-MEC-01")
        await asyncio.sleep(0.3)
        assert here.events == []
        assert native in here.connection.device.faults


@pytest.mark.parametrize("code", ["NO-SUCH-01", "WC-BAT-01"])
async def test_a_fault_of_another_class_is_refused_with_what_there_is(
    broker: Mosquitto, stand_in: StandIn, code: str
) -> None:
    async with scene(broker, stand_in) as here:
        with pytest.raises(ConfigurationError, match=f"a dispenser cannot send fault {code}; it can send: MED-"):
            raise_fault(here.connection, code)
