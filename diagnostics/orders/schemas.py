"""What is asked and answered about work orders."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.devices.schemas import PayerItem
from diagnostics.orders import examples
from diagnostics.paging import PageQuery
from diagnostics.schemas import Answer, AskedMoment, BilingualText, DeviceId, Moment, SearchText, Word, shown
from fleet.orders import Action, FindingKind, OrderState, Solved
from fleet.priority import PriorityClass

OrderFilter = Literal["open", "closed", "all", "draft", "placed", "started", "done", "cancelled"]
LongText = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
PartName = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Number = Annotated[int, Field(ge=1, le=2**62)]


class OrderRequest(BaseModel):
    """What a new order is about: at least one fault, alarm, cause or remark. The same matter joins its open order."""

    model_config = ConfigDict(**shown(examples.REQUEST), extra="forbid")

    faults: Annotated[list[Number], Field(max_length=20, description="`fault_id` of each")] = []
    alarms: Annotated[list[Number], Field(max_length=20, description="`alarm_id` of each")] = []
    causes: Annotated[list[Word], Field(max_length=5, description="Diagnosed causes")] = []
    remark: Annotated[SearchText | None, Field(description="What a person tells, without any name")] = None
    priority: Annotated[PriorityClass | None, Field(description="Instead of what the findings say")] = None
    description: LongText = ""
    parts: Annotated[list[PartName], Field(max_length=20, description="To bring")] = []


class MoveRequest(BaseModel):
    """Why, and who sees to it."""

    model_config = ConfigDict(**shown(examples.MOVE), extra="forbid")

    reason: Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    technician: Annotated[SearchText | None, Field(description="Unit or login, never a user's name")] = None


class OutcomeRequest(BaseModel):
    """What came of it; a contradiction is refused."""

    model_config = ConfigDict(**shown(examples.OUTCOME), extra="forbid")

    solved: Solved
    cause: Annotated[str, Field(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$", description="Cause found, if any")] = ""
    parts_used: Annotated[list[PartName], Field(max_length=20)] = []
    visits: Annotated[int, Field(ge=0, le=50)] = 0
    first_visit_fixed: Annotated[bool | None, Field(description="null where not known")] = None
    minutes_spent: Annotated[int | None, Field(ge=0, le=100_000, description="Journey included")] = None
    reason: Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    technician: SearchText | None = None


class OrderFilters(BaseModel):
    """Filters of lists and exports of work orders; all given ones must hold."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[OrderFilter, Field(description="`open` is draft, placed and started")] = "open"
    priority: Annotated[PriorityClass | None, Field(description="Exactly this priority class")] = None
    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    payer: Annotated[Word | None, Field(description="Code of the payer")] = None
    depot: Annotated[Word | None, Field(description="Code of the depot")] = None
    device: Annotated[DeviceId | None, Field(description="Opaque id of a device")] = None
    technician: Annotated[SearchText | None, Field(description="Exactly this technician")] = None
    overdue: Annotated[bool, Field(description="Only what is or was done too late")] = False


class OrderQuery(PageQuery, OrderFilters):
    """Which orders, and which page of them."""


class ExportQuery(OrderFilters):
    """Which orders, and in which shape."""

    shape: Annotated[Literal["csv", "xlsx", "json"], Field(alias="format", description="csv, xlsx or json")] = "csv"


class MeasureQuery(BaseModel):
    """Of which period; of orders closed in it."""

    model_config = ConfigDict(extra="forbid")

    start: Annotated[AskedMoment | None, Field(alias="from", description="Inclusive; 120 days ago if absent")] = None
    end: Annotated[AskedMoment | None, Field(alias="to", description="Exclusive; now if absent")] = None
    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None


class CauseQuery(BaseModel):
    """Of which class and fault."""

    model_config = ConfigDict(extra="forbid")

    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    fault_code: Annotated[SearchText | None, Field(description="Normalised fault code")] = None


class FindingItem(Answer):
    """One reason for an order, with both its clocks."""

    kind: FindingKind
    reference: str
    title: BilingualText
    fault_code: str | None
    happened_at: Moment
    known_at: Moment
    noted_by: str


