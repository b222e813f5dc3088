"""What is asked and answered about a loan's facts."""

from datetime import date
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from diagnostics.devices.schemas import PayerItem
from diagnostics.recall.schemas import PrescriberItem, Why
from diagnostics.schemas import Answer, Held, Moment, SearchText, Word, shown
from fleet.answers import reason_problem

_EXAMPLE: Final[dict[str, Any]] = {
    "device_id": "d-k7x2m4qpza",
    "individual_number": "1234567",
    "held": False,
    "device_class": "wheelchair",
    "loan_started": "2025-04-02T08:00:00Z",
    "payer": {"code": "kommun-07", "name": "Kommun 07"},
    "legal_frame": "HSL",
    "prescriber": {"code": "rehab-07", "unit": "Kommunal rehab 07"},
    "prescribed_interval_days": 7,
    "source": {"code": "permobil-connect", "title": "Permobil Connect"},
    "borrower_known": True,
    "same_borrower": [{"individual_number": "7654321", "held": False}],
    "replaced_by": {"individual_number": "7654321", "held": False, "from_day": "2026-11-02", "noted_by": "rehab-07"},
    "consented_at": "2025-04-02T08:15:00Z",
    "basic_equipment": False,
    "administration_service": False,
}
BorrowerKey = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class LoanUse(BaseModel):
    """What is to be kept of a loan; what is left out stays as it is, null forgets."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"prescribed_interval_days": 7}]})

    prescribed_interval_days: Annotated[
        int | None, Field(ge=1, le=366, description="How often the prescriber wants it used, in days between uses")
    ] = None
    source: Annotated[Word | None, Field(description="Code of the feed or gateway that its data comes by")] = None
    borrower_key: Annotated[
        BorrowerKey | None,
        Field(description="Opaque key, the same for two loans of one person; never a name or personal number"),
    ] = None

    @model_validator(mode="after")
    def _opaque(self) -> Self:
        if self.borrower_key is not None and reason_problem(self.borrower_key) is not None:
            raise ValueError("a key that tells nothing, not a personal number")
        return self


class ReplacementAsked(BaseModel):
    """Another device took over."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"individual_number": "7654321", "from_day": "2026-11-02"}]}
    )

    individual_number: Annotated[SearchText, Field(description="Of the device that took over")]
    from_day: Annotated[date, Field(description="First day with the other one")]


class ReplacementWithdrawn(BaseModel):
    """It was not so."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "fel individnummer"}]})

    why: Why


class ConsentAsked(BaseModel):
    """Whether the borrower agrees that the device sends data, as asked for at each new loan."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"given": True, "why": "undertecknat vid utlämning"}]}
    )

    given: bool
    why: Annotated[Why, Field(description="How it was said; nothing about the person")]


class EquipmentAsked(BaseModel):
    """How a device is held: pooled or personal, with an administration service or without."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"basic_equipment": False}]})

    basic_equipment: bool | None = None
    administration_service: bool | None = None


class SourceItem(Answer):
    """A feed or gateway."""

    code: str
    title: str


class ReplacedBy(Answer):
    """The device that took over."""

    individual_number: Annotated[str | None, Field(description="Null where it is out of the caller's sight")]
    held: Annotated[bool | None, Field(description="An incident hold lies on it; null where it is out of sight")]
    from_day: date
    noted_by: str


class OtherDevice(Answer):
    """Another device that the same person borrows."""

    individual_number: str
    held: Held


class LoanFacts(Answer):
    """What is written about a device's open loan; null is not known."""

    model_config = shown(_EXAMPLE)

    device_id: str
    individual_number: str
    held: Held
    device_class: str
    loan_started: Moment | None
    payer: PayerItem | None
    legal_frame: str | None
    prescriber: PrescriberItem | None
    prescribed_interval_days: int | None
    source: SourceItem | None
    borrower_known: Annotated[bool, Field(description="A key is kept; it is never shown")]
    same_borrower: Annotated[list[OtherDevice], Field(description="The person's other devices in sight")]
    replaced_by: ReplacedBy | None
    consented_at: Annotated[Moment | None, Field(description="Null: not asked in this loan, or not given")]
    basic_equipment: bool
    administration_service: bool
