"""What is asked and answered about life and wear."""

from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.idle.schemas import Money
from diagnostics.schemas import Answer, BilingualText, Word, shown

_MODEL: Final[dict[str, Any]] = {
    "model_key": "permobil-m3",
    "device_class": "wheelchair",
    "maker": "Permobil",
    "model": "M3 Corpus",
    "rent_sek_per_month": "410.00",
    "devices": 812,
    "dated": 640,
    "contradictory": 2,
    "ended": 91,
    "ended_dated": 74,
    "expected_years": 8.0,
    "begins_years": 1.5,
    "median_years": 6.8,
    "median_low": 6.1,
    "median_high": 7.9,
    "mean_years": 6.3,
    "horizon_years": 9.5,
    "watched_years": 1804.5,
    "repairs": 2410,
    "repairs_a_year": 1.336,
    "repairs_low": 1.283,
    "repairs_high": 1.39,
    "repair_minutes": {"sum": "181200", "known": 1988},
    "repair_cost_sek": {"sum": "2204100.00", "known": 1502},
    "use": [
        {
            "key": "drive.odometer_total",
            "title": {"sv": "Vägmätare", "en": "Odometer"},
            "unit": "km",
            "devices": 300,
            "low": 40.0,
            "middle": 310.0,
            "high": 900.0,
        }
    ],
    "meaning": {
        "sv": "74 av 640 hjälpmedel med känd anskaffning har tagits ur bruk; hälften varar 6,8 år.",
        "en": "74 of 640 devices whose acquisition is known have left service; half of them last 6.8 years.",
    },
}
_CURVE: Final[dict[str, Any]] = {
    **_MODEL,
    "curve": [
        {"years": 4.0, "lasting": 0.93, "low": 0.9, "high": 0.951, "at_risk": 402, "ended": 3},
        {"years": 6.8, "lasting": 0.498, "low": 0.431, "high": 0.561, "at_risk": 88, "ended": 2},
    ],
}


class WearQuery(BaseModel):
    """Filters of life and wear."""

    model_config = ConfigDict(extra="forbid")

    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None


class Summed(Answer):
    """A sum over the repairs of which it is known."""

    sum: str
    known: int


class Counter(Answer):
    """What devices count in a year: the middle one, and the limits of four fifths of them."""

    key: str
    title: BilingualText
    unit: str
    devices: Annotated[int, Field(description="Of how many, a fixed sample at most")]
    low: float
    middle: float
    high: float


class ModelWear(Answer):
    """Life, repairs and use of one model at its present rent. Null is not known, and nothing known is not zero."""

    model_config = shown(_MODEL)

    model_key: str
    device_class: str
    maker: str
    model: str
    rent_sek_per_month: Money | None
    devices: Annotated[int, Field(description="Ever in the register")]
    dated: Annotated[int, Field(description="Of those: the day of acquisition is known")]
    contradictory: Annotated[int, Field(description="Of the dated: their dates cannot be; they count for nothing")]
    ended: Annotated[int, Field(description="Scrapped or lost")]
    ended_dated: Annotated[int, Field(description="Of the ended, those that the curve rests on")]
    expected_years: Annotated[float, Field(description="The life that is assumed today")]
    begins_years: Annotated[float | None, Field(description="The curve speaks of devices that reached this age")]
    median_years: Annotated[float | None, Field(description="Half last longer; null while more than half still last")]
    median_low: float | None
    median_high: float | None
    mean_years: Annotated[float | None, Field(description="Within `horizon_years`")]
    horizon_years: Annotated[float | None, Field(description="Oldest age that enough devices have reached")]
    watched_years: Annotated[float | None, Field(description="Device years in which repairs were written down")]
    repairs: int | None
    repairs_a_year: Annotated[float | None, Field(description="Per device")]
    repairs_low: float | None
    repairs_high: float | None
    repair_minutes: Summed | None
    repair_cost_sek: Summed | None
    use: list[Counter]
    meaning: BilingualText


class WearAnswer(Answer):
    """Every model of which there is or was a device."""

    model_config = shown(
        {"today": "2026-11-28", "counted_at": "2026-11-28T08:15:00Z", "repairs_since": "2025-01-02", "items": [_MODEL]}
    )

    today: Annotated[date, Field(description="The day that lives are reckoned to")]
    counted_at: Annotated[datetime | None, Field(description="When the worker counted; null: for this answer")]
    repairs_since: Annotated[date | None, Field(description="First repair ever written down; null: none, unknown")]
    items: list[ModelWear]


class CurvePoint(Answer):
    """The survival curve just after one age."""

    years: float
    lasting: float
    low: float | None
    high: float | None
    at_risk: int
    ended: int


class ModelCurve(ModelWear):
    """One model with its survival curve (Kaplan-Meier, 95 % interval)."""

    model_config = shown(_CURVE)

    curve: list[CurvePoint]
