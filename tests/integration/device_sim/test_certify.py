"""`fjarrkoll certify` over a real broker: the simulated device passes everything, a wrong one fails what it breaks."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from device_sim import device as device_module
from device_sim.conformance import listen as listen_module
from device_sim.conformance import on_delivery
from device_sim.conformance.judge import Certificate, judge
from device_sim.conformance.listen import Session, listen
from device_sim.conformance.verdict import Outcome
from device_sim.connection import Connection
from device_sim.line import Line
from device_sim.mischief import unknown_fault, unknown_metric
from device_sim.outbox import Outbox
from fjarrkoll.services import Mosquitto
from fleet.errors import ConfigurationError
from fleet.registry import load_registry
from tests.integration.device_sim.stand_in import device_of, entries, swarm_of

DISPENSER = ("dispenser", "roll-dispenser-r2")
ROOT = Path(__file__).resolve().parents[3]


@asynccontextmanager
async def busy_device(broker: Mosquitto) -> AsyncIterator[Connection]:
    """A device that goes on reporting; a fault comes once."""
    swarm = swarm_of(broker, entries(broker, DISPENSER))
    connection, _ = device_of(swarm)

    async def report() -> None:
        for number in range(1000):
            told = [entry.answer for entry in connection.device.journal.entries.values() if entry.answer]
            if any(answer.reason.startswith("not while") for answer in told):  # the person brings it to rest again
                connection.device.operating_state = connection.device.identity.profile.operating_states[0]
            connection.send(connection.device.heartbeat(connection.clock()))
            if number == 10:
                unknown_fault(connection)
            await asyncio.sleep(0.05 if number < 30 else 0.5)

    async with swarm.running():
        task = asyncio.create_task(report())
        try:
            yield connection
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def session_with(broker: Mosquitto, credentials: Mapping[str, str], connection: Connection, **changes: Any) -> Session:
    fields: dict[str, Any] = {
        "line": Line(broker.host, broker.port),
        "device_id": connection.device.identity.device_id,
        "seconds": 16.0,
        "observer_password": credentials["observer"],
        "diagnostics_password": credentials["diagnostics"],
        "ingest_password": credentials["ingest"],
        "counter": 1,
        "restart": True,
        "unsafe": True,
    }
    return Session(**(fields | changes))


async def certified(broker: Mosquitto, credentials: Mapping[str, str], connection: Connection) -> Certificate:
    return judge(await listen(session_with(broker, credentials, connection), lambda _: None), load_registry())


def failing(certificate: Certificate) -> set[str]:
    return {verdict.name for verdict in certificate.verdicts if verdict.outcome is Outcome.FAILED}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receipts are withheld for a shorter time, so that a session fits into a test."""
    monkeypatch.setattr(listen_module, "WITHHOLD_SECONDS", 5.0)
    monkeypatch.setattr(on_delivery, "PATIENCE_SECONDS", 6.0)


async def test_the_simulated_device_passes_every_requirement(
    broker: Mosquitto, broker_credentials: Mapping[str, str], impatient: None
) -> None:
    async with busy_device(broker) as connection:
        connection.device.operating_state = "dosing"
        certificate = await certified(broker, broker_credentials, connection)
    assert {(v.name, v.outcome) for v in certificate.verdicts if v.outcome is not Outcome.PASSED} == set(), [
        verdict.sentence for verdict in certificate.verdicts
    ]
    assert certificate.good


async def test_a_device_that_breaks_the_rules_fails_each_rule_it_breaks(
    broker: Mosquitto, broker_credentials: Mapping[str, str], impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_module, "refusal", lambda *_: None)
    monkeypatch.setattr(Outbox, "next_window", lambda _: [])
    async with busy_device(broker) as connection:
        connection.device.journal.forgetful = True
        connection.device.operating_state = "dosing"
        connection.device.clock_offset = datetime(1970, 1, 1, tzinfo=UTC) - connection.clock()
        asyncio.get_running_loop().call_later(2.0, unknown_metric, connection)
        certificate = await certified(broker, broker_credentials, connection)
    assert failing(certificate) == {
        "names",
        "clock",
        "sends again",
        "refuses the expired",
        "refuses the replayed",
        "refuses the unknown",
        "refuses the unsafe",
    }


async def run(broker: Mosquitto, credentials: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "fjarrkoll", "certify", *arguments],
        cwd=ROOT,
        env={
            "FJARRKOLL_MQTT_HOST": broker.host,
            "FJARRKOLL_MQTT_PORT": str(broker.port),
            "FJARRKOLL_OBSERVER_PASSWORD": credentials["observer"],
            "FJARRKOLL_ENV_FILE": "none",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_command_listens_judges_and_speaks_to_machines(
    broker: Mosquitto, broker_credentials: Mapping[str, str]
) -> None:
    async with busy_device(broker) as connection:
        device_id = connection.device.identity.device_id
        code, out, _ = await run(broker, broker_credentials, "--device-id", device_id, "--seconds", "5", "--json")
    told = json.loads(out)
    assert (code, told["good"], told["device_id"]) == (0, True, device_id)
    outcomes = {entry["name"]: entry["outcome"] for entry in told["requirements"]}
    assert outcomes["birth"] == outcomes["numbers"] == outcomes["asks for receipts"] == "passed"
    assert outcomes["reads faults"] == outcomes["forgets the confirmed"] == "not seen"


async def test_a_device_that_is_not_there_is_no_good_device(
    broker: Mosquitto, broker_credentials: Mapping[str, str]
) -> None:
    code, out, _ = await run(broker, broker_credentials, "--device-id", "nobody-here", "--seconds", "5")
    assert code == 1
    assert "nothing was heard of nobody-here" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--device-id", "no/slash"), "--device-id: 3-40 lower-case letters"),
        (("--device-id", "dev-1", "--restart"), "give --counter, too"),
        (("--device-id", "dev-1", "--counter", "1"), "FJARRKOLL_DIAGNOSTICS_PASSWORD is not set"),
        (("--device-id", "dev-1", "--confirm"), "FJARRKOLL_INGEST_PASSWORD is not set"),
    ],
)
async def test_a_wrong_call_says_what_is_missing(
    broker: Mosquitto, broker_credentials: Mapping[str, str], arguments: tuple[str, ...], says: str
) -> None:
    code, _, err = await run(broker, broker_credentials, *arguments)
    assert code == 1
    assert says in err


async def test_a_refused_account_is_named(broker: Mosquitto, broker_credentials: Mapping[str, str]) -> None:
    async with busy_device(broker) as connection:
        wrong = session_with(broker, broker_credentials, connection, observer_password="wrong", seconds=1.0)
        with pytest.raises(ConfigurationError, match=r"observer cannot connect to .*Not authorized"):
            await listen(wrong, lambda _: None)


async def test_a_lost_line_is_not_taken_for_a_silent_device(
    own_broker: Mosquitto, broker_credentials: Mapping[str, str]
) -> None:
    async with busy_device(own_broker) as connection:
        session = session_with(own_broker, broker_credentials, connection, seconds=20.0, counter=None)
        listening = asyncio.create_task(listen(session, lambda _: None))
        await asyncio.sleep(1)
        own_broker.kill()
        with pytest.raises(ConfigurationError, match="the line to the broker was lost"):
            await listening
