"""The device passport, pure: a returned device's technical life, and the advice: recondition, parts or scrap.

Metrics are found by key, so that a new class whose profile uses the same keys has a passport without a line here. Life
lengths are assumptions (`Basis.ASSUMED`) until a centre has its own figures; what is not known stays unknown, is said
to be so, and is never counted as good or bad.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fleet.faults import Severity
from fleet.signals import Basis
from fleet.text import Text

HOURS: Final = ("device.lifetime_hours", "pump.hours")
DISTANCE: Final = ("drive.odometer_total",)
CYCLES: Final = ("battery.charge_cycles",)
HEALTH: Final = ("battery.soh",)
STORAGE: Final = ("environment.temp",)
WEAR_METRICS: Final = (*HOURS, *DISTANCE, *CYCLES)
LIFE_METRICS: Final = (*WEAR_METRICS, *HEALTH)

COLDEST_STORAGE: Final = 5.0
"""Degrees Celsius; regions require at least this where a battery is charged (domain.md 2.6, `V S24`)."""
LOWEST_HEALTH: Final = 70.0
"""Per cent of a new battery below which it is changed; an assumption."""
_NEARLY_WORN: Final = 0.75
_MANY_REPAIRS_A_YEAR: Final = 4.0
_PARTS_SHARE: Final = Decimal("0.2")


class Advice(StrEnum):
    """What to do with a returned device; `unknown` where too little is known to say."""

    RECONDITION = "recondition"
    PARTS = "parts"
    SCRAP = "scrap"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How long a class is expected to last; None where the class has no such counter."""

    years: float
    hours: float | None = None
    kilometres: float | None = None
    cycles: float | None = None
    parts: bool = False
    basis: Basis = Basis.ASSUMED


LIVES: Final[Mapping[str, Life]] = MappingProxyType(
    {
        "wheelchair": Life(years=8, kilometres=12_000, cycles=600, parts=True),
        "apap": Life(years=7, hours=20_000),
        "dispenser": Life(years=6),
        "mattress": Life(years=7, hours=40_000),
        "scale": Life(years=6),
    }
)
ANY_LIFE: Final = Life(years=7)


