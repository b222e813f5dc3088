"""What is asked and answered about incident holds."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.paging import PageQuery
from diagnostics.schemas import Answer, DeviceId, Held, Moment, shown

HOLD: Final[dict[str, Any]] = {
    "hold_id": 7,
    "device_id": "d-k7x2m4qpza",
    "individual_number": "1234567",
    "held": True,
    "reason": "Stolen rörde sig utan kommando",
    "placed_at": "2026-11-21T13:05:12Z",
    "placed_by": "anna-tekniker",
    "open": True,
    "lift_asked_at": None,
    "lift_asked_by": None,
    "lift_reason": None,
    "lifted_at": None,
    "lifted_by": None,
}
# No control characters: NUL cannot be stored, and a reason is one line in every list.
Reason = Annotated[str, Field(min_length=5, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]


class HoldRequest(BaseModel):
    """Why a device is held."""

    model_config = ConfigDict(**shown({"reason": HOLD["reason"]}), extra="forbid")

    reason: Annotated[Reason, Field(description="What happened, without anyone's name")]


class LiftRequest(BaseModel):
    """Why a hold may be lifted."""

    model_config = ConfigDict(**shown({"reason": "Tillverkaren har undersökt stolen"}), extra="forbid")

    reason: Annotated[Reason, Field(description="Who has said that the device may be changed again")]


class HoldQuery(PageQuery):
    """Which holds."""

    device_id: Annotated[DeviceId | None, Field(description="Of this device")] = None
    open_only: Annotated[bool, Field(description="Only those that are not lifted")] = True


class HoldItem(Answer):
    """One hold."""

    model_config = shown(HOLD)

    hold_id: int
    device_id: str
    individual_number: str
    held: Held
    reason: str
    placed_at: Moment
    placed_by: str
    open: Annotated[bool, Field(description="Nothing above reading may be asked of the device, and nothing is deleted")]
    lift_asked_at: Annotated[Moment | None, Field(description="When the first of two persons said it may be lifted")]
    lift_asked_by: str | None
    lift_reason: str | None
    lifted_at: Moment | None
    lifted_by: Annotated[str | None, Field(description="The second person")]


class ExportItem(Answer):
    """One evidence package that was made."""

    made_at: Moment
    made_by: str
    audiences: Annotated[list[str], Field(description="For whose eyes it was made; nothing of others is in it")]
    manifest_sha256: Annotated[str, Field(description="The seal: SHA-256 of manifest.json")]
    bytes: int


class Hold(HoldItem):
    """One hold with the packages made of it."""

    model_config = shown({**HOLD, "exports": []})

    exports: list[ExportItem]
