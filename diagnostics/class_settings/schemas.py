"""What is asked and answered about the settings of a class."""

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.adjusting import Reason
from diagnostics.schemas import Answer, BilingualText, Moment, shown
from fleet.class_settings import IDLE_LIMITS

_LINE: Final[dict[str, Any]] = {
    "kind": "rule",
    "name": "battery_low",
    "setting": "below",
    "value": 25.0,
    "valid_from": "2026-11-28T09:00:00Z",
    "reason": "for manga sena larm",
    "set_by": "chef-1",
    "set_at": "2026-11-28T09:00:00Z",
}
_ITEM: Final[dict[str, Any]] = {
    "kind": "rule",
    "name": "battery_low",
    "title": {"sv": "Lågt batteri", "en": "Battery low"},
    "setting": "below",
    "default": 20.0,
    "low": 10.0,
    "high": 30.0,
    "holds": 25.0,
    "planned": None,
    "planned_from": None,
    "is_set": True,
}
Begins = Annotated[
    date | None, Field(description="Swedish day from which it holds, not earlier than today; at once without")
]


def _days(limit: str, description: str) -> Any:  # noqa: ANN401 - what pydantic gives back for a field
    low, high = IDLE_LIMITS[limit]
    return Field(ge=low, le=high, description=description)


class NewClassValue(BaseModel):
    """A number of a rule for a whole class, or none, which gives the profile's own back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"value": 25, "reason": "prov"}]})

    value: Annotated[float | None, Field(allow_inf_nan=False)] = None
    reason: Reason
    begins: Begins = None


class IdleLimits(BaseModel):
    """After how many days without use a device is noted, its prescriber contacted, its return proposed; they rise."""

    model_config = ConfigDict(extra="forbid")

    note_days: Annotated[int, _days("note_days", "Days without use after which the device is noted")]
    contact_days: Annotated[int, _days("contact_days", "Days without use after which its prescriber unit is contacted")]
    propose_days: Annotated[int, _days("propose_days", "Days without use after which its return is proposed")]


class NewIdleLimits(BaseModel):
    """The limits of an idle policy, or none, which gives the profile's own back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"limits": {"note_days": 14, "contact_days": 30, "propose_days": 60}, "reason": "prov"}]
        },
    )

    limits: IdleLimits | None = None
    reason: Reason
    begins: Begins = None


class ClassItem(Answer):
    """One number that may be set for the class."""

    kind: Literal["rule", "idle"]
    name: Annotated[str, Field(description="Of the rule, or of the idle policy")]
    title: BilingualText
    setting: str
    default: Annotated[float, Field(description="The profile's own")]
    low: float
    high: float
    holds: Annotated[float, Field(description="What holds now")]
    is_set: Annotated[bool, Field(description="Whether it was set here; else it is the profile's")]
    planned: Annotated[float | None, Field(description="What will hold; null with a planned_from: the profile's own")]
    planned_from: Moment | None


class ClassLine(Answer):
    """One thing that was set: what, from when, why and by whom."""

    kind: Literal["rule", "idle"]
    name: str
    setting: str
    value: Annotated[float | None, Field(description="Null: the profile's own again")]
    valid_from: Moment
    reason: str
    set_by: str
    set_at: Moment


class ClassSettings(Answer):
    """Everything that may be set for a class, and everything that was, the newest first."""

    model_config = shown({"device_class": "wheelchair", "items": [_ITEM], "lines": [_LINE]})

    device_class: str
    items: list[ClassItem]
    lines: list[ClassLine]


class IdleEstimate(Answer):
    """What other limits would make of the verdicts of the latest run: devices proven unused, by the step suggested.

    At most so many: where a person's own rhythm stays below today's limit, only the next run knows it.
    """

    model_config = shown(
        {
            "device_class": "wheelchair", "policy": "indoor", "judged_at": "2026-11-28T04:00:00Z", "proven_unused": 812,
            "note_now": 400, "contact_now": 300, "propose_now": 112, "note_then": 300, "contact_then": 300,
            "propose_then": 212,
        }
    )  # fmt: skip

    device_class: str
    policy: str
    judged_at: Annotated[Moment | None, Field(description="When the latest run was; null: there has been none")]
    proven_unused: int
    note_now: int
    contact_now: int
    propose_now: int
    note_then: int
    contact_then: int
    propose_then: int