@dataclass(frozen=True, slots=True)
class PassportFault:
    """A fault in the device's life."""

    code: str
    title: Text
    severity: Severity | None
    times: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a device's technical life. None: not known, which is neither good nor bad.

    Attributes:
        registered_on: the day it came into the register.
        hours: of running, in all.
        battery_health: per cent of a new battery.
        coldest: lowest temperature around it in the last ninety days with data, degrees Celsius.
        repairs: work orders done.
        software_current: whether its firmware is the newest that its model's description covers.
        rent_sek: a month.
    """

    device_class: str
    registered_on: date
    hours: float | None = None
    kilometres: float | None = None
    cycles: float | None = None
    battery_health: float | None = None
    coldest: float | None = None
    faults: tuple[PassportFault, ...] = ()
    repairs: int | None = None
    firmware: str = ""
    rent_sek: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The advice with its reasons.

    Attributes:
        worn: largest share of an expected life that is used up, by counters and age; None where only age is known.
        remaining_months: of the expected life.
        value_sek: rent of the remaining life where reconditioned, a fifth of it in parts, nothing as scrap.
        unknown: what nobody knows of it.
    """

    advice: Advice
    worn: float | None
    remaining_months: int
    value_sek: Decimal | None
    reasons: tuple[Text, ...]
    unknown: tuple[Text, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class _Share:
    name: Text
    share: float
    said: Text


def judge(facts: Facts, today: date) -> Verdict:
    """What to do with a device on a day."""
    life = LIVES.get(facts.device_class, ANY_LIFE)
    age = _age(facts, life, today)
    counters = _counters(facts, life)
    severe = [fault for fault in facts.faults if fault.active and fault.severity in _SEVERE]
    advice = _advice(life, age, counters, severe, facts, today)
    worn = max((entry.share for entry in (age, *counters)), default=0.0)
    months = max(0, round((1 - worn) * life.years * 12))
    return Verdict(
        advice=advice,
        worn=round(worn, 3) if counters or not _expects_counters(life) else None,
        remaining_months=months,
        value_sek=_value(advice, facts.rent_sek, months),
        reasons=tuple(_reasons(age, counters, severe, facts)),
        unknown=tuple(_unknown(facts, life)),
    )


_SEVERE: Final = frozenset({Severity.HIGH, Severity.CRITICAL})


def _expects_counters(life: Life) -> bool:
    return life.hours is not None or life.kilometres is not None or life.cycles is not None


def _advice(  # noqa: PLR0913, PLR0917 - what the advice rests on
    life: Life, age: _Share, counters: list[_Share], severe: list[PassportFault], facts: Facts, today: date
) -> Advice:
    given_up = Advice.PARTS if life.parts else Advice.SCRAP
    worn = max(entry.share for entry in (age, *counters))
    if worn >= 1:
        return given_up
    if not counters and _expects_counters(life):
        return Advice.UNKNOWN
    years = max((today - facts.registered_on).days / 365.25, 0.5)
    often = facts.repairs is not None and facts.repairs / years > _MANY_REPAIRS_A_YEAR
    return given_up if worn >= _NEARLY_WORN and (severe or often) else Advice.RECONDITION


def _age(facts: Facts, life: Life, today: date) -> _Share:
    years = (today - facts.registered_on).days / 365.25
    return _share(Text("Ålder", "Age"), years, life.years, "år", "years")


def _counters(facts: Facts, life: Life) -> list[_Share]:
    entries = (
        (Text("Drifttid", "Running time"), facts.hours, life.hours, "h", "h"),
        (Text("Körsträcka", "Distance"), facts.kilometres, life.kilometres, "km", "km"),
        (Text("Laddcykler", "Charge cycles"), facts.cycles, life.cycles, "cykler", "cycles"),
    )
    return [
        _share(name, value, whole, swedish, english)
        for name, value, whole, swedish, english in entries
        if value is not None and whole is not None
    ]


def _share(name: Text, value: float, whole: float, swedish: str, english: str) -> _Share:
    share = value / whole
    said = Text(
        f"{name.sv}: {_number(value, ',')} av {_number(whole, ',')} {swedish} ({share:.0%} av antagen livslängd).",
        f"{name.en}: {_number(value, '.')} of {_number(whole, '.')} {english} ({share:.0%} of the assumed life).",
    )
    return _Share(name, share, said)


def _reasons(age: _Share, counters: list[_Share], severe: list[PassportFault], facts: Facts) -> list[Text]:
    reasons = [age.said, *(entry.said for entry in counters)]
    reasons += [_still(fault) for fault in severe]
    if facts.battery_health is not None and facts.battery_health < LOWEST_HEALTH:
        health = f"{facts.battery_health:.0f} %"
        reasons.append(
            Text(f"Batterihälsa {health}: byt batteri.", f"Battery health {health}: change the battery."),
        )
    if facts.coldest is not None and facts.coldest < COLDEST_STORAGE:
        reasons.append(
            Text(
                f"Förvarat i {_number(facts.coldest, ',')} °C, under +5 °C: prova batteriet.",
                f"Stored at {_number(facts.coldest, '.')} °C, below +5 °C: test the battery.",
            )
        )
    if facts.repairs:
        reasons.append(Text(f"{facts.repairs} utförda reparationer.", f"{facts.repairs} repairs done."))
    return reasons


def _still(fault: PassportFault) -> Text:
    return Text(
        f"Kvarstående fel: {fault.title.sv} ({fault.code}).", f"Fault not cleared: {fault.title.en} ({fault.code})."
    )


def _unknown(facts: Facts, life: Life) -> list[Text]:
    entries = (
        (facts.hours is None and life.hours is not None, Text("drifttid", "running time")),
        (facts.kilometres is None and life.kilometres is not None, Text("körsträcka", "distance")),
        (facts.cycles is None and life.cycles is not None, Text("laddcykler", "charge cycles")),
        (facts.battery_health is None and life.cycles is not None, Text("batterihälsa", "battery health")),
        (facts.coldest is None and life.cycles is not None, Text("förvaringstemperatur", "storage temperature")),
        (facts.repairs is None, Text("reparationer", "repairs")),
        (not facts.firmware, Text("programversion", "software version")),
        (facts.rent_sek is None, Text("hyra", "rent")),
    )
    return [name for missing, name in entries if missing]


def _value(advice: Advice, rent: Decimal | None, months: int) -> Decimal | None:
    if rent is None or advice is Advice.UNKNOWN:
        return None
    shares = {Advice.RECONDITION: Decimal(1), Advice.PARTS: _PARTS_SHARE, Advice.SCRAP: Decimal(0)}
    return (rent * months * shares[advice]).quantize(Decimal("0.01"))


def _number(value: float, mark: str) -> str:
    text = f"{value:.0f}" if abs(value) >= 10 else f"{value:.1f}"
    return text.replace(".", mark)
