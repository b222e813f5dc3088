"""Simulated devices, each a process of its own that is killed with SIGKILL at one step of a command and started again.

Run as `python -m tests.integration.ingest.command_victim PLAN`. What a device does in the world it writes to a file of
its own before anything else can happen: that file, not the device, tells how often a command was done. All else that
lives through a kill is the journal and the count of starts, as on a device with a flash memory.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from random import Random

import msgspec

from device_sim.boots import Boots
from device_sim.connection import Connection, Line
from device_sim.device import Identity, SimulatedDevice
from device_sim.journal import Journals, Moment
from device_sim.persona import Habit, draw_persona
from fleet.registry import load_registry


class Victim(msgspec.Struct):
    """One device and the step at which its process is killed.

    Attributes:
        folder: for its journal, its starts, what it did.
        forgetful: it writes no journal: the negative control.
    """

    device_id: str
    password: str
    kill_at: Moment
    folder: str
    forgetful: bool = False


class Order(msgspec.Struct):
    """All of them, and their broker."""

    host: str
    port: int
    victims: list[Victim]


def moment_of(victim: Victim, device: SimulatedDevice, *, first_life: bool) -> None:
    """Notes what is done, and ends the process at the step where its first life is to end."""
    noted = 0

    def moment(now: Moment) -> None:
        nonlocal noted
        if now is Moment.EXECUTED:
            with (Path(victim.folder) / "done").open("a", encoding="utf-8") as file:
                file.writelines(f"{counter}\n" for counter in device.executed[noted:])
            noted = len(device.executed)
        if first_life and now is victim.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    device.moment = moment


async def live(order: Order, victim: Victim, *, first_life: bool) -> None:
    folder, profile = Path(victim.folder), load_registry()["wheelchair"]
    identity = Identity(device_id=victim.device_id, profile=profile, model=profile.models[0], firmware="1.0.0")
    journal = Journals(folder / "journal").of(victim.device_id)
    journal.forgetful = victim.forgetful
    device = SimulatedDevice(
        identity,
        draw_persona(Random(1), Habit.REGULAR),
        "seed",
        boots=Boots(folder / "boots"),
        journal=journal,
        pace=0.2,
    )
    moment_of(victim, device, first_life=first_life)
    connection = Connection(device, victim.password, Line(order.host, order.port))
    running = asyncio.create_task(connection.run())
    while not running.done():
        await asyncio.sleep(0.3)
        connection.ask_now()
    await running


def begin(order: Order, victim: Victim, *, first_life: bool) -> int:
    """A child process that is the device."""
    child = os.fork()
    if not child:
        asyncio.run(live(order, victim, first_life=first_life))
        os._exit(1)
    return child


def main() -> None:
    """Starts every device, and each once more when it was killed; ends with SIGTERM."""
    order = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Order)
    children = {begin(order, victim, first_life=True): victim for victim in order.victims}

    def end(*_: object) -> None:
        for child in children:
            os.kill(child, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    while children:
        child, status = os.wait()
        victim = children.pop(child)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            (Path(victim.folder) / "killed").touch()
            children[begin(order, victim, first_life=False)] = victim


if __name__ == "__main__":
    main()
