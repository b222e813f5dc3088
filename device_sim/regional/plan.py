"""Who the devices of a region are and when each speaks, worked out from a seed. Pure: nothing is kept per device."""

from collections.abc import Iterator
from functools import cache
from itertools import count
from math import gcd
from typing import Final

import msgspec

from fleet.errors import ConfigurationError

_GOLDEN: Final = 0.618  # the step that scatters best
_SEED_STEP: Final = 7_919  # a prime, so that neighbouring seeds begin far apart
DIGITS: Final = 7
NAME: Final = "sim"


class RegionalPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A fleet in which every device reports once an interval, at a moment of the interval that is its own.

    The messages of a device are numbered from 0, its readings (`seq`) from 1; message m holds readings
    `m * readings_per_message + 1` and following, the last of which is measured when the message leaves.

    Attributes:
        devices: how many; they are numbered from 0.
        seed: same seed, same bytes.
        interval_seconds: between two messages of a device.
        began_at: milliseconds since 1970 at which the run begins.
        stored_up: messages that the returning devices have in their memory when it begins.
        returning: so many devices, the first ones, come back with that memory; the others come with an empty one.
        boot: of every device.
        withheld: so many of the first live messages are counted as produced and never sent: the negative control.

    Raises:
        ConfigurationError: a number cannot be.
    """

    devices: int
    seed: int = 1
    interval_seconds: int = 60
    readings_per_message: int = 1
    began_at: int = 0
    stored_up: int = 0
    returning: int = 0
    boot: int = 1
    withheld: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.devices < 10**DIGITS or min(self.interval_seconds, self.readings_per_message) < 1:
            raise ConfigurationError(f"devices are 1 to {10**DIGITS - 1}, interval and readings at least 1")
        if self.interval_seconds * 1000 % self.readings_per_message:
            raise ConfigurationError("the readings of a message divide its interval into whole milliseconds")
        if not 0 <= self.returning <= self.devices or self.stored_up < 0:
            raise ConfigurationError("no more devices return than there are, and none with less than nothing")

    @property
    def interval(self) -> int:
        """Milliseconds between two messages of a device."""
        return self.interval_seconds * 1000

    @property
    def step(self) -> int:
        """Milliseconds between two readings of a device."""
        return self.interval // self.readings_per_message

    @property
    def per_second(self) -> float:
        """Live messages of all devices."""
        return self.devices / self.interval_seconds

    @property
    def seq_before(self) -> int:
        """The number of every device's last reading before the run."""
        return self.stored_up * self.readings_per_message

    def turn_of(self, device: int) -> int:
        """The device's place in the order in which the devices speak within an interval."""
        return (device * stride(self.devices) + self.seed * _SEED_STEP) % self.devices

    def turns(self) -> Iterator[int]:
        """The devices, for ever, in the order in which they speak."""
        back = pow(stride(self.devices), -1, self.devices)
        device = -self.seed * _SEED_STEP * back % self.devices
        while True:
            yield device
            device = (device + back) % self.devices

    def due(self, milliseconds: int) -> int:
        """How many live messages all devices together should have sent so long after the beginning."""
        whole, rest = divmod(max(milliseconds, 0), self.interval)
        return whole * self.devices + (rest * self.devices // self.interval) + 1

    def phase(self, device: int) -> int:
        """Milliseconds from the beginning of an interval to the device's message."""
        return self.turn_of(device) * self.interval // self.devices

    def moment(self, device: int, seq: int) -> int:
        """When a reading is measured, in milliseconds since 1970."""
        live = seq - self.readings_per_message - self.seq_before
        return self.began_at + self.phase(device) + live * self.step

    def first_kept(self, device: int) -> int:
        """The lowest number that a device still has when the run begins, or its first live one."""
        return 1 if device < self.returning else self.seq_before + 1


@cache
def stride(devices: int) -> int:
    """From one device's turn to the next one's; without common factor with their number, so that each has its own."""
    if devices == 1:
        return 1
    return next(step for step in count(max(1, round(devices * _GOLDEN))) if gcd(step, devices) == 1)


def device_id(device: int) -> str:
    """The id of a device by its number."""
    return f"{NAME}-{device:0{DIGITS}d}"


def device_of(identity: str) -> int:
    """The number of a device by its id.

    Raises:
        ValueError: it is none of ours.
    """
    return int(identity.removeprefix(f"{NAME}-"))
