"""What is asked and answered about sources of data."""

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.recall.schemas import Why
from diagnostics.schemas import Answer, BilingualText, Moment, shown
from fleet.source_health import Health

_SOURCE: Final[dict[str, Any]] = {
    "code": "permobil-connect",
    "title": "Permobil Connect",
    "kind": "maker_feed",
    "devices": 812,
    "can_report": 790,
    "heard_last_day": 604,
    "last_heard": "2026-11-28T09:58:00Z",
    "health": "works",
    "health_words": {"sv": "data kommer", "en": "data comes"},
    "reason": {"sv": "604 av 790 hördes det senaste dygnet.", "en": "604 of 790 were heard in the last day."},
    "outages": [
        {
            "from_day": "2026-10-02",
            "until_day": "2026-10-04",
            "reason": "tillverkarens driftstörning",
            "noted_by": "tekniker-1",
        }
    ],
}


class NewSource(BaseModel):
    """A source as it is to be called."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "Permobil Connect", "kind": "maker_feed"}]}
    )

    title: Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
    kind: Literal["maker_feed", "gateway"]


class OutageAsked(BaseModel):
    """A source that stands still, as somebody knows."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"from_day": "2026-11-27", "reason": "tillverkarens driftstörning"}]},
    )

    from_day: Annotated[date, Field(description="First Swedish day without its data")]
    reason: Why


class OutageOver(BaseModel):
    """It works again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"until_day": "2026-11-28"}]})

    until_day: Annotated[date | None, Field(description="Last day of it; today where not given")] = None


class Outage(Answer):
    """A time in which a source stood still."""

    from_day: date
    until_day: Annotated[date | None, Field(description="Null: not over")]
    reason: str
    noted_by: str


class Source(Answer):
    """A feed or gateway with its health, of how many devices in the caller's sight."""

    model_config = shown(_SOURCE)

    code: str
    title: str
    kind: str
    devices: Annotated[int, Field(description="On loan, and their data comes by it")]
    can_report: Annotated[int, Field(description="Of those")]
    heard_last_day: Annotated[int, Field(description="Of those that can report")]
    last_heard: Moment | None
    health: Health
    health_words: BilingualText
    reason: BilingualText
    outages: Annotated[list[Outage], Field(description="Newest first; empty in lists")]


class Sources(Answer):
    """Every source."""

    model_config = shown({"items": [_SOURCE]})

    items: list[Source]
