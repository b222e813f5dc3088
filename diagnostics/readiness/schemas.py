"""What is asked and answered about readiness."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.paging import PageQuery
from diagnostics.readiness import examples
from diagnostics.schemas import Answer, BilingualText, Held, Moment, SearchText, Word, shown
from fleet.readiness import Answer as CheckAnswer
from fleet.readiness import CheckName, Verdict

Version = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
Note = Annotated[str, Field(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
ServiceKind = Literal["inspection", "calibration", "maintenance"]
MOST_LISTED = 200


class ListRequest(BaseModel):
    """A list of devices, as from a file: individual numbers, or device ids."""

    model_config = ConfigDict(**shown(examples.LIST), extra="forbid")

    devices: Annotated[list[SearchText], Field(min_length=1, max_length=MOST_LISTED)]


class ReadinessQuery(PageQuery):
    """Which devices: exactly one of depot, model and unit."""

    depot: Annotated[Word | None, Field(description="Code of the depot")] = None
    model: Annotated[Word | None, Field(description="Key of the model")] = None
    unit: Annotated[Word | None, Field(description="Code of the prescribing unit")] = None


class CheckItem(Answer):
    """One check; `unknown` is not ready, and `find_out` says how to get to know."""

    name: CheckName
    answer: CheckAnswer
    reason: BilingualText
    find_out: BilingualText | None
    commands: Annotated[list[str], Field(description="What can be staged from afar, as far as the class has it")]


class ReadinessItem(Answer):
    """Whether a device can be handed out. Only `ready` is ready."""

    model_config = shown(examples.ITEM)

    device_id: str
    individual_number: str
    held: Held
    device_class: str
    maker: str
    model: str
    firmware: str
    verdict: Verdict
    reason: BilingualText
    checked_at: Moment
    checks: list[CheckItem]


class ReadinessCounts(Answer):
    """How many of a list are what; `not_found` are among neither."""

    ready: int
    not_ready: int
    unknown: int
    not_found: int


class ReadinessList(Answer):
    """A list's verdicts, with its denominators."""

    model_config = shown(examples.ANSWER)

    items: list[ReadinessItem]
    next_cursor: str | None
    counts: Annotated[ReadinessCounts, Field(description="Of this page")]
    not_found: Annotated[list[str], Field(description="Asked for, but not there or not for the caller's eyes")]


class StagedItem(Answer):
    """One command that was asked for, or why it was not."""

    command: str
    command_id: str | None
    refused: BilingualText | None


class Staged(Answer):
    """What was asked of the device; look at each command, then check again."""

    model_config = shown(examples.STAGED)

    device_id: str
    held: Held
    staged: list[StagedItem]


class ApprovalRequest(BaseModel):
    """Why a version is approved or withdrawn."""

    model_config = ConfigDict(**shown(examples.APPROVAL), extra="forbid")

    note: Note = ""


class Approval(Answer):
    """An approved version of a model."""

    version: str
    wanted: Annotated[bool, Field(description="The newest approval that is not withdrawn")]
    approved_at: Moment
    approved_by: str
    withdrawn_at: Moment | None
    withdrawn_by: str | None
    note: str


class ScheduleRequest(BaseModel):
    """How often the maker asks for a service; null: never."""

    model_config = ConfigDict(**shown(examples.SCHEDULE), extra="forbid")

    every_days: Annotated[int | None, Field(ge=1, le=7300)]
    source: Note = ""


class Schedule(Answer):
    """The maker's schedule for one kind of service."""

    kind: ServiceKind
    every_days: int | None
    source: str
    set_by: str
    set_at: Moment


class ModelAnswer(Answer):
    """What a device of a model must be before it is handed out."""

    model_config = shown(examples.MODEL)

    model_key: str
    device_class: str
    maker: str
    name: str
    software: list[Approval]
    schedule: list[Schedule]


class ServiceRequest(BaseModel):
    """A service that was done on a device."""

    model_config = ConfigDict(**shown(examples.SERVICE), extra="forbid")

    kind: ServiceKind
    done_on: Annotated[date, Field(ge=date(1990, 1, 1), le=date(2199, 12, 31), description="Swedish day")]
    passed: bool = True
    note: Note = ""
