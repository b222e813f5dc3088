"""What is answered about a device's technical life."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.recall.schemas import Why
from diagnostics.schemas import Answer, BilingualText, Held, Moment, shown
from fleet.faults import Severity
from fleet.passport import Advice

_EXAMPLE: Final[dict[str, Any]] = {
    "device_id": "d-k7x2m4qpza",
    "individual_number": "1234567",
    "held": False,
    "device_class": "wheelchair",
    "maker": "Permobil",
    "model": "M3 Corpus",
    "serial_number": "S-20416",
    "firmware": "3.2.0",
    "stock_state": "reconditioning",
    "made_on": "2026-11-28",
    "registered_on": "2023-02-01",
    "last_seen": "2026-11-27T13:05:12Z",
    "loans": 2,
    "running_hours": None,
    "distance_km": 2210.0,
    "charge_cycles": 310,
    "battery_health_percent": 81.0,
    "coldest_celsius": 7.5,
    "faults": [
        {
            "code": "WC-MOT-02",
            "title": {"sv": "Motorn överhettad", "en": "Motor too hot"},
            "severity": "high",
            "times": 2,
            "active": False,
        }
    ],
    "repairs": None,
    "advice": "recondition",
    "advice_words": {"sv": "Rekonditionera", "en": "Recondition"},
    "worn": 0.517,
    "remaining_months": 46,
    "value_at_stake_sek": "18860.00",
    "reasons": [{"sv": "Körsträcka: 2210 av 12000 km.", "en": "Distance: 2210 of 12000 km."}],
    "unknown": [{"sv": "reparationer", "en": "repairs"}],
}
_RETURNED: Final[dict[str, Any]] = {"device_id": "d-k7x2m4qpza", "held": False, "ended_at": "2026-11-28T10:00:00Z"}


class FaultLine(Answer):
    """A fault in the device's life."""

    code: str
    title: BilingualText
    severity: Severity | None
    times: int
    active: bool


class Passport(Answer):
    """A device's technical life and what to do with it. Null is not known; nothing is about who borrowed it."""

    model_config = shown(_EXAMPLE)

    device_id: str
    individual_number: str
    device_class: str
    held: Held
    maker: str
    model: str
    serial_number: str
    firmware: str
    stock_state: str
    made_on: date
    registered_on: date
    last_seen: Moment | None
    loans: Annotated[int, Field(description="As far as the caller sees them")]
    running_hours: float | None
    distance_km: float | None
    charge_cycles: float | None
    battery_health_percent: float | None
    coldest_celsius: Annotated[float | None, Field(description="In the last ninety days")]
    faults: list[FaultLine]
    repairs: int | None
    advice: Advice
    advice_words: BilingualText
    worn: Annotated[float | None, Field(description="Share of the assumed life that is used up")]
    remaining_months: int
    value_at_stake_sek: Annotated[
        Decimal | None, Field(description="Rent of the remaining life, excluding VAT", max_digits=14, decimal_places=2)
    ]
    reasons: list[BilingualText]
    unknown: list[BilingualText]


class ReturnAsked(BaseModel):
    """A return that somebody registers."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "återlämnat i depån"}]})

    why: Why


class Returned(Answer):
    """The loan is over; what belonged to the borrower is sealed."""

    model_config = shown(_RETURNED)

    device_id: str
    held: Held
    ended_at: Moment
