"""What is asked and answered about alarms."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.alarms import examples
from diagnostics.paging import PageQuery
from diagnostics.schemas import Answer, AskedMoment, BilingualText, DeviceId, Held, Moment, Word, shown
from fleet.faults import Severity

# Lines may be broken; other control characters cannot be stored or shown.
_PRINTABLE: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Note = Annotated[
    str,
    Field(max_length=1000, pattern=_PRINTABLE, description="For the journal; never who the user is"),
]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Given(BaseModel):
    """A body that may name nothing it does not know."""

    model_config = ConfigDict(extra="forbid")


class AlarmQuery(PageQuery):
    """Filters of the alarm list; all given ones must hold."""

    state: Annotated[Literal["open", "all"], Field(description="`all` has those that ended, too")] = "open"
    taken: Annotated[bool | None, Field(description="Whether somebody has taken it")] = None
    severity: Annotated[Severity | None, Field(description="Exactly this severity")] = None
    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    payer: Annotated[Word | None, Field(description="Code of the payer")] = None
    device_id: Annotated[DeviceId | None, Field(description="One device")] = None


class Plan(Given):
    """What the taker will do."""

    plan: Annotated[Note, Field(description="What you will do, for whoever asks next")] = ""


class HandOver(Given):
    """To whom an alarm is offered."""

    to: Annotated[
        Name | None,
        Field(description="Name of who is to take it; you keep it until they do. Nobody: it rings again"),
    ] = None
    note: Note = ""


class Closing(Given):
    """How an alarm was ended."""

    verdict: Annotated[
        Literal["true", "expected"], Field(description="It was right; or right but expected, such as a test")
    ] = "true"
    note: Note = ""


class FalseAlarm(Given):
    """Why an alarm was false."""

    note: Note = ""


class Comment(Given):
    """A remark."""

    note: Annotated[str, Field(min_length=1, max_length=1000, pattern=_PRINTABLE)]


class VerdictGiven(Given):
    """What an alarm that is over was."""

    verdict: Literal["true", "false", "expected"]
    note: Note = ""


class JournalItem(Answer):
    """One line of an alarm's journal, which is only ever added to."""

    at: Moment
    kind: str
    actor: Annotated[str, Field(description="Who; `engine` is the platform itself")]
    care_unit: str
    note: str
    late: bool


class ChildItem(Answer):
    """An alarm that is told through an area alarm."""

    alarm_id: int
    device_id: str
    held: Held


class PrecisionItem(Answer):
    """What was raised of one rule in a period, and what people said of it."""

    device_class: str
    rule: str
    raised: int
    taken: int
    late: int
    judged_true: int
    judged_false: int
    judged_expected: int
    precision: Annotated[
        float | None, Field(description="Share of those judged that were true; null where none has been judged")
    ]


class PrecisionQuery(BaseModel):
    """The period asked about."""

    model_config = ConfigDict(extra="forbid")

    start: Annotated[AskedMoment, Field(alias="from", description="First moment, with time zone")]
    end: Annotated[AskedMoment, Field(alias="to", description="Moment after the last, with time zone")]


class Precision(Answer):
    """Precision per class and rule."""

    model_config = shown(examples.PRECISION)

    items: list[PrecisionItem]


class AlarmItem(Answer):
    """One alarm. It is open until its condition ends or a person ends it, whoever has taken it."""

    model_config = shown(examples.ALARM)

    alarm_id: int
    device_id: str
    individual_number: str
    device_class: str
    held: Held
    rule: str
    severity: Severity
    safety: Annotated[bool, Field(description="A person may be hurt")]
    title: BilingualText
    reason: BilingualText
    happened_at: Annotated[Moment, Field(description="By the device's clock")]
    raised_at: Annotated[Moment, Field(description="When the platform raised it")]
    state: Literal["open", "taken", "resolved", "false"]
    late: Annotated[bool, Field(description="It became known long after it happened")]
    times: Annotated[int, Field(description="How often its condition began while it was open")]
    taken_at: Moment | None
    taken_by: str | None
    plan: Annotated[str, Field(description="What the taker said they would do")]
    handed_to: Annotated[str | None, Field(description="Offered to; the taker keeps it until they take it")]
    cleared_at: Moment | None
    cleared_why: BilingualText | None
    closed_by: Annotated[str | None, Field(description="The person who ended it; null: its condition ended")]
    verdict: Annotated[Literal["true", "false", "expected"] | None, Field(description="What a person said it was")]
    told_through: Annotated[
        str | None, Field(description="Open but told through another: a rule of the device, or `area`")
    ]
    parent_id: Annotated[int | None, Field(description="The area alarm it is told through")]
    area: Annotated[str | None, Field(description="For an area alarm: payer, legal frame and area")]


class AtRiskItem(Answer):
    """A device of an area that is out; the first in the list is at risk first."""

    device_id: str
    held: Held
    device_class: str
    hours: Annotated[float | None, Field(description="Until its user is at risk; null: not known, which is not safe")]
    hours_left: Annotated[float | None, Field(description="Of its battery")]
    next_dose_at: Moment | None


class AlarmDetail(AlarmItem):
    """One alarm with everything that was done about it."""

    model_config = shown(examples.ALARM_DETAIL)

    corrected_at: Annotated[Moment | None, Field(description="Late data moved when it happened")]
    journal: list[JournalItem]
    at_risk: Annotated[list[AtRiskItem], Field(description="For an area alarm: who is at risk first")]
    children: Annotated[list[ChildItem], Field(description="For an area alarm: what is told through it")]


class BacktestQuery(PrecisionQuery):
    """Which rule, over which past of which devices."""

    rule: Annotated[Word, Field(description="Name of the rule in its class")]
    device_class: Annotated[Word, Field(alias="class", description="Device class")]
    device_id: Annotated[DeviceId | None, Field(description="One device; up to 200 of the class without it")] = None
    most: Annotated[int, Field(ge=1, le=200, description="At most so many devices, spread over the class")] = 200
    setting: Annotated[
        str | None, Field(pattern=r"^[a-z_]+=-?[0-9]+([.][0-9]+)?$", description="Try a setting, such as below=25")
    ] = None


class BacktestExample(Answer):
    """One alarm that the rule would have raised."""

    device_id: str
    happened_at: Moment
    raised_at: Annotated[Moment, Field(description="When it would have become known")]
    ended_at: Annotated[Moment | None, Field(description="Null: it would still be open")]
    late: bool
    reason: BilingualText


class Backtest(Answer):
    """What a rule would have done over a period."""

    model_config = shown(examples.BACKTEST)

    rule: str
    device_class: str
    devices: Annotated[int, Field(description="Devices looked at")]
    silent_devices: Annotated[int, Field(description="Of them those without any data in the period: nothing is known")]
    alarms: int
    still_open: int
    noted_late: Annotated[int, Field(description="Known too late to ring")]
    alarming_devices: int
    examples: list[BacktestExample]
