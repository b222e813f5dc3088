"""One night of one machine as pure values, in the card's own units; nothing here is converted or guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from types import MappingProxyType
from typing import Final

from device_sim.replay.samples import Sample
from fleet.clock import STOCKHOLM

Day = date  # inside Night the word `date` is the attribute
Record = Mapping[str, Sequence[Sample]]

# Metric key of domain.md 3.3 to the card's signal. OnDuration and PatientHours exist on AirSense 10 only.
METRIC_SIGNALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "therapy.usage": "Duration",
        "therapy.flowgen_time": "OnDuration",
        "therapy.ahi": "AHI",
        "therapy.ahi_obstructive": "OAI",
        "therapy.ahi_central": "CAI",
        "therapy.ahi_unclassified": "UAI",
        "therapy.csr_time": "CSR",
        "leak.p50": "Leak.50",
        "leak.p95": "Leak.95",
        "leak.max": "Leak.Max",
        "pressure.p50": "MaskPress.50",
        "pressure.p95": "MaskPress.95",
        "pressure.max": "MaskPress.Max",
        "resp.rate_p50": "RespRate.50",
        "tidal_volume.p50": "TidVol.50",
        "minute_vent.p50": "MinVent.50",
        "humidifier.power": "HumPow.50",
        "tube.power": "HTubePow.50",
        "humidifier.temp": "HumTemp.50",
        "tube.temp": "HTubeTemp.50",
        "ambient.humidity_abs": "AmbHumidity.50",
        "device.lifetime_hours": "PatientHours",
        "spo2.p50": "SpO2.50",
    }
)
FAULT_PREFIX: Final = "Fault."
NOON: Final = time(12)


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric of a night: what the machine stored, and its unit as the card spells it."""

    sample: Sample
    unit: str


@dataclass(frozen=True, slots=True)
class TherapyMode:
    """A way of treating, and the settings that bound its pressure; the card keeps other modes' settings beside them."""

    name: str
    set_min: str
    set_max: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What a machine recorded from noon to noon.

    Times: a card knows no time zone. Assumed here: at noon of `date` the machine's clock shows Swedish local time, and
    it counts minutes on without a jump until the next noon. So a session stays as long as the machine says on the two
    nights a year when clocks change, and no time comes out that does not exist. On the real cards the sessions of every
    night add up to its `Duration` within three minutes: no machine there jumped by an hour in the middle of a night.

    Attributes:
        date: the local date on which the noon-to-noon day begins.
        mask_minutes: (on, off) pairs in minutes after noon; at most 10 on AirSense 10, 20 on AirSense 11.
        unfinished_sessions: mask-on times whose end was not recorded; they are in no sum.
        readings: metric key of domain.md 3.3 to what was stored; a key the machine does not have is absent.
        hypopnea_index, rera_index: per hour; they have no metric key. AHI is hypopneas plus all apneas.
        faults: `Fault.*` channels by name without the prefix, raw. Empty where the machine has none (AirSense 11): that
            is "not known", not "no fault". The meaning of values other than 0 is undocumented (domain.md 3.4).
        mode: "CPAP" or "APAP"; None where the machine gives none or a code that is not known.
        mode_code: the raw code behind it; the same therapy has different codes on the two machines.
        crc_ok: whether the record's checksum holds; where it does not, no value of the night can be trusted. None where
            the file has no checksums.
        weeks_moved: weeks by which `moved` has shifted the night from the card's own date.
    """

    date: date
    mask_minutes: tuple[tuple[int, int], ...]
    unfinished_sessions: int
    readings: Mapping[str, Reading]
    hypopnea_index: float | None
    rera_index: float | None
    faults: Mapping[str, int]
    mode: str | None
    mode_code: int | None
    crc_ok: bool | None
    weeks_moved: int = 0

    @property
    def recorded_on(self) -> Day:
        """The date the card itself gives the night, whatever it has been moved to."""
        return self.date - timedelta(weeks=self.weeks_moved)

    @property
    def opens_at(self) -> datetime:
        """The local noon at which the night begins, in UTC."""
        return _noon(self.date)

    @property
    def closes_at(self) -> datetime:
        """The local noon at which the machine closes the night's record, in UTC."""
        return _noon(self.date + timedelta(days=1))

    @property
    def sessions(self) -> tuple[tuple[datetime, datetime], ...]:
        """Start and end of each session in UTC, to the minute. One of under a minute has its end equal to its start."""
        return tuple((self.after_noon(minutes=on), self.after_noon(minutes=off)) for on, off in self.mask_minutes)

    def after_noon(self, *, minutes: float) -> datetime:
        """The UTC instant so many minutes after the night's noon; see the class for the assumption."""
        return self.opens_at + timedelta(minutes=minutes)

    def instant_of(self, machine_clock: datetime) -> datetime:
        """The UTC instant of a time by the machine's own clock, as in a detail file's header.

        Args:
            machine_clock: naive, as the card stores it.
        """
        return self.opens_at + (machine_clock - datetime.combine(self.recorded_on, NOON))

    def moved(self, weeks: int) -> "Night":
        """The same night so many whole weeks later: weekdays stay, and clock times stay Swedish local times."""
        return replace(self, date=self.date + timedelta(weeks=weeks), weeks_moved=self.weeks_moved + weeks)

    def value(self, key: str) -> float | None:
        """A metric in the card's own unit; None where the machine lacks it or stored no value."""
        reading = self.readings.get(key)
        return reading.sample.value if reading else None

    def native_values(self) -> dict[str, float]:
        """Every metric as stored and scaled by the file, sentinels included (raw -1 gives -0.02, -0.1, -0.125 …)."""
        return {key: reading.sample.scaled for key, reading in self.readings.items()}

    def native_units(self) -> dict[str, str]:
        """Unit of each metric as the card spells it; empty where the card gives none (indices, AirSense 10 powers)."""
        return {key: reading.unit for key, reading in self.readings.items()}

    def missing(self) -> frozenset[str]:
        """Metrics that the machine has, but stored no value for this night."""
        return frozenset(key for key, reading in self.readings.items() if reading.sample.missing)

    @property
    def usage_minutes(self) -> int | None:
        """Minutes of therapy delivered. 0 is a night not used; None is a night about which nothing is known."""
        return _whole(self.value("therapy.usage"))

    @property
    def flowgen_minutes(self) -> int | None:
        """Minutes the blower ran. May be smaller than `usage_minutes` by a minute; AirSense 11 does not record it."""
        return _whole(self.value("therapy.flowgen_time"))

    @property
    def ahi(self) -> float | None:
        """Apneas and hypopneas per hour."""
        return self.value("therapy.ahi")

    @property
    def ahi_obstructive(self) -> float | None:
        """Obstructive apneas per hour."""
        return self.value("therapy.ahi_obstructive")

    @property
    def ahi_central(self) -> float | None:
        """Central apneas per hour."""
        return self.value("therapy.ahi_central")

    @property
    def ahi_unclassified(self) -> float | None:
        """Apneas per hour whose kind the machine could not tell."""
        return self.value("therapy.ahi_unclassified")

    @property
    def leak_p50(self) -> float | None:
        """Median leak, L/s."""
        return self.value("leak.p50")

    @property
    def leak_p95(self) -> float | None:
        """95th percentile of leak, L/s."""
        return self.value("leak.p95")

    @property
    def leak_max(self) -> float | None:
        """Largest leak, L/s."""
        return self.value("leak.max")

    @property
    def pressure_p50(self) -> float | None:
        """Median mask pressure, cmH2O."""
        return self.value("pressure.p50")

    @property
    def pressure_p95(self) -> float | None:
        """95th percentile of mask pressure, cmH2O."""
        return self.value("pressure.p95")

    @property
    def pressure_max(self) -> float | None:
        """Largest mask pressure, cmH2O."""
        return self.value("pressure.max")

    @property
    def respiratory_rate_p50(self) -> float | None:
        """Median breaths per minute."""
        return self.value("resp.rate_p50")

    @property
    def tidal_volume_p50(self) -> float | None:
        """Median volume of a breath, L."""
        return self.value("tidal_volume.p50")

    @property
    def minute_vent_p50(self) -> float | None:
        """Median ventilation, L/min."""
        return self.value("minute_vent.p50")

    @property
    def humidifier_temperature(self) -> float | None:
        """Median temperature of the humidifier, degrees Celsius."""
        return self.value("humidifier.temp")

    @property
    def tube_temperature(self) -> float | None:
        """Median temperature of the heated tube, degrees Celsius."""
        return self.value("tube.temp")

    @property
    def ambient_humidity(self) -> float | None:
        """Median absolute humidity of the room, mg/L; whole numbers on AirSense 10, tenths on AirSense 11."""
        return self.value("ambient.humidity_abs")

    @property
    def lifetime_hours(self) -> int | None:
        """Hours the machine has treated in its life; AirSense 11 does not record it."""
        return _whole(self.value("device.lifetime_hours"))


