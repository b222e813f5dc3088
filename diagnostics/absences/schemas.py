"""What is asked and answered about absences."""

from datetime import date
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.paging import PageQuery
from diagnostics.recall.schemas import Why
from diagnostics.schemas import Answer, BilingualText, Held, Moment, Word, shown
from fleet.absences import AbsenceKind

_ITEM: Final[dict[str, Any]] = {
    "absence_id": 17,
    "device_id": "d-k7x2m4qpza",
    "individual_number": "1234567",
    "held": False,
    "device_class": "dispenser",
    "payer": "kommun-07",
    "kind": "hospital",
    "kind_words": {"sv": "sjukhus", "en": "hospital"},
    "from_day": "2026-11-24",
    "until_day": None,
    "noted_by": "hemtjanst-07",
    "noted_at": "2026-11-24T09:02:00Z",
    "withdrawn_at": None,
    "dose_alarms_rest": True,
    "meaning": {
        "sv": "Borta från 2026-11-24 (sjukhus). Doslarmen vilar tills någon säger att brukaren är tillbaka.",
        "en": "Away from 2026-11-24 (hospital). Dose alarms rest until somebody says that the user is back.",
    },
}


class AbsenceQuery(PageQuery):
    """Filters of the list of absences; all given ones must hold."""

    kind: Annotated[AbsenceKind | None, Field(description="Exactly this kind")] = None
    payer: Annotated[Word | None, Field(description="Code of the payer")] = None
    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    current: Annotated[bool, Field(description="Only those that hold today")] = False


class NewAbsence(BaseModel):
    """A borrower who is away."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "hospital", "from_day": "2026-11-24"}]}
    )

    kind: AbsenceKind
    from_day: Annotated[date, Field(description="First day, as a Swedish day")]
    until_day: Annotated[date | None, Field(description="Last day; null where nobody knows yet")] = None


class EndAsked(BaseModel):
    """The borrower is back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"until_day": "2026-12-01"}]})

    until_day: Annotated[date | None, Field(description="Last day away; yesterday where not given")] = None


class WithdrawAsked(BaseModel):
    """An absence that was wrong."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "fel hjälpmedel"}]})

    why: Why


class AbsenceRecord(Answer):
    """One absence; a withdrawn one counts for nothing and stays to be seen."""

    model_config = shown(_ITEM)

    absence_id: int
    device_id: str
    individual_number: str
    held: Held
    device_class: str
    payer: str | None
    kind: AbsenceKind
    kind_words: BilingualText
    from_day: date
    until_day: Annotated[date | None, Field(description="Null: still away, or nobody knows until when")]
    noted_by: str
    noted_at: Moment
    withdrawn_at: Moment | None
    dose_alarms_rest: Annotated[bool, Field(description="A dispenser's dose alarms were rested with it")]
    meaning: BilingualText
