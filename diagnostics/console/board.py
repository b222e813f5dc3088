"""The order of the alarm board, pure: who is at risk first, where an alarm stands on its ladder, what comes next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from diagnostics.alarms.schemas import AlarmItem
from fleet.areas import AtRisk
from fleet.clock import from_milliseconds
from fleet.doses import Schedule, due_between
from fleet.faults import Severity
from fleet.profile import DeviceProfile
from fleet.registry import Registry
from fleet.rules import BatteryHours, Combined, Sample, Snapshot
from fleet.rules.battery_hours import hours_left

SORTS: Final = ("urgent", "risk", "waiting", "newest")
"""What the board can be sorted by; the first is the usual one."""
_AHEAD: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Rung:
    """Where an untaken alarm stands on its ladder.

    Attributes:
        ladder: its code.
        step: how many of its steps have been carried out; beyond `steps` it is at its last resort.
        steps: how many the ladder has before the last resort.
        next_at: when the next step is due.
        called: codes of those who were called last.
    """

    ladder: str
    step: int
    steps: int
    next_at: datetime
    called: tuple[str, ...]

    @property
    def last_resort(self) -> bool:
        """Whether its steps are spent, so that the last resort is called again and again."""
        return self.step >= self.steps


@dataclass(frozen=True, slots=True)
class Placed:
    """An alarm on the board. `hours` is until its user is at risk; None: not known, which is not safe."""

    alarm: AlarmItem
    rung: Rung | None
    hours: float | None


def place(
    alarms: Iterable[AlarmItem], rows: Iterable[Mapping[str, Any]], registry: Registry, now: datetime
) -> list[Placed]:
    """The alarms with what else is known of them, in no particular order.

    Args:
        alarms: as the service lists them.
        rows: of the query `beside`, by alarm.
        registry: the device classes.
        now: the moment of the request, aware.
    """
    beside = {row["alarm_id"]: row for row in rows}
    return [_placed(alarm, beside.get(alarm.alarm_id), registry, now) for alarm in alarms]


def ordered(items: Iterable[Placed], by: str) -> list[Placed]:
    """The board in one of SORTS; within equals the one that has waited longest comes first."""

    def order(item: Placed) -> tuple[Any, ...]:
        alarm = item.alarm
        waiting = alarm.raised_at.timestamp()
        if by == "newest":
            return (-waiting,)
        if by == "waiting":
            return alarm.taken_at is not None, waiting
        urgent = (alarm.taken_at is not None, not alarm.safety, -Severity(alarm.severity).rank, waiting)
        return (item.hours is None, item.hours or 0.0, *urgent) if by == "risk" else urgent

    return sorted(items, key=order)


def _placed(alarm: AlarmItem, row: Mapping[str, Any] | None, registry: Registry, now: datetime) -> Placed:
    if row is None:
        return Placed(alarm, None, None)
    if alarm.area is not None:
        return Placed(alarm, _rung(row), row["area_hours"])
    profile = registry.by_name.get(alarm.device_class)
    risk = AtRisk(
        device_id=alarm.device_id,
        device_class=alarm.device_class,
        hours_left=None if profile is None else _battery(profile, row["metric_values"] or {}, now),
        next_dose_at=_next_dose(row, now),
    )
    return Placed(alarm, _rung(row), risk.hours(now))


def _rung(row: Mapping[str, Any]) -> Rung | None:
    if row["ladder"] is None:
        return None
    return Rung(row["ladder"], row["position"], row["steps"], row["due_at"], tuple(row["called"] or ()))


def _battery(profile: DeviceProfile, stored: Mapping[str, Any], now: datetime) -> float | None:
    parts = (part for rule in profile.rules for part in (rule.parts if isinstance(rule, Combined) else (rule,)))
    power = next((rule for rule in parts if isinstance(rule, BatteryHours)), None)
    if power is None:
        return None
    values = {key: Sample(entry[0], from_milliseconds(int(entry[1]))) for key, entry in stored.items()}
    return hours_left(Snapshot(values=values, watermark=now), power, now)


def _next_dose(row: Mapping[str, Any], now: datetime) -> datetime | None:
    if row["dose_times"] is None:
        return None
    schedule = Schedule(
        version=row["dose_version"],
        times=tuple(row["dose_times"]),
        valid_from=row["dose_from"],
        weekdays=frozenset(row["dose_days"]),
    )
    return next((due.at for due in due_between(schedule, now, now + _AHEAD)), None)
