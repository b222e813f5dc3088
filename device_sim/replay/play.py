"""Replay of a real card through the broker: each night as its machine would have sent it, in its own native units."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from device_sim.connection import Line
from device_sim.device import Outgoing, SimulatedDevice
from device_sim.emission import Emission
from device_sim.fleet_file import FleetEntry
from device_sim.ledger import Ledger
from device_sim.replay.card import Card, read_card
from device_sim.replay.night import FAULT_PREFIX, Night
from device_sim.swarm import Plan, build_swarm
from fleet.errors import ConfigurationError
from fleet.faults import NativeCode
from fleet.plumbing.logs import get_logger
from fleet.registry import Registry

log = get_logger(room="device_sim")

# The summary is closed at noon; a minute before it lies inside the night's own noon-to-noon day.
_BEFORE_NOON: Final = timedelta(minutes=1)
_CONFIRMED_WITHIN_SECONDS: Final = 60.0
_FAULT_SYSTEM: Final = "resmed"


def weeks_to_move(last: Night, now: datetime) -> int:
    """Whole weeks by which a card is moved so that its last night ended within the week before `now`; weekdays stay.

    Nothing of a moved night lies ahead of `now`: a device clock that runs ahead would not be believed.
    """
    weeks = max(0, (now - last.closes_at).days // 7)
    return weeks if weeks == 0 or last.moved(weeks).closes_at <= now else weeks - 1


def nights_to_send(card: Card, now: datetime, *, shift: bool) -> list[Night]:
    """The nights that a replay sends: all whose checksum does not speak against them, moved to the recent past."""
    weeks = weeks_to_move(card.nights[-1], now) if shift and card.nights else 0
    return [night.moved(weeks) for night in card.nights if night.crc_ok is not False]


def night_messages(device: SimulatedDevice, night: Night) -> list[Outgoing]:
    """What a machine sends for one night: sessions as events, the summary in its own units, faults come and gone."""
    sessions: list[Emission] = []
    for started, ended in night.sessions:
        sessions += [Emission(started, event="mask_on"), Emission(ended, event="mask_off")]
    closing = night.closes_at - _BEFORE_NOON
    # Numbers are given as they are made: what is made first has to leave first.
    told = device.measure(sessions)
    told += device.measure_native(closing, night.native_values())
    return told + _fault_messages(device, night, closing)


def _fault_messages(device: SimulatedDevice, night: Night, closing: datetime) -> list[Outgoing]:
    """A fault channel other than zero is a fault; what its number means nobody has published, so it goes as it is."""
    told: list[Outgoing] = []
    for channel, raw in night.faults.items():
        native = NativeCode(_FAULT_SYSTEM, f"{FAULT_PREFIX}{channel}")
        if raw and native not in device.faults:
            told += device.raise_fault(native, closing, subcode=str(raw))
        elif not raw and native in device.faults:
            told += device.clear_fault(native, closing)
    return told


async def replay_card(  # noqa: PLR0913 - a replay is made of that many things
    folder: Path,
    entries: Sequence[FleetEntry],
    registry: Registry,
    line: Line,
    device_id: str | None = None,
    *,
    shift: bool = True,
    ledger: Ledger | None = None,
    boots: Path | None = None,
) -> int:
    """Sends a card's nights as an enrolled device and waits until all are confirmed as stored.

    Args:
        folder: the card's root.
        entries: enrolled devices; the one with `device_id`, or the first of the card's model, plays the machine.
        registry: the device classes.
        line: where the broker is.
        device_id: which of them it is, where several are of the card's model.
        shift: move the nights to the recent past; a device clock of years ago would rightly not be believed.
        ledger: notes every numbered message.
        boots: file that counts the device's starts, as in `Plan`.

    Returns:
        The number of nights sent, used or not.

    Raises:
        CardError: the card cannot be read.
        ConfigurationError: no enrolled device fits, it cannot connect, or not everything was confirmed in time.
    """
    card = read_card(folder)
    swarm = build_swarm([_entry(card, entries, device_id)], registry, line, Plan(boots=boots), ledger or Ledger(), {})
    connection = swarm.connections[0]
    nights = nights_to_send(card, datetime.now(UTC), shift=shift)
    if damaged := len(card.nights) - len(nights):
        log.warning("nights with a wrong checksum are left out", event_name="nights_damaged", nights=damaged)
    async with swarm.running():
        for night in nights:
            connection.send(night_messages(connection.device, night))
        unconfirmed = await swarm.drained(_CONFIRMED_WITHIN_SECONDS)
    if unconfirmed:
        raise ConfigurationError(f"{unconfirmed} messages of the card are not confirmed as stored: is ingest running?")
    return len(nights)


def _entry(card: Card, entries: Sequence[FleetEntry], device_id: str | None) -> FleetEntry:
    fits = [entry for entry in entries if entry.model == card.model and device_id in {None, entry.device_id}]
    if not fits:
        named = f" with the id {device_id}" if device_id else ""
        raise ConfigurationError(f"no enrolled device{named} is a {card.model}, which plays this card: enroll one")
    return fits[0]
