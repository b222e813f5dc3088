"""Replay of a real card through the broker: each night as the machine would have sent it, in its own units, sentinels included."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from device_sim.connection import Line
from device_sim.device import Outgoing, SimulatedDevice
from device_sim.emission import Emission
from device_sim.fleet_file import FleetEntry
from device_sim.ledger import Ledger
from device_sim.replay.card import Card, read_card
from device_sim.replay.night import Night
from device_sim.swarm import Plan, build_swarm, today_in_sweden
from fleet.errors import ConfigurationError
from fleet.registry import Registry

# The summary is closed at noon; a minute before it lies inside the night's own noon-to-noon day.
_BEFORE_NOON: Final = timedelta(minutes=1)
_CONFIRMED_WITHIN_SECONDS: Final = 60.0


def weeks_until(last_night: date, today: date) -> int:
    """Whole weeks by which a card is moved so that its last night lies within the week before `today`; weekdays stay."""
    return max(0, (today - timedelta(days=1) - last_night).days // 7)


def night_messages(device: SimulatedDevice, night: Night) -> list[Outgoing]:
    """What a machine sends for one night: its sessions as events, and the summary in its own units."""
    sessions: list[Emission] = []
    for started, ended in night.sessions:
        sessions += [Emission(started, event="mask_on"), Emission(ended, event="mask_off")]
    values = dict(night.native_values())
    return device.measure(sessions) + device.measure_native(night.closes_at - _BEFORE_NOON, values)


async def replay_card(
    folder: Path,
    entries: Sequence[FleetEntry],
    registry: Registry,
    line: Line,
    device_id: str | None = None,
    *,
    shift: bool = True,
    ledger: Ledger | None = None,
) -> int:
    """Sends a card's nights as an enrolled device and waits until all are confirmed as stored.

    Args:
        folder: the card's root.
        entries: enrolled devices; the one with `device_id`, or the first of the card's model, plays the machine.
        shift: move the nights to the recent past; a device clock of years ago would rightly not be believed.

    Returns:
        The number of nights sent, used or not.

    Raises:
        CardError: the card cannot be read.
        ConfigurationError: no enrolled device fits, or not everything was confirmed in time.
    """
    card = read_card(folder)
    swarm = build_swarm([_entry(card, entries, device_id)], registry, line, Plan(), ledger or Ledger(), {})
    connection = swarm.connections[0]
    weeks = weeks_until(card.nights[-1].date, today_in_sweden()) if shift and card.nights else 0
    async with swarm.running():
        for night in card.nights:
            connection.send(night_messages(connection.device, night.moved(weeks)))
        unconfirmed = await swarm.drained(_CONFIRMED_WITHIN_SECONDS)
    if unconfirmed:
        raise ConfigurationError(f"{unconfirmed} messages of the card are not confirmed as stored: is ingest running?")
    return len(card.nights)


def _entry(card: Card, entries: Sequence[FleetEntry], device_id: str | None) -> FleetEntry:
    fits = [entry for entry in entries if entry.model == card.model and device_id in (None, entry.device_id)]
    if not fits:
        raise ConfigurationError(f"no enrolled device of model {card.model} plays this card: enroll one, or give another --device-id")
    return fits[0]
