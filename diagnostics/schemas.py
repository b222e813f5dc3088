"""Types that several rooms' answers and questions share: moments in UTC, texts in two languages, safe search words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from fleet.text import Text
from fleet.topics import DEVICE_ID_PATTERN


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _in_range(moment: datetime) -> datetime:
    if not 1970 <= moment.year <= 2199:
        msg = "a year from 1970 to 2199"
        raise ValueError(msg)
    return moment.astimezone(UTC)


Moment = Annotated[
    datetime,
    AfterValidator(_utc),
    PlainSerializer(lambda moment: moment.isoformat().replace("+00:00", "Z"), return_type=str, when_used="json"),
]
"""An instant in an answer: RFC 3339 in UTC, ending in Z."""

AskedMoment = Annotated[AwareDatetime, AfterValidator(_in_range)]
"""An instant in a question; with a time zone, and in a year that means something."""

# No control characters: NUL cannot be stored, and nothing one searches for contains the others.
SearchText = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Word = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_.-]+$")]
Held = Annotated[bool, Field(description="An incident hold lies on the device: leave it untouched")]
"""The mark that every answer about a device has (tests/integration/store/test_hold_marks.py)."""
DeviceId = Annotated[str, Field(pattern=rf"^{DEVICE_ID_PATTERN.pattern}$", description="Opaque id of a device")]


class Answer(BaseModel):
    """Root of every answer."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def shown(example: Mapping[str, Any]) -> ConfigDict:
    """The configuration of a schema with an example, which the documentation shows and a test checks."""
    return ConfigDict(json_schema_extra={"examples": [dict(example)]})


class BilingualText(Answer):
    """The same sentence in Swedish and English."""

    sv: str
    en: str

    @classmethod
    def of(cls, text: Text) -> "BilingualText":
        """From the domain's text."""
        return cls(sv=text.sv, en=text.en)
