"""What is asked and answered about devices."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.alarms.schemas import AlarmItem
from diagnostics.devices import examples
from diagnostics.faults.schemas import FaultItem
from diagnostics.paging import PageQuery
from diagnostics.schemas import Answer, AskedMoment, BilingualText, Held, Moment, SearchText, Word, shown
from fleet.idle import Opinion, Step, Verdict

StateWord = Literal[
    "used",
    "unused",
    "never_started",
    "replaced",
    "too_early",
    "absent",
    "silent",
    "source_lost",
    "never_connected",
    "cannot_report",
    "in_stock",
    "alarm",
]


class DeviceQuery(PageQuery):
    """Filters of the device list; all given ones must hold."""

    individual_number: Annotated[SearchText | None, Field(description="Exactly this number, as painted on it")] = None
    device_class: Annotated[Word | None, Field(alias="class", description="Device class, such as `wheelchair`")] = None
    payer: Annotated[Word | None, Field(description="Code of the payer")] = None
    state: Annotated[StateWord | None, Field(description="An idle verdict, or `alarm` for an open alarm")] = None
    text: Annotated[
        SearchText | None,
        Field(description="Part of number, id or serial number, or of maker, model or unit; digits may begin a number"),
    ] = None


class ReadingQuery(BaseModel):
    """Which readings: one metric in a period."""

    model_config = ConfigDict(extra="forbid")

    metric: Annotated[Word, Field(description="Key of a metric of the class, such as `battery.soc`")]
    start: Annotated[AskedMoment | None, Field(alias="from", description="Inclusive; a day before `to` if absent")] = (
        None
    )
    end: Annotated[AskedMoment | None, Field(alias="to", description="Exclusive; now if absent")] = None
    points: Annotated[int, Field(ge=1, le=5000, description="Beyond so many, readings are drawn together")] = 500


class EventQuery(PageQuery):
    """Which events: a period, and perhaps one kind."""

    event: Annotated[Word | None, Field(description="Name of an event of the class")] = None
    start: Annotated[AskedMoment | None, Field(alias="from", description="Inclusive; a day before `to` if absent")] = (
        None
    )
    end: Annotated[AskedMoment | None, Field(alias="to", description="Exclusive; now if absent")] = None


class PayerItem(Answer):
    """Who pays for the loan."""

    code: str
    name: str


class Use(Answer):
    """What the data says about use; `verdict` never says unused where nothing is known."""

    verdict: Verdict
    step: Annotated[Step, Field(description="What the class's idle policy suggests to a person")]
    since: Annotated[date | None, Field(description="Swedish day from which the verdict holds")]
    days: Annotated[int | None, Field(description="Days of proven non-use, else days since `since`")]
    reason: BilingualText
    would_change: BilingualText
    in_use: Annotated[float | None, Field(description="Second opinion: P(still in use); null: nothing to say")] = None
    in_use_low: float | None = None
    in_use_high: Annotated[float | None, Field(description="The 90 % interval; null from 99.5 % on")] = None
    opinion: Annotated[Opinion, Field(description="Whether the second opinion goes with the rule")] = Opinion.NONE
    judged_at: Annotated[Moment | None, Field(description="When the verdict last changed; null: not yet")] = None


class DeviceItem(Answer):
    """One device in a list. `last_seen` and `last_used` are two things."""

    model_config = shown(examples.DEVICE_ITEM)

    device_id: str
    individual_number: str
    device_class: str
    maker: str
    model: str
    payer: PayerItem | None
    legal_frame: str | None
    stock_state: str
    can_report: Annotated[bool, Field(description="It has credentials and a profile")]
    online: Annotated[
        bool | None,
        Field(description="true: it answered, received within the last minute; false: it has left; null: unknown"),
    ]
    first_seen: Annotated[Moment | None, Field(description="First message ever; null: never heard")]
    last_seen: Annotated[Moment | None, Field(description="Latest message; null: never heard")]
    last_used: Annotated[date | None, Field(description="Latest used Swedish day in this loan; null: none known")]
    use: Use
    open_alarms: int
    held: Annotated[
        bool, Field(description="An incident hold lies on it: it must not be changed or sent back into use")
    ]


class MetricState(Answer):
    """The newest known value of one metric, or that none is known."""

    metric: str
    title: BilingualText
    unit: Annotated[str, Field(description="UCUM")]
    known: Annotated[bool, Field(description="false: nothing is known, which is not the same as zero or well")]
    value: float | bool | None
    happened_at: Annotated[Moment | None, Field(description="By the device's clock")]
    known_at: Annotated[Moment | None, Field(description="By the server's clock; null: not kept for this value")]
    age_seconds: Annotated[int | None, Field(description="From happened_at until now")]
    why_unknown: Annotated[BilingualText | None, Field(description="Where `known` is false")] = None


class EventState(Answer):
    """When an event of a kind last happened."""

    event: str
    title: BilingualText
    happened_at: Moment


class LoanItem(Answer):
    """The open loan."""

    payer: PayerItem
    legal_frame: str
    started_at: Moment
    prescriber_unit: str | None


class Device(DeviceItem):
    """One device with its present; what the caller's audiences may not see is not there."""

    model_config = shown(examples.DEVICE)

    serial_number: str
    firmware: str
    model_key: str
    idle_policy: str
    basic_equipment: bool
    depot: str | None
    enrolled_at: Moment | None
    loan: LoanItem | None
    state: list[MetricState]
    latest_events: list[EventState]
    active_faults: list[FaultItem]
    alarms: list[AlarmItem]


class ReadingPoint(Answer):
    """One reading."""

    at: Annotated[Moment, Field(description="When it happened")]
    known_at: Annotated[Moment, Field(description="When the platform got it")]
    value: float | bool


class Bucket(Answer):
    """Readings of one stretch of time drawn together; a stretch without readings is left out."""

    at: Annotated[Moment, Field(description="Beginning of the stretch")]
    minimum: float
    average: float
    maximum: float
    readings: int


class Readings(Answer):
    """Readings of one metric, whole or drawn together."""

    model_config = ConfigDict(**shown(examples.READINGS), populate_by_name=True)

    device_id: str
    held: Held
    metric: str
    unit: str
    start: Annotated[Moment, Field(alias="from")]
    end: Annotated[Moment, Field(alias="to")]
    downsampled: Annotated[bool, Field(description="true: see `buckets`; false: see `points`, every reading is there")]
    bucket_seconds: int | None
    hourly_until: Annotated[
        Moment | None, Field(description="Up to then drawn from hourly values; null: from readings only")
    ] = None
    counted_at: Annotated[
        Moment | None, Field(description="Up to when what had come in is in those hourly values; null: there are none")
    ] = None
    points: list[ReadingPoint]
    buckets: list[Bucket]


class EventItem(Answer):
    """One event."""

    model_config = shown(examples.EVENT)

    at: Moment
    known_at: Moment
    event: str
    title: Annotated[BilingualText | None, Field(description="null: no profile knows it")]
    audience: str
    data: dict[str, Any]
    clock_corrected: Annotated[bool, Field(description="true: the device's clock was wrong, the server's is shown")]
