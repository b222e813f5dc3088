"""Simulated bodies: thirty days of a device's readings and events, healthy until a planted cause acts on them.

What a healthy device is like is written here by hand (domain.md 2.3, 3.2, 4.1, 9; the rest assumed), and the battery of a
wheelchair is simulated night by night. Nothing here is taken from `fleet/dictionary` or `fleet/diagnosis` but the shape of the
evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from fleet.diagnosis.evidence import DayValues

DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Healthy:
    """What a metric is on a healthy device.

    Attributes:
        centre: lowest and highest own level of a device.
        wobble: day-to-day standard deviation.
        span: how far the day's low and high lie from its mean.
    """

    centre: tuple[float, float]
    wobble: float
    span: float = 0.0


WHEELCHAIR: Final[Mapping[str, Healthy]] = {
    "battery.soh": Healthy((68, 99), 0.2),
    "battery.block_delta": Healthy((0.03, 0.22), 0.03),
    "battery.charging": Healthy((0, 0), 0),
    "drive.odometer_total": Healthy((60, 3_800), 0),
    "motor.left.current": Healthy((14, 22), 1.5, 15),
    "motor.right.current": Healthy((14, 22), 1.5, 15),
    "motor.left.temp": Healthy((36, 48), 3, 18),
    "motor.right.temp": Healthy((36, 48), 3, 18),
    "controller.temp": Healthy((34, 46), 3, 12),
    "joystick.neutral_faults": Healthy((0, 0.4), 0.5),
    "environment.temp": Healthy((18, 23), 1.5, 2.5),
    "gateway.rssi": Healthy((-95, -62), 3),
}
APAP: Final[Mapping[str, Healthy]] = {
    "leak.p95": Healthy((4, 13), 2),
    "device.lifetime_hours": Healthy((300, 11_000), 0),
    "pressure.max": Healthy((9, 17), 0.8),
    "humidifier.temp": Healthy((38, 62), 3),
    "tube.temp": Healthy((22, 28), 1),
    "therapy.ahi": Healthy((0.5, 5), 0.8),
}
DISPENSER: Final[Mapping[str, Healthy]] = {
    "dose.delay": Healthy((2, 12), 3),
    "magazine.days_left": Healthy((5, 12), 0),
    "missed_bin.count": Healthy((0, 3), 0.3),
    "battery.level": Healthy((88, 100), 2),
    "mains.present": Healthy((1, 1), 0),
    "network.rssi": Healthy((-96, -66), 3),
}
MATTRESS: Final[Mapping[str, Healthy]] = {
    "air.pressure": Healthy((24, 42), 1.2, 4),
    "air.cycle_time": Healthy((9, 14), 0.4),
    "pump.run_time": Healthy((14, 28), 1.5, 5),
    "pump.hours": Healthy((200, 9_500), 0),
    "pump.temp": Healthy((34, 46), 2, 5),
    "mains.present": Healthy((1, 1), 0),
    "battery.level": Healthy((70, 100), 1),
    "gateway.rssi": Healthy((-95, -64), 3),
}
SCALE: Final[Mapping[str, Healthy]] = {
    "body.weight": Healthy((50, 110), 0.5, 0.15),
    "battery.level": Healthy((35, 100), 0.5),
    "memory.stored": Healthy((0, 2), 1),
    "gateway.rssi": Healthy((-79, -50), 3),
}
HEALTHY: Final[Mapping[str, Mapping[str, Healthy]]] = {
    "wheelchair": WHEELCHAIR,
    "apap": APAP,
    "dispenser": DISPENSER,
    "mattress": MATTRESS,
    "scale": SCALE,
}
# What a healthy device tells now and then anyway: event and its chance a day.
CHATTER: Final[Mapping[str, Mapping[str, float]]] = {
    "wheelchair": {"tip_or_impact": 0.002, "charger_unplugged_early": 0.04, "module_replaced": 0.0008},
    "apap": {"humidifier_removed": 0.03, "card_removed": 0.004, "reminder_due": 0.008, "upload_late": 0.02},
    "dispenser": {"dose_missed": 0.05, "refill_completed": 0.07, "lid_opened": 0.07, "schedule_changed": 0.006,
                  "absence_started": 0.004, "mains_lost": 0.006, "tamper": 0.003},
    "mattress": {"mode_changed": 0.04, "mains_lost": 0.006, "cpr_started": 0.0003},
    "scale": {"measurement_failed": 0.02, "unstable_dropped": 0.02, "user_ambiguous": 0.004, "battery_replaced": 0.003,
              "stored_readings_flushed": 0.006, "unpaired": 0.001},
}  # fmt: skip

_CHARGING: Final = {"charges": 0.93, "gain": 92.0, "completes": 0.9, "capacity": 1.0, "sag": 0.0, "charger_volts": 28.4}


@dataclass(slots=True)
class Body:
    """A device that lives for thirty days up to `now`; causes change its fields before `live` is called.

    Attributes:
        shifts, ramps, steps: metric to what is added all along, grows to the end, or comes on some day.
        last: metric to its value on the last day it was heard.
        highs: metric to what its daily peaks have more.
        habits: numbers of a wheelchair's charging: `charges` (chance a night), `gain`, `completes`, `capacity`, `sag`.
    """

    device_class: str
    now: datetime
    random: Random
    shifts: dict[str, float] = field(default_factory=dict)
    ramps: dict[str, float] = field(default_factory=dict)
    steps: dict[str, tuple[int, float]] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    highs: dict[str, float] = field(default_factory=dict)
    habits: dict[str, float] = field(default_factory=dict)
    events: dict[str, list[datetime]] = field(default_factory=dict)
    silent_hours: float = 0.1
    restarts: list[datetime] = field(default_factory=list)
    clock_doubted: float = 0.0
    unused_days: int = 0
    fleet: dict[str, float] = field(default_factory=dict)

    def happen(self, event: str, days_ago: float) -> None:
        """An event so many days ago."""
        self.events.setdefault(event, []).append(self.now - timedelta(days=days_ago))

    def live(self) -> dict[str, tuple[DayValues, ...]]:
        """The readings of the thirty days."""
        self._chatter()
        readings = {name: self._series(name, healthy) for name, healthy in HEALTHY[self.device_class].items()}
        if self.device_class == "wheelchair":
            readings |= self._battery()
        heard = self.now - timedelta(hours=self.silent_hours)
        return {name: tuple(d for d in days if d.day <= heard.date()) for name, days in readings.items()}

    def _chatter(self) -> None:
        for event, chance in CHATTER[self.device_class].items():
            for day in range(DAYS):
                if self.random.random() < chance:
                    self.happen(event, day + self.random.random())
        if self.device_class == "mattress" and not self.habits.get("no_hand_check"):
            for shift in range(DAYS * 2):
                self.happen("hand_check_done", shift / 2 + self.random.uniform(0, 0.4))

    def _series(self, name: str, healthy: Healthy) -> tuple[DayValues, ...]:
        level = self.random.uniform(*healthy.centre) + self.shifts.get(name, 0.0)
        start, step = self.steps.get(name, (DAYS, 0.0))
        final = DAYS - 1 - (self.now.date() - (self.now - timedelta(hours=self.silent_hours)).date()).days
        days = []
        for number in range(DAYS):
            mean = level + self.random.gauss(0, healthy.wobble) if healthy.wobble else level
            mean += self.ramps.get(name, 0.0) * number / (DAYS - 1) + (step if number >= start else 0.0)
            spread = abs(self.random.gauss(healthy.span, healthy.span / 5)) if healthy.span else 0.0
            high = mean + spread + self.highs.get(name, 0.0)
            latest = mean
            if number == final and name in self.last:
                latest = self.last[name]
                mean = (mean + latest) / 2
            day = (self.now - timedelta(days=DAYS - 1 - number)).date()
            days.append(DayValues(day, min(mean - spread, latest), mean, max(high, latest), latest))
        return tuple(days)

    def _battery(self) -> dict[str, tuple[DayValues, ...]]:
        """State of charge and voltage, night by night: driving takes, the charger gives, a worn battery sags."""
        habits = {
            "charges": 0.93,
            "gain": 92.0,
            "completes": 0.9,
            "capacity": 1.0,
            "sag": 0.0,
            "charger_volts": 28.4,
        } | self.habits
        charge, soc_days, volt_days = self.random.uniform(80, 100), [], []
        for number in range(DAYS):
            when = DAYS - 1 - number
            morning = charge
            used = self.random.uniform(14, 34) / habits["capacity"] if self.unused_days <= when else 1.0
            charge = max(8.0, charge - used)
            day = (self.now - timedelta(days=when)).date()
            soc_days.append(DayValues(day, charge, (morning + charge) / 2, morning, charge))
            rest = 23.2 + 2.4 * charge / 100
            load = self.random.uniform(0.4, 0.9) + habits["sag"] * self.random.uniform(0.7, 1.2)
            top = rest
            if self.random.random() < habits["charges"]:
                self.happen("charge_started", when + 0.1)
                top = habits["charger_volts"] + self.random.gauss(0, 0.2)
                if self.random.random() < habits.get("unplugs", 0.0):
                    self.happen("charger_unplugged_early", when)
                    charge = min(100.0, charge + self.random.uniform(5, 25))
                else:
                    charge = min(100.0, charge + habits["gain"])
                    if charge >= 99 and self.random.random() < habits["completes"]:
                        self.happen("charge_complete", max(0.0, when - 0.3))
            volt_days.append(DayValues(day, rest - load, rest, top, rest))
        return {"battery.soc": tuple(soc_days), "battery.voltage": tuple(volt_days)}
