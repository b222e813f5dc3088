"""What a device class measures and reports: metrics, events, and who may see them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fleet.errors import ProfileError
from fleet.text import Text

KEY_PATTERN: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
NAME_PATTERN: Final = re.compile(r"[a-z][a-z0-9_]*")


class Audience(StrEnum):
    """The view of a device in which something is shown (architecture.md 4); a role is given one or more of them."""

    TECHNICAL = "technical"
    CARE = "care"
    CLINICAL = "clinical"


class Kind(StrEnum):
    """How a metric's value is held."""

    NUMBER = "number"
    COUNT = "count"
    FLAG = "flag"

    @property
    def column_type(self) -> str:
        """The PostgreSQL type of the metric's column. A float4 keeps seven digits, more than any sensor here has."""
        return {Kind.NUMBER: "real", Kind.COUNT: "integer", Kind.FLAG: "boolean"}[self]


class Basis(StrEnum):
    """How well a fact in a profile is known; assumptions are marked so that nobody mistakes them for a maker's word."""

    VERIFIED = "verified"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One measured quantity of a device class.

    Attributes:
        key: dotted lower-case name on the wire, such as `battery.soc`.
        unit: UCUM symbol of the stored value; what a model sends natively may differ (`fleet.models.Conversion`).
        low, high: plausible range in `unit`, both inclusive; a value outside is quarantined, never stored.
        cadence_seconds: how often a healthy device in use reports it; None where it comes with events only.
        audience: the view in which it is shown.
        rising: a counter that only grows, such as an odometer.
        code: standard code (MDC or LOINC) where the domain facts give one.
        source: where range and unit come from, as a section of domain.md.
    """

    key: str
    unit: str
    title: Text
    low: float
    high: float
    kind: Kind = Kind.NUMBER
    cadence_seconds: int | None = None
    audience: Audience = Audience.TECHNICAL
    rising: bool = False
    code: str = ""
    basis: Basis = Basis.ASSUMED
    source: str = ""

    def __post_init__(self) -> None:
        if not KEY_PATTERN.fullmatch(self.key):
            raise ProfileError(f"metric key {self.key!r}: use dotted lower-case words such as 'battery.soc'")
        if not self.unit:
            raise ProfileError(f"metric {self.key}: a unit is needed; '1' for a plain number")
        if not self.low < self.high:
            raise ProfileError(f"metric {self.key}: range {self.low}..{self.high} is empty")
        if self.cadence_seconds is not None and self.cadence_seconds <= 0:
            raise ProfileError(f"metric {self.key}: cadence must be positive seconds")

    @property
    def column(self) -> str:
        """The metric's column in the typed hypertable of its class."""
        return self.key.replace(".", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happens at one moment, such as `dose_taken`; what it carries is free, its name is not."""

    name: str
    title: Text
    audience: Audience = Audience.TECHNICAL
    basis: Basis = Basis.ASSUMED

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name):
            raise ProfileError(f"event {self.name!r}: use lower-case words joined by _")


# Events every class may send; both carry data.system and data.code, and may carry subcode, module, text, count.
FAULT_RAISED: Final = Event(name="fault_raised", title=Text("Fel uppstod", "Fault raised"), basis=Basis.VERIFIED)
FAULT_CLEARED: Final = Event(name="fault_cleared", title=Text("Fel upphörde", "Fault cleared"), basis=Basis.VERIFIED)
COMMON_EVENTS: Final = (FAULT_RAISED, FAULT_CLEARED)
