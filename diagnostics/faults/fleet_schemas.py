"""What is asked and answered about the fleet's faults, and about the dictionary."""

from enum import IntEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.faults.schemas import FaultMeaning
from diagnostics.schemas import Answer, BilingualText, Moment, Word, shown

_RATE: Final[dict[str, Any]] = {"per_1000_device_days": 1.2, "low": 0.9, "high": 1.6}
_GROUP: Final[dict[str, Any]] = {
    "device_class": "wheelchair",
    "model": "pg-vr2",
    "system": None,
    "code": None,
    "module": "",
    "meaning": None,
    "devices": 41,
    "times": 63,
    "active": 12,
    "first_raised_at": "2026-09-02T07:41:03Z",
    "last_raised_at": "2026-11-20T16:02:10Z",
    "trend": "rising",
    "rate": _RATE,
    "device_days": 52_300.5,
    "devices_observed": 610,
    "firmwares": [
        {
            "firmware": "2.1",
            "times": 60,
            "devices": 38,
            "device_days": 20_000.0,
            "rate": _RATE,
            "new_since_firmware": True,
        }
    ],
}
_UNKNOWN: Final[dict[str, Any]] = {
    "device_class": "wheelchair",
    "system": "vr2",
    "code": "11",
    "text": "",
    "devices": 3,
    "times": 9,
    "active": 1,
    "first_raised_at": "2026-10-02T07:41:03Z",
    "last_seen_at": "2026-11-20T16:02:10Z",
    "models": ["pg-vr2"],
    "line_to_add": 'native("vr2 11")',
}
_ENTRY: Final[dict[str, Any]] = {
    "device_class": "wheelchair",
    "native": ["vr2/2"],
    "meaning": {
        "code": "WC-MOT-01",
        "severity": "high",
        "remedy": "workshop",
        "clearable": False,
        "title": {"sv": "Vänster motor: avbrott", "en": "Left motor: open circuit"},
        "cause": {"sv": "Motorkontakten är lös eller kolen är slitna.", "en": "The plug is loose or brushes are worn."},
        "action": {"sv": "Sätt om kontakten.", "en": "Reseat the plug."},
    },
    "priority": "acute",
    "causes": [
        {
            "cause": "motor_brushes",
            "title": {"sv": "Motorns kol är slitna", "en": "The motor's brushes are worn"},
            "share": 0.53,
            "advice": "visit",
            "script": None,
            "check": {"sv": "Mät motorn", "en": "Measure the motor"},
            "parts": [{"sv": "Kolsats", "en": "Set of brushes"}],
        }
    ],
}


class Period(IntEnum):
    """How many days back the worker counts the fleet's faults."""

    WEEK = 7
    MONTH = 30
    QUARTER = 90
    YEAR = 365


class GroupQuery(BaseModel):
    """Which groups."""

    model_config = ConfigDict(extra="forbid")

    class_: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    model: Annotated[Word | None, Field(description="Model key")] = None
    days: Annotated[Period, Field(description="How far back from when faults were last counted")] = Period.QUARTER
    new_only: Annotated[bool, Field(description="Only those that came with a firmware")] = False
    limit: Annotated[int, Field(ge=1, le=500, description="At most so many")] = 50


class UnknownQuery(BaseModel):
    """Which unknown codes."""

    model_config = ConfigDict(extra="forbid")

    class_: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    limit: Annotated[int, Field(ge=1, le=500, description="At most so many")] = 50


class RateItem(Answer):
    """Occurrences per 1,000 device-days with their exact 95 % Poisson interval; null where no device-days are known."""

    per_1000_device_days: float | None
    low: float | None
    high: float | None


class FirmwareItem(Answer):
    """A group's part on one firmware; an empty firmware is one that was not known."""

    firmware: str
    times: int
    devices: int
    device_days: float
    rate: RateItem
    new_since_firmware: Annotated[bool, Field(description="Came with this firmware")]


class GroupItem(Answer):
    """The same fault on all devices of a model and module; a code that no profile knows is shown raw."""

    device_class: str
    model: str
    system: Annotated[str | None, Field(description="Native system of a code no profile knows")]
    code: Annotated[str | None, Field(description="Native code no profile knows")]
    module: str
    meaning: FaultMeaning | None
    devices: int
    times: Annotated[int, Field(description="Times it came, each stay counted once")]
    active: int
    first_raised_at: Annotated[Moment, Field(description="Within the period asked for")]
    last_raised_at: Moment
    trend: Annotated[str, Field(description="rising, falling, steady or unknown: second half against first")]
    rate: RateItem
    device_days: float
    devices_observed: Annotated[int, Field(description="Devices of the model that were heard in the period")]
    firmwares: list[FirmwareItem]


class Groups(Answer):
    """The fleet's faults of a period, the most devices first."""

    model_config = shown(
        {
            "start": "2026-08-23T08:00:00Z",
            "end": "2026-11-21T08:00:00Z",
            "counted_at": "2026-11-21T07:50:00Z",
            "total": 1,
            "items": [_GROUP],
        }
    )

    start: Moment
    end: Moment
    counted_at: Annotated[
        Moment | None,
        Field(description="When faults and device-days were last counted; null: not yet, and no group is known"),
    ]
    total: Annotated[int, Field(description="Groups in all; `items` has the first of them")]
    items: list[GroupItem]


class UnknownItem(Answer):
    """A native code that no profile knew; device-supplied texts are data, never markup."""

    device_class: str
    system: str
    code: str
    text: str
    devices: int
    times: int
    active: int
    first_raised_at: Moment
    last_seen_at: Moment
    models: list[str]
    line_to_add: Annotated[str, Field(description="The spelling to add to a fault of the catalogue")]


class UnknownCodes(Answer):
    """Codes that no profile knows, the most devices first."""

    model_config = shown({"items": [_UNKNOWN]})

    items: list[UnknownItem]


class EntryQuery(BaseModel):
    """Which entries of the dictionary."""

    model_config = ConfigDict(extra="forbid")

    class_: Annotated[Word, Field(alias="class", description="Device class")]
    system: Annotated[str | None, Field(max_length=60, description="Native system, such as vr2")] = None
    code: Annotated[str | None, Field(max_length=60, description="Native code, or our code such as WC-MOT-01")] = None


class EntryCause(Answer):
    """One cause of a fault."""

    cause: str
    title: BilingualText
    share: Annotated[float, Field(description="Its share of the fault's occurrences")]
    advice: str
    script: Annotated[BilingualText | None, Field(description="To be read to the user")]
    check: BilingualText
    parts: list[BilingualText]


class Entry(Answer):
    """What the dictionary says of one fault, whatever the maker calls it."""

    device_class: str
    native: Annotated[list[str], Field(description="Every system/code that means it")]
    meaning: FaultMeaning
    priority: str
    causes: list[EntryCause]


class Dictionary(Answer):
    """Entries of the fault dictionary."""

    model_config = shown({"items": [_ENTRY]})

    items: list[Entry]