class TransitionItem(Answer):
    """One step of an order."""

    at: Moment
    state: OrderState
    reason: str
    by: str


class OutcomeItem(Answer):
    """What came of an order."""

    solved: Solved
    cause: str
    parts_used: list[str]
    visits: int
    first_visit_fixed: bool | None
    minutes_spent: int | None


class OrderItem(Answer):
    """One work order in a list."""

    model_config = shown(examples.ITEM)

    order_id: int
    device_id: str
    individual_number: str
    device_class: str
    maker: str
    model: str
    serial_number: str
    firmware: str
    payer: PayerItem | None
    legal_frame: str | None
    depot: str | None
    state: OrderState
    priority: PriorityClass
    title: BilingualText
    on_hold: Annotated[bool, Field(description="Incident hold: must be left untouched; work on it cannot be started")]
    description: str
    parts: list[str]
    reported_at: Annotated[Moment, Field(description="The clocks run from here")]
    start_by: Moment
    done_by: Moment
    overdue: Annotated[bool, Field(description="It is, or was, done too late")]
    technician: str
    created_by: str
    started_at: Moment | None
    closed_at: Moment | None
    findings: list[FindingItem]
    outcome: OutcomeItem | None


class Order(OrderItem):
    """One work order with its course."""

    model_config = shown(examples.ORDER)

    transitions: list[TransitionItem]
    may: Annotated[list[Action], Field(description="What can be done with it now")]


class Drafted(Answer):
    """The order that the findings went into."""

    model_config = shown(examples.DRAFTED)

    new: Annotated[bool, Field(description="false: an open order about the same matter took them in")]
    added: Annotated[int, Field(description="Findings that were not there yet")]
    order: Order


class MeasuresItem(Answer):
    """What remote diagnosis has brought, of orders closed in a period, each figure with its denominator."""

    model_config = shown(examples.MEASURES)

    start: Annotated[Moment, Field(serialization_alias="from")]
    end: Annotated[Moment, Field(serialization_alias="to")]
    open_now: int
    overdue_now: int
    done: Annotated[int, Field(description="Denominator of `visits_avoided`")]
    cancelled: int
    visits_avoided: int
    timed: Annotated[int, Field(description="Denominator of `hours_saved`: solved remotely, with known time")]
    hours_saved: float | None
    visited: int
    first_known: Annotated[int, Field(description="Denominator of `first_visit_rate`")]
    first_visit_rate: float | None
    came_back: Annotated[int, Field(description="Said to be solved, but the same matter came back")]
    visit_minutes: Annotated[int, Field(description="Assumed time of a visit")]
    visit_minutes_basis: str
    recurs_days: Annotated[int, Field(description="Within so many days the same matter counts as not solved")]
    meaning: BilingualText


class CauseItem(Answer):
    """How often a fault turned out to be a cause, over the whole fleet."""

    device_class: str
    model_key: str
    fault_code: str
    cause: Annotated[str, Field(description="Empty where none was found")]
    orders: int
    solved_remotely: int
    visited: int
    first_visit_known: int
    first_visit_fixed: int
    minutes_known: int
    minutes_spent: int


class Causes(Answer):
    """What orders have taught; counts only, over every payer."""

    model_config = shown(examples.CAUSES)

    items: list[CauseItem]


class SettingItem(Answer):
    """One number the workshop reckons with."""

    name: str
    value: int
    basis: Annotated[str, Field(description="Where it comes from; an assumption says so")]
    set_by: Annotated[str, Field(description="Empty: as delivered")]
    set_at: datetime


class SettingsAnswer(Answer):
    """The workshop's numbers."""

    model_config = shown(examples.SETTINGS)

    items: list[SettingItem]


class SettingRequest(BaseModel):
    """A new value, and where it comes from."""

    model_config = ConfigDict(**shown(examples.SETTING), extra="forbid")

    value: Annotated[int, Field(ge=0, le=1_000_000)]
    basis: Annotated[str, Field(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
