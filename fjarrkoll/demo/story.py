"""What happens in the demo: who stands still, what jams, what lies, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from device_sim import mischief
from device_sim.connection import Connection
from device_sim.persona import Habit
from fjarrkoll.demo.population import NEIGHBOURS, Population

HIDDEN_FAULT: Final = "WC-MOT-02"
JAM_RULE_FAULT: Final = "MED-MEC-01"


@dataclass(frozen=True, slots=True)
class Cast:
    """Devices with a part, by device id.

    Attributes:
        jammed: the dispenser whose tray stops.
        read: wheelchairs whose fault is never told, only found by reading remotely.
        idle: devices that were put aside weeks ago.
        aside: wheelchairs that the panel can put aside; where somebody watches they keep their past until then.
        area: dispensers whose power can go together.
    """

    jammed: str
    read: tuple[str, ...]
    idle: tuple[str, ...]
    aside: tuple[str, ...]
    area: tuple[str, ...]

    @property
    def everyone(self) -> tuple[str, ...]:
        """All with a part."""
        return (self.jammed, *self.read, *self.idle, *self.aside, *self.area)


def cast(population: Population) -> Cast:
    """Who plays what: always the same places in the fleet."""
    chairs, dispensers = population.of_class("wheelchair"), population.of_class("dispenser")
    return Cast(
        jammed=dispensers[0].device_id,
        read=tuple(entry.device_id for entry in chairs[5:8]),
        idle=(chairs[0].device_id, population.of_class("apap")[0].device_id),
        aside=tuple(entry.device_id for entry in chairs[2:5]),
        area=tuple(entry.device_id for entry in dispensers[NEIGHBOURS.start : NEIGHBOURS.stop]),
    )


def habits(roles: Cast) -> dict[str, Habit]:
    """The lives that the story fixes: idle ones were used and then put aside; the others draw theirs."""
    fixed = dict.fromkeys(roles.idle, Habit.FADING)
    return {**fixed, **dict.fromkeys((roles.jammed, *roles.read), Habit.REGULAR)}


def make_things_happen(connections: Sequence[Connection], roles: Cast) -> list[str]:
    """Everything that goes wrong in the live part; returns a sentence for each, for the person who watches."""
    by_id = {connection.device.identity.device_id: connection for connection in connections}
    told: list[str] = []
    mischief.jam(by_id[roles.jammed])
    told.append(f"dispenser {roles.jammed} jams: an alarm must come")
    for device_id in roles.read:
        mischief.hide_fault(by_id[device_id], HIDDEN_FAULT)
        told.append(f"wheelchair {device_id} has fault {HIDDEN_FAULT} and tells nobody: reading its codes must find it")
    bystanders = [c for c in connections if c.device.identity.device_id not in roles.everyone]
    dirty = [
        mischief.malformed,
        mischief.duplicates,
        mischief.late_burst,
        mischief.clock_to_1970,
        mischief.clock_to_2106,
        mischief.unknown_fault,
        mischief.restart,
    ]
    for action, connection in zip(dirty, bystanders[:: max(1, len(bystanders) // len(dirty))], strict=False):
        action(connection)
        told.append(f"{connection.device.identity.device_id}: {action.__name__.replace('_', ' ')}")
    return told
