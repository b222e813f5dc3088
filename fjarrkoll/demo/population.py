"""The demo's register: made-up payers and units, devices that can report, and some that cannot, for denominators."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, islice
from random import Random
from typing import Final

import psycopg

from device_sim.fleet_file import FleetEntry
from fleet.clock import local_day
from fleet.models import DeviceModel
from fleet.plumbing.store.demo_register import DemoRegister, seed_register
from fleet.plumbing.store.register import Enrolled, NewDevice, NewLoan, enroll_devices
from fleet.profile import DeviceProfile
from fleet.registry import Registry

# Shares of the fleet. Wheelchairs are the many; every class must be there for its part of the story.
SHARES: Final = {"wheelchair": 0.42, "apap": 0.22, "dispenser": 0.18, "scale": 0.18}
REPLAY_MODELS: Final = ("resmed-airsense10", "resmed-airsense11")
CANNOT_REPORT: Final = 40
NEIGHBOURS: Final = range(1, 7)
"""Places among the dispensers that one unit lends in one area: their power can go together."""
_LOAN_DAYS: Final = 120
_OLDEST_DAYS: Final = 6 * 365
_UNDATED: Final = 0.04  # of the register: bought before anybody wrote it down


@dataclass(frozen=True, slots=True)
class Population:
    """Who takes part.

    Attributes:
        playing: devices with a simulated life.
        replaying: devices that play a real card each; they have no other life.
    """

    playing: tuple[FleetEntry, ...]
    replaying: tuple[FleetEntry, ...]

    def of_class(self, name: str) -> list[FleetEntry]:
        """The playing devices of a class, in order."""
        return [entry for entry in self.playing if entry.device_class == name]


def populate(connection: psycopg.Connection, registry: Registry, devices: int, now: datetime, seed: int) -> Population:
    """Registers everything; `connection` is the owner's."""
    lender = _Lender(seed_register(connection, local_day(now)), now, Random(seed))
    playing = _plans(registry, devices, lender)
    replaying = [
        lender.lend(registry["apap"], model, number)
        for number, model in enumerate((m for m in _models(registry["apap"]) if m.key in REPLAY_MODELS), start=900_000)
    ]
    enrolled = enroll_devices(connection, [*playing, *replaying], now)
    _register_mute(connection, registry, lender)
    _date_acquisitions(connection, lender)
    entries = [_entry(plan, device) for plan, device in zip([*playing, *replaying], enrolled, strict=True)]
    return Population(tuple(entries[: len(playing)]), tuple(entries[len(playing) :]))


@dataclass(frozen=True, slots=True)
class _Lender:
    """Hands devices out on loans, to payers and units drawn from the seed."""

    register: DemoRegister
    now: datetime
    random: Random

    def lend(self, profile: DeviceProfile, model: DeviceModel, number: int, *, neighbour: bool = False) -> NewDevice:
        """A device to register, on a loan that began months ago; all neighbours are one payer's under one frame."""
        payer = self.random.choice(self.register.payers)
        frame = self.random.choice(sorted(payer.prescribers))
        if neighbour:
            payer, frame = self.register.payers[0], min(self.register.payers[0].prescribers)
        return NewDevice(
            device_class=profile.name,
            model_key=model.key,
            individual_number=str(number),
            firmware=_firmware(profile, model.key),
            depot_id=self.random.choice(self.register.depots),
            loan=NewLoan(
                payer_id=payer.payer_id,
                legal_frame=frame,
                prescriber_id=self.random.choice(payer.prescribers[frame]),
                started_at=self.now - timedelta(days=_LOAN_DAYS + self.random.randint(0, 200)),
            ),
        )


def _plans(registry: Registry, devices: int, lender: _Lender) -> list[NewDevice]:
    plans: list[NewDevice] = []
    for name, share in SHARES.items():
        models = islice(cycle(_models(registry[name])), max(2, round(devices * share)))
        first = len(plans) + 100_001
        plans += [
            lender.lend(registry[name], model, first + place, neighbour=name == "dispenser" and place in NEIGHBOURS)
            for place, model in enumerate(models)
        ]
    return plans[:devices]


def _models(profile: DeviceProfile) -> Iterator[DeviceModel]:
    """One description per model: the one that fits the demo's firmware."""
    keys = dict.fromkeys(model.key for model in profile.models)
    return (model for key in keys if (model := profile.model(key, _firmware(profile, key))) is not None)


def _firmware(profile: DeviceProfile, key: str) -> str:
    """A version that the model's first description covers."""
    first = next(model for model in profile.models if model.key == key)
    return first.firmware_from or ("0.9" if first.firmware_below else "1.0.0")


def _register_mute(connection: psycopg.Connection, registry: Registry, lender: _Lender) -> None:
    """Devices on loan without credentials, as most of a real fleet: nothing is known about their use, and stays so."""
    chairs = registry["wheelchair"]
    models = islice(cycle(_models(chairs)), CANNOT_REPORT)
    mute = enroll_devices(connection, [lender.lend(chairs, m, n) for n, m in enumerate(models, 500_001)], lender.now)
    connection.execute(
        "UPDATE device SET enrolled_at = NULL WHERE device_no = ANY (%s)", [[device.device_no for device in mute]]
    )


def _date_acquisitions(connection: psycopg.Connection, lender: _Lender) -> None:
    """Every device was bought up to six years before its loan; of a few in a hundred nobody knows when."""
    rows = connection.execute(
        "SELECT device_no, loan_started_at FROM device WHERE acquired_on IS NULL ORDER BY device_no"
    ).fetchall()
    known = [row for row in rows if row[1] is not None and lender.random.random() > _UNDATED]
    bought = [local_day(lent - timedelta(days=lender.random.randint(1, _OLDEST_DAYS))) for _, lent in known]
    connection.execute(
        "UPDATE device SET acquired_on = f.acquired_on,"
        " registered_at = f.acquired_on::timestamp AT TIME ZONE 'Europe/Stockholm'"
        "  FROM unnest(%s::integer[], %s::date[]) AS f (device_no, acquired_on) WHERE device.device_no = f.device_no",
        [[row[0] for row in known], bought],
    )


def _entry(plan: NewDevice, device: Enrolled) -> FleetEntry:
    return FleetEntry(
        device_id=device.device_id,
        password=device.password,
        device_class=plan.device_class,
        model=plan.model_key,
        firmware=plan.firmware,
        individual_number=plan.individual_number,
    )
