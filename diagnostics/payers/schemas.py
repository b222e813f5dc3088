"""What is asked and answered about payers that do not fit."""

from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import Field

from diagnostics.devices.schemas import PayerItem
from diagnostics.paging import PageQuery
from diagnostics.recall.schemas import PrescriberItem
from diagnostics.schemas import Answer, BilingualText, Held, Word, shown

_EXAMPLE: Final[dict[str, Any]] = {
    "items": [
        {
            "device_id": "d-k7x2m4qpza",
            "individual_number": "1234567",
            "held": False,
            "device_class": "dispenser",
            "maker": "Roll",
            "model": "R2",
            "since": "2026-05-04",
            "legal_frame": "HSL",
            "payer": {"code": "region", "name": "Regionen"},
            "prescriber": {"code": "rehab-07", "unit": "Kommunal rehab 07"},
            "prescriber_payer": {"code": "kommun-07", "name": "Kommun 07"},
            "reason": {
                "sv": "Regionen betalar, men enheten hör till Kommun 07: kontrollera baskoden.",
                "en": "Regionen pays, but the unit belongs to Kommun 07: check the payer code.",
            },
        }
    ],
    "next_cursor": None,
    "on_loan": 1100,
    "with_prescriber": 1088,
    "counted_at": "2026-11-21T12:00:00Z",
}


class CheckQuery(PageQuery):
    """Filters of the payer check."""

    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None


class Disagreement(Answer):
    """A device whose payer or legal frame is not that of its prescriber's organisation."""

    device_id: str
    individual_number: str
    held: Held
    device_class: str
    maker: str
    model: str
    since: Annotated[date, Field(description="First day of the loan")]
    legal_frame: str
    payer: PayerItem
    prescriber: PrescriberItem
    prescriber_payer: PayerItem
    reason: BilingualText


class CheckPage(Answer):
    """One page, with how many loans could be checked at all."""

    model_config = shown(_EXAMPLE)

    items: list[Disagreement]
    next_cursor: str | None
    on_loan: int
    with_prescriber: Annotated[int, Field(description="Of those: the prescriber is known, so they could be checked")]
    counted_at: Annotated[datetime | None, Field(description="When both were counted; null: for this answer")]
