"""What readiness looks at, and the shape of its answers."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from fleet.text import Text


class CheckName(StrEnum):
    """What is looked at."""

    STOCK = "stock"
    HOLD = "hold"
    CONTACT = "contact"
    SOFTWARE = "software"
    BATTERY = "battery"
    FAULTS = "faults"
    CLOCK = "clock"
    SCHEDULE = "schedule"
    INSPECTION = "inspection"
    CALIBRATION = "calibration"
    MAINTENANCE = "maintenance"


class Answer(StrEnum):
    """What a check says; `not_needed` where the device has no such thing."""

    OK = "ok"
    NOT_OK = "not_ok"
    UNKNOWN = "unknown"
    NOT_NEEDED = "not_needed"


class Verdict(StrEnum):
    """What all checks say together; `ready` only when none is unknown."""

    READY = "ready"
    NOT_READY = "not_ready"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an installation asks of a device before it is handed out; assumptions until it sets its own.

    Attributes:
        contact: how long ago it may have been heard.
        clock: how wrong its clock may be.
        health, charge: least battery health and charge, in per cent.
    """

    contact: timedelta = timedelta(hours=24)
    clock: timedelta = timedelta(minutes=5)
    health: float = 70.0
    charge: float = 50.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A value in per cent and when it was measured."""

    value: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """What a model can tell of its battery, and what it last told; a model without a battery has none of this.

    Attributes:
        tells_health: the model reports health. Where the class has no such metric at all, `wants_health` is false.
    """

    wants_health: bool
    tells_health: bool
    health: Sample | None
    charge: Sample | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The maker's schedule for one kind of service, and when it was last done.

    Attributes:
        every_days: None where the maker asks for none.
        done_on, passed: the latest; None where none is recorded.
    """

    kind: CheckName
    every_days: int | None
    done_on: date | None = None
    passed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one device.

    Attributes:
        approved: versions that may be handed out, the wanted one first; empty where nobody has entered any.
        open_faults: titles of the faults that are active, as far as the caller may see.
        faults_out_of_view: whether the class has faults that the caller may not see.
        clock_offset: device clock less server clock in its latest live answer; None where there is none lately.
        inspected_on: latest passed inspection.
        services: of the model's schedule; empty where nobody has entered one.
        on_hold: None where it could not be asked.
    """

    stock_state: str
    can_report: bool
    last_seen: datetime | None
    firmware: str
    approved: tuple[str, ...]
    battery: Battery | None
    open_faults: tuple[Text, ...]
    faults_out_of_view: bool
    clock_offset: timedelta | None
    inspected_on: date | None
    services: tuple[Service, ...]
    on_hold: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check's answer.

    Attributes:
        find_out: how to get to know or mend it; None where it is well.
        commands: names of commands that would ask the device or mend it, as far as its class has them.
    """

    name: CheckName
    answer: Answer
    reason: Text
    find_out: Text | None = None
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The verdict on one device with every check."""

    verdict: Verdict
    reason: Text
    checks: tuple[Check, ...] = field(default_factory=tuple)
