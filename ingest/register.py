"""The register in memory: which device a device id stands for, and how its messages are handled."""

from collections.abc import Iterable
from sys import intern
from typing import Final, NamedTuple

import msgspec

from fleet.registry import Registry
from ingest.handling import Handling, Handlings

ASK_AGAIN_SECONDS: Final = 1.0
"""A device id the database did not know is looked up again no sooner, so that strangers cannot keep it busy."""
MOST_STRANGERS: Final = 100_000
SHARES: Final = 60
"""Of the devices, one of which is forgotten at a time: a region that is looked up all at once makes everything late."""
NEVER: Final = -(2**31)
"""Before every local day."""


class DeviceRow(NamedTuple):
    """A device as the database knows it: see `register.sql`."""

    device_id: str
    device_no: int
    device_class: str
    model_key: str
    firmware: str
    clock_corrected: bool
    has_state: bool


class Device(msgspec.Struct, gc=False):
    """What ingest keeps of a device; small, because a region has 417,000 of them.

    Attributes:
        number: `device_no`.
        handling: of its model.
        firmware: as last told; the same string for all that have the same.
        clock_corrected: whether a clock correction of it is stored, so that believed messages must be compared with
            those.
        has_state: whether its row of current state exists.
        used_day: the latest local day (from 2000-01-01) on which the database is known to count it as used. A loan that
            ends makes the database forget it; we do when the device is looked up afresh.
    """

    number: int
    handling: Handling
    firmware: str
    clock_corrected: bool
    has_state: bool
    used_day: int = NEVER


class Register:
    """Device ids to devices, filled from the database as devices show up: as large as the fleet that reports.

    Args:
        registry: the device classes this release knows.
    """

    def __init__(self, registry: Registry) -> None:
        self._handlings = Handlings(registry)
        self._devices: dict[str, Device] = {}
        self._shares: list[list[str]] = [[] for _ in range(SHARES)]
        self._next_share = 0
        self._strangers: dict[str, float] = {}
        self._other_classes: dict[str, str] = {}
        self.find = self._devices.get
        """The device of a device id, or None."""

    def __len__(self) -> int:
        """How many devices are known."""
        return len(self._devices)

    def class_without_profile(self, device_id: str) -> str | None:
        """The class of a registered device that this release has no profile for."""
        return self._other_classes.get(device_id)

    def to_look_up(self, device_ids: Iterable[str], seconds: float) -> list[str]:
        """Those the database should be asked about now: unknown, and not asked about a moment ago.

        Args:
            device_ids: any.
            seconds: of a monotonic clock; they count as asked from now on.
        """
        wanted = {device_id for device_id in device_ids if device_id not in self._devices}
        wanted = {
            device_id for device_id in wanted if seconds - self._strangers.get(device_id, -1e9) >= ASK_AGAIN_SECONDS
        }
        if len(self._strangers) > MOST_STRANGERS:
            self._strangers.clear()
        self._strangers.update(dict.fromkeys(wanted, seconds))
        return sorted(wanted)

    def add(self, rows: Iterable[DeviceRow]) -> None:
        """Takes in what the database answered."""
        for row in rows:
            self._strangers.pop(row.device_id, None)
            handling = self._handlings.of(row.device_class, row.model_key, row.firmware)
            if handling is None:
                self._other_classes[row.device_id] = row.device_class
                continue
            if row.device_id not in self._devices:
                self._shares[row.device_no % SHARES].append(row.device_id)
            self._devices[row.device_id] = Device(
                row.device_no, handling, intern(row.firmware), row.clock_corrected, row.has_state
            )

    def reborn(self, device: Device, model_key: str, firmware: str) -> bool:
        """Takes in a birth; later messages of the same batch are read by the new model already.

        Returns:
            False where no profile of the device's class describes the model; nothing is changed then.
        """
        if all(model.key != model_key for model in device.handling.profile.models):
            return False
        handling = self._handlings.of(device.handling.device_class, model_key, firmware)
        if handling is not None:
            device.handling, device.firmware = handling, firmware
        return True

    def follow(self, other: "Register", device_ids: Iterable[str]) -> None:
        """Reads devices that both know as the other one does from here on: it has taken in their births."""
        for device_id in device_ids:
            mine, theirs = self.find(device_id), other.find(device_id)
            if mine is not None and theirs is not None:
                mine.handling, mine.firmware = theirs.handling, theirs.firmware

    def forget_some(self) -> None:
        """Drops the next share, so that changes made in the database by others are met; who reports is looked up again.

        After SHARES times everybody has been dropped once.
        """
        for device_id in self._shares[self._next_share]:
            del self._devices[device_id]
        self._shares[self._next_share] = []
        self._next_share = (self._next_share + 1) % SHARES
        self._strangers.clear()
        self._other_classes.clear()
