"""The fleet's faults as groups: the same fault on many devices is one thing to see to; rates with what they rest on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from scipy.special import bdtrc, gammaincinv  # type: ignore[import-untyped]

from fleet.models import version_key

PER_DEVICE_DAYS: Final = 1_000
CONFIDENCE: Final = 0.95
SURE_OF_TREND: Final = 0.05
SURE_OF_FIRMWARE: Final = 0.01
_LEAST_OF_FIRMWARE: Final = 3
_TIMES_HIGHER: Final = 2.0


class Trend(StrEnum):
    """How the second half of the period compares with the first."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"
    """No difference that chance would not make."""
    UNKNOWN = "unknown"
    """There was nothing to compare with: no device-days in a half."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Occurrences per 1,000 device-days, exact Poisson interval (Garwood 1936); None where nothing was exposed."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Exposure:
    """Device-days of one model and firmware: from when a device was first heard until it was last heard."""

    days: float = 0.0
    late_days: float = 0.0
    devices: int = 0

    def __add__(self, other: "Exposure") -> "Exposure":
        return Exposure(self.days + other.days, self.late_days + other.late_days, self.devices + other.devices)


@dataclass(frozen=True, slots=True)
class Occurrences:
    """How often a fault came on one firmware: stays, devices, and stays in the second half of the period."""

    firmware: str
    times: int
    devices: int
    late: int


@dataclass(frozen=True, slots=True)
class OnFirmware:
    """A group's part on one firmware.

    Attributes:
        new: came with this firmware: the newest one the fault is on, and far more often there than on the others.
    """

    occurrences: Occurrences
    exposure: Exposure
    rate: Rate
    new: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of a group."""

    rate: Rate
    trend: Trend
    exposure: Exposure
    firmwares: tuple[OnFirmware, ...]


def rate(times: int, device_days: float) -> Rate:
    """Occurrences per 1,000 device-days and the exact interval of a Poisson count."""
    if device_days <= 0:
        return Rate(None, None, None)
    scale = PER_DEVICE_DAYS / device_days
    tail = (1 - CONFIDENCE) / 2
    low = float(gammaincinv(times, tail)) if times else 0.0
    high = float(gammaincinv(times + 1, 1 - tail))
    return Rate(times * scale, low * scale, high * scale)


def at_least(times: int, of: int, share: float) -> float:
    """The chance that at least `times` of all fall on a share of the device-days, were the rates equal."""
    return 1.0 if times <= 0 else float(bdtrc(times - 1, of, min(max(share, 0.0), 1.0)))


def trend(times: int, late: int, exposure: Exposure) -> Trend:
    """Whether the second half has more or less than its device-days explain."""
    if not 0 < exposure.late_days < exposure.days:
        return Trend.UNKNOWN
    share = exposure.late_days / exposure.days
    if at_least(late, times, share) < SURE_OF_TREND:
        return Trend.RISING
    return Trend.FALLING if at_least(times - late, times, 1 - share) < SURE_OF_TREND else Trend.STEADY


def judge(occurrences: Iterable[Occurrences], exposures: Mapping[str, Exposure]) -> Judged:
    """What is said of one fault on one model.

    Args:
        occurrences: by firmware.
        exposures: device-days of the model by firmware, also of those without the fault.
    """
    listed = sorted(occurrences, key=lambda entry: version_key(entry.firmware), reverse=True)
    whole = sum(exposures.values(), Exposure())
    times, late = sum(entry.times for entry in listed), sum(entry.late for entry in listed)
    return Judged(
        rate=rate(times, whole.days),
        trend=trend(times, late, whole),
        exposure=whole,
        firmwares=tuple(
            OnFirmware(
                entry,
                exposures.get(entry.firmware, Exposure()),
                rate(entry.times, exposures.get(entry.firmware, Exposure()).days),
                _is_new(entry, times, exposures, newest=place == 0),
            )
            for place, entry in enumerate(listed)
        ),
    )


def _is_new(entry: Occurrences, times: int, exposures: Mapping[str, Exposure], *, newest: bool) -> bool:
    """Whether a fault came with a firmware: others ran long enough to have had it, and did not, or far less often."""
    if not newest:
        return False
    here = exposures.get(entry.firmware, Exposure()).days
    older = [f for f in exposures if version_key(f) < version_key(entry.firmware)]
    elsewhere = sum(exposures[firmware].days for firmware in exposures if firmware != entry.firmware)
    if not older or entry.times < _LEAST_OF_FIRMWARE or here <= 0 or elsewhere <= 0:
        return False
    far_higher = entry.times / here > _TIMES_HIGHER * (times - entry.times) / elsewhere
    return far_higher and at_least(entry.times, times, here / (here + elsewhere)) < SURE_OF_FIRMWARE
