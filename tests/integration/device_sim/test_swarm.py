"""A swarm as a process: wrong accounts are named, nothing is left when it ends, and devices at rest cost little."""

import asyncio
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from random import Random

import msgspec
import pytest

from device_sim import swarm as swarm_module
from device_sim.fleet_file import write_fleet
from device_sim.ledger import read_ledger
from device_sim.outbox import Outbox
from device_sim.swarm import Plan, Swarm
from fjarrkoll.services import Mosquitto
from fleet.errors import ConfigurationError
from fleet.registry import load_registry
from fleet.topics import Verb
from tests.integration.device_sim.stand_in import StandIn, entries, retained, swarm_of, until

SCALE = ("scale", "mi-body-composition-2")
ROOT = Path(__file__).resolve().parents[3]


async def test_history_comes_once_and_in_the_order_of_days(broker: Mosquitto, stand_in: StandIn) -> None:
    plan = Plan(seed=7, history_days=10)
    swarm = swarm_of(broker, entries(broker, SCALE, ("wheelchair", "pg-vr2")), plan)
    progress: list[tuple[int, int]] = []
    async with swarm.running():
        await swarm.live_through_history(date(2026, 6, 1), lambda done, days: progress.append((done, days)))
        assert await swarm.drained(20) == 0
    assert progress == [(day, 10) for day in range(1, 11)]
    for connection in swarm.connections:
        numbers = stand_in.numbers_of(connection.device.identity.device_id)
        assert numbers == {(1, seq) for seq in range(1, len(numbers) + 1)}
        assert len(numbers) > 10


async def test_live_devices_report_at_their_pace(broker: Mosquitto, stand_in: StandIn) -> None:
    swarm = swarm_of(broker, entries(broker, *[SCALE] * 4), Plan(heartbeat_seconds=0.5))
    async with swarm.running():
        await swarm.stay_alive(2.2)
        await until(lambda: all(connection.idle for connection in swarm.connections))
    counts = [len(stand_in.of(c.device.identity.device_id, Verb.TELEMETRY)) for c in swarm.connections]
    assert min(counts) >= 3
    assert max(counts) <= 5


async def test_a_wrong_password_is_said_at_once_and_nothing_is_left_running(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swarm_module, "_CONNECT_SECONDS", 4.0)
    (entry,) = entries(broker, SCALE)
    before = asyncio.all_tasks()
    wrong = msgspec.structs.replace(entry, password="wrong")
    with pytest.raises(ConfigurationError, match=rf"{entry.device_id} cannot connect to .*Not authorized.*enrolled"):
        async with swarm_of(broker, [entry, wrong][1:]).running():
            pytest.fail("it got in")
    assert asyncio.all_tasks() == before


async def test_no_broker_is_said_with_the_address(own_broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swarm_module, "_CONNECT_SECONDS", 4.0)
    made = entries(own_broker, *[SCALE] * 30)
    own_broker.kill()
    with pytest.raises(ConfigurationError, match=rf"cannot connect to 127\.0\.0\.1:{own_broker.port} \(.*refused"):
        async with swarm_of(own_broker, made).running():
            pytest.fail("it got in")


async def test_an_unknown_model_is_refused_before_anything_starts(broker: Mosquitto) -> None:
    (entry,) = entries(broker, ("scale", "no-such-scale"))
    with pytest.raises(ConfigurationError, match="class scale has no model 'no-such-scale'"):
        swarm_of(broker, [entry])


async def test_cancelled_at_any_moment_it_ends_and_nothing_is_left(broker: Mosquitto) -> None:
    made = entries(broker, *[SCALE] * 10)
    before = asyncio.all_tasks()
    for number in range(25):
        swarm = swarm_of(broker, made, Plan(heartbeat_seconds=0.05))
        task = asyncio.create_task(_run_forever(swarm))
        await asyncio.sleep(Random(number).uniform(0, 0.15))
        task.cancel()
        async with asyncio.timeout(10):
            await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        await asyncio.sleep(0.05)  # aiomqtt's own helpers end in the next turn of the loop
        assert asyncio.all_tasks() == before


async def _run_forever(swarm: Swarm) -> None:
    async with swarm.running():
        await swarm.stay_alive(60)


async def test_a_fault_of_the_program_is_not_swallowed(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    swarm = swarm_of(broker, entries(broker, SCALE), Plan(heartbeat_seconds=0.1))
    monkeypatch.setattr(Outbox, "wrap", lambda *_, **__: 1 // 0)

    with pytest.raises(ExceptionGroup) as caught:
        await _run_forever(swarm)
    assert caught.group_contains(ZeroDivisionError)


async def test_two_hundred_devices_at_rest_cost_little(broker: Mosquitto) -> None:
    models = [(declared.name, declared.models[-1].key) for declared in load_registry()]
    swarm = swarm_of(broker, entries(broker, *[models[n % len(models)] for n in range(200)]))
    async with swarm.running():
        began, used = time.monotonic(), _processor_seconds()
        await swarm.stay_alive(5)
        share = (_processor_seconds() - used) / (time.monotonic() - began)
        assert sum(connection.published for connection in swarm.connections) >= 2 * 200 + 90
    assert share < 0.15


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def test_the_command_line_plays_a_fleet_and_ends_tidily_on_ctrl_c(
    broker: Mosquitto, broker_credentials: Mapping[str, str], stand_in: StandIn, tmp_path: Path
) -> None:
    made = entries(broker, SCALE, ("dispenser", "roll-dispenser-r2"))
    write_fleet(tmp_path / "fleet.jsonl", made)
    arguments = ["--fleet", tmp_path / "fleet.jsonl", "--history-days", "2", "--history-seconds", "0"]
    arguments += ["--heartbeat", "0.2", "--do", "jam", "--ledger", tmp_path / "ledger"]
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "fjarrkoll", "simulate", "run", *map(str, arguments)],
        cwd=ROOT,
        env={"FJARRKOLL_MQTT_HOST": broker.host, "FJARRKOLL_MQTT_PORT": str(broker.port), "PATH": ""},
        stderr=subprocess.PIPE,
    )
    await until(lambda: len(stand_in.of(made[1].device_id, Verb.TELEMETRY)) > 8, 30)
    assert process.stderr is not None
    async with asyncio.timeout(30):  # it jams when the past has been lived through, which tells as much and more
        jammed = await process.stderr.readuntil(f"{made[1].device_id}: jam\n".encode())
    process.send_signal(signal.SIGINT)
    _, said = await asyncio.wait_for(process.communicate(), 10)
    assert b"Traceback" not in jammed + said
    produced = {(device_id, boot, seq) for device_id, boot, seq, _ in read_ledger(tmp_path / "ledger")}
    assert {number for number in stand_in.stored if number[0] == made[1].device_id} <= produced
    for entry in made:
        found = await retained(broker, broker_credentials["observer"], entry.device_id)
        assert found[Verb.STATE]["online"] is False
    assert (tmp_path / "fleet.jsonl.boots").read_text().split() == [made[0].device_id, "1", made[1].device_id, "1"]
