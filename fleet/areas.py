"""An area that loses contact or power at once: when that is one event, and who in it is at risk first. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fleet.text import Text

LEAST_DEVICES: Final = 5
"""Fewer are told one by one; ISA-18.2 calls more than ten alarms in ten minutes a flood (reliability.md 2.4)."""
BEGINS_AT: Final = 0.3
RESTS_BELOW: Final = 0.15
ON_THE_WAY: Final = 0.6
"""Share of the allowed silence after which a device counts as falling silent: the first to be over the limit then finds
the others counted already, so that it is told with them and not before them."""


@dataclass(frozen=True, slots=True)
class AreaFigures:
    """How many devices of an area report at all, and how many of them are affected.

    Attributes:
        falling: fell quiet, or lost power, within the last quarter of an hour.
        affected: are quiet or without power now, since whenever.
        over: are over the limit of their own rule.
    """

    devices: int
    falling: int
    affected: int
    over: int


def is_out(figures: AreaFigures, *, firing: bool) -> bool:
    """Whether the area as a whole is out; with hysteresis, so that the last ones to come back do not make it flap."""
    if firing:
        return figures.affected >= max(2.0, RESTS_BELOW * figures.devices)
    return figures.over > 0 and figures.falling >= max(float(LEAST_DEVICES), BEGINS_AT * figures.devices)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """One device of an area that is out.

    Attributes:
        hours_left: of its battery; None where it is not known to be on battery, or its level is not known.
        next_dose_at: when its next dose is due; None where no schedule is known.
    """

    device_id: str
    device_class: str
    hours_left: float | None
    next_dose_at: datetime | None

    def hours(self, now: datetime) -> float | None:
        """Until its user is at risk: the battery ends or a dose is due; None: not known, which is not safe."""
        until = None if self.next_dose_at is None else max(0.0, (self.next_dose_at - now) / timedelta(hours=1))
        known = [hours for hours in (self.hours_left, until) if hours is not None]
        return min(known) if known else None


def first_at_risk(devices: Iterable[AtRisk], now: datetime) -> list[AtRisk]:
    """Whom to see to first: by hours, then those of whom nothing is known, each in the order of their ids."""

    def order(device: AtRisk) -> tuple[bool, float, str, str]:
        hours = device.hours(now)
        return hours is None, hours or 0.0, device.device_class, device.device_id

    return sorted(devices, key=order)


def reason(figures: AreaFigures, first: AtRisk | None, now: datetime) -> Text:
    """The area alarm in a sentence."""
    hours = None if first is None else first.hours(now)
    sv = f"{figures.affected} av {figures.devices} hjälpmedel i området"
    en = f"{figures.affected} of {figures.devices} devices in the area"
    if first is None or hours is None:
        return Text(f"{sv}; vem som är mest utsatt är okänt", f"{en}; who is at risk first is not known")
    return Text(f"{sv}; först {first.device_id}, om {hours:.1f} h", f"{en}; first {first.device_id}, in {hours:.1f} h")
