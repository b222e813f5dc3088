"""A device's process is killed at each step of a command: done at most once, a final state, the journal tells which.

Database, dispatcher, broker, ingest and the device's process are the real ones; SIGKILL takes all of its memory, and
only what it wrote to disk is there when it starts again. Then every command
is sent once more while it is valid, and again when it has ended.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import msgspec
import pytest

from device_sim.journal import Moment
from fleet.messages import CommandMessage
from fleet.plumbing.store.register import Enrolled
from tests.fixtures.database import Database
from tests.integration.ingest.command_victim import Order, Victim
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import Site, running
from tests.integration.ingest.test_thousand_commands import ENDED, BadLine, askers, dispatching

LIFE_SECONDS = 60
ASK = """
    INSERT INTO command (device_no, counter, name, level, parameters, requested_by, requested_role, requested_holder,
                         idempotency_key, created_at, expires_at)
    SELECT d, 1, 'self_test', 'reversible', '{}', 'anna', 'technician', 'x', 'killed-' || d, now(),
           now() + make_interval(secs => %s)
      FROM unnest(%s::integer[]) d
"""


class Faithful(BadLine):
    """A line that loses nothing, and remembers what it carried."""

    async def publish(self, device_id: str, message: CommandMessage, seconds_left: float) -> None:
        self.sent.append((device_id, message))
        await self.broker.publish(device_id, message, seconds_left)


@contextmanager
def victims(order: Order, plan: Path) -> Iterator[None]:
    plan.write_bytes(msgspec.json.encode(order))
    command = [sys.executable, "-m", "tests.integration.ingest.command_victim", str(plan)]
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def victim(device: Enrolled, step: Moment, folder: Path, *, forgetful: bool = False) -> Victim:
    own = folder / device.device_id
    own.mkdir()
    return Victim(device.device_id, device.password, step, str(own), forgetful)


def done(one: Victim) -> int:
    """How often it did what it was asked, by the file it wrote then."""
    file = Path(one.folder) / "done"
    return len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0


async def until_there(files: list[Path], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not all(file.exists() for file in files):  # noqa: ASYNC110 - another process makes them
            await asyncio.sleep(0.1)


async def trial(site: Site, database: Database, devices: list[Enrolled], planned: list[Victim], plan: Path) -> None:
    order = Order(site.broker.host, site.broker.port, planned)
    with askers(database):
        async with running(site.service()), dispatching(site, database, Random(1), Faithful) as line:
            with victims(order, plan):
                await site.until("SELECT count(*) FROM device_state WHERE online", equals=len(planned), seconds=60)
                site.command(ASK, LIFE_SECONDS, [device.device_no for device in devices])
                await until_there([Path(one.folder) / "killed" for one in planned])
                again = "SELECT count(*) FROM device_state WHERE online AND boot = 2"
                await site.until(again, equals=len(planned), seconds=60)
                for device_id, message in line.sent:
                    await line.broker.publish(device_id, message, 60)
                await site.until(ENDED, equals=0, seconds=LIFE_SECONDS + 40)
                for device_id, message in line.sent:
                    await line.broker.publish(device_id, message, 60)
                await asyncio.sleep(1.0)


EXPECTED = {
    Moment.RECEIVED: ({"succeeded"}, {1}),  # nothing was done, and it came again
    Moment.ACCEPTED: ({"unknown"}, {0}),
    Moment.RUNNING: ({"unknown"}, {0}),
    Moment.EXECUTED: ({"unknown"}, {1}),
    Moment.ANSWERED: ({"succeeded"}, {1}),
    Moment.TOLD: ({"succeeded"}, {1}),
    Moment.STORED: ({"succeeded"}, {1}),
}


@pytest.mark.timeout(240)
async def test_killed_at_each_step_a_command_is_done_at_most_once_and_ends(
    site: Site, database: Database, add_device: AddDevice, tmp_path: Path
) -> None:
    assert set(EXPECTED) == set(Moment), "every step there is"
    devices = [add_device("wheelchair") for _ in Moment]
    planned = [victim(device, step, tmp_path) for device, step in zip(devices, Moment, strict=True)]
    await trial(site, database, devices, planned, tmp_path / "plan")
    states = dict(site.ask("SELECT device_id, state FROM command JOIN device USING (device_no)"))
    for one in planned:
        allowed, times = EXPECTED[one.kill_at]
        assert states[one.device_id] in allowed, (one.kill_at, states[one.device_id])
        assert done(one) in times, one.kill_at
        assert (states[one.device_id] == "succeeded") <= (done(one) == 1), "nothing is called done that was not"


@pytest.mark.timeout(240)
async def test_without_a_journal_a_killed_device_does_it_twice(
    site: Site, database: Database, add_device: AddDevice, tmp_path: Path
) -> None:
    """The control: the same kill and the same repetition, and nothing written down."""
    device = add_device("wheelchair")
    planned = [victim(device, Moment.EXECUTED, tmp_path, forgetful=True)]
    await trial(site, database, [device], planned, tmp_path / "plan")
    assert done(planned[0]) > 1
