"""What is asked and answered about doses: numbers and times, nothing that could name a medicine."""

from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from diagnostics.doses import examples
from diagnostics.schemas import Answer, AskedMoment, DeviceId, Held, Moment, shown
from fleet.doses import MOST_DOSES

WallClock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Swedish wall clock, HH:MM")]


class NewSchedule(BaseModel):
    """A schedule as care enters it; it holds from when it is valid until the next one is."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1, le=1_000_000, description="Running number; the machine tells the same")]
    times: Annotated[list[WallClock], Field(min_length=1, max_length=MOST_DOSES, description="Earliest first")]
    weekdays: Annotated[
        list[Annotated[int, Field(ge=0, le=6)]], Field(min_length=1, max_length=7, description="0 Monday to 6 Sunday")
    ] = [0, 1, 2, 3, 4, 5, 6]
    late_minutes: Annotated[int, Field(ge=5, le=300, description="How long a dose waits before it is missed")] = 60
    unknown_minutes: Annotated[
        int, Field(ge=0, le=240, description="How much longer a machine out of reach is waited for")
    ] = 15
    valid_from: Annotated[AskedMoment | None, Field(description="Now, where not given; never in the past")] = None


class NewAbsence(BaseModel):
    """The user is away; dose alarms rest until the absence has ended and the roll is verified."""

    model_config = ConfigDict(extra="forbid")

    reason: Literal["hospital", "travel", "other"]


class ScheduleItem(Answer):
    """One schedule."""

    model_config = shown(examples.SCHEDULE)

    version: int
    times: list[Annotated[time, PlainSerializer(lambda wall: wall.strftime("%H:%M"), return_type=str)]]
    weekdays: list[int]
    late_minutes: int
    unknown_minutes: int
    valid_from: Moment
    entered_by: str
    entered_at: Moment


class DoseItem(Answer):
    """One dose: its place in the schedule is its only name."""

    sequence: Annotated[int, Field(description="Local date and place of the day: 2026-11-28, second dose: 2026112802")]
    due_at: Moment
    outcome: Annotated[
        Literal["taken", "missed", "unknown", "paused"], Field(description="Unknown: out of reach across its time")
    ]
    since: Moment
    told: Annotated[bool, Field(description="The machine said so; false: its silence did")]
    late: Annotated[bool, Field(description="It became known long after it happened")]
    known_at: Moment
    first_outcome: Annotated[str, Field(description="What was concluded first; differs where late data corrected it")]


class AbsenceItem(Answer):
    """One absence that care entered."""

    reason: str
    started_at: Moment
    started_by: str
    ended_at: Moment | None
    ended_by: str | None


class DeviceDoses(Answer):
    """The doses of one machine and what is expected of it."""

    model_config = shown(examples.DOSES)

    device_id: str
    held: Held
    supervised: Annotated[bool, Field(description="False: no schedule is known, so nothing can be expected")]
    standing: Literal["present", "away", "unverified"]
    standing_since: Moment | None
    schedules: list[ScheduleItem]
    absences: list[AbsenceItem]
    roll_verified_at: Moment | None
    doses: list[DoseItem]


class UnsupervisedItem(Answer):
    """A machine on loan without a schedule."""

    device_id: DeviceId
    individual_number: str
    held: Held
    payer: str


class Unsupervised(Answer):
    """Machines nothing can be expected of."""

    model_config = shown(examples.UNSUPERVISED)

    items: list[UnsupervisedItem]