def night_from(
    record: Record, units: Mapping[str, str], day: Day, *, modes: Mapping[int, TherapyMode], crc_ok: bool | None
) -> Night:
    """Build a night from one summary record.

    Args:
        record: signal label to the record's samples.
        units: signal label to native unit.
        day: the date on which the noon-to-noon day begins.
        modes: the model's mode codes.
        crc_ok: outcome of the record's checksum.
    """
    starts = _recorded_minutes(record["MaskOn"])
    ends = _recorded_minutes(record["MaskOff"])
    code = record["Mode"][0].value
    mode = None if code is None else modes.get(round(code))
    return Night(
        date=day,
        mask_minutes=tuple(zip(starts, ends, strict=False)),
        unfinished_sessions=max(0, len(starts) - len(ends)),
        readings=_readings(record, units, mode),
        hypopnea_index=record["HI"][0].value,
        rera_index=record["RIN"][0].value,
        faults=MappingProxyType(_faults(record)),
        mode=mode.name if mode else None,
        mode_code=_whole(code),
        crc_ok=crc_ok,
    )


def _readings(record: Record, units: Mapping[str, str], mode: TherapyMode | None) -> Mapping[str, Reading]:
    set_pressure = {"pressure.set_min": mode.set_min, "pressure.set_max": mode.set_max} if mode else {}
    labels = {**METRIC_SIGNALS, **set_pressure}
    return MappingProxyType(
        {key: Reading(record[label][0], units[label]) for key, label in labels.items() if label in record}
    )


def _faults(record: Record) -> dict[str, int]:
    channels = {label: samples[0] for label, samples in record.items() if label.startswith(FAULT_PREFIX)}
    return {label.removeprefix(FAULT_PREFIX): fault.raw for label, fault in channels.items() if not fault.missing}


def _recorded_minutes(slots: Sequence[Sample]) -> list[int]:
    return [slot.raw for slot in takewhile(lambda slot: not slot.missing, slots)]


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _noon(day: date) -> datetime:
    return datetime.combine(day, NOON, STOCKHOLM).astimezone(UTC)
