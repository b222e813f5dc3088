"""What is asked and answered about how alarms reach people."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.reach import examples
from diagnostics.schemas import Answer, AskedMoment, Moment, shown


class PeriodQuery(BaseModel):
    """A period; thirty days up to now where nothing is said."""

    model_config = ConfigDict(extra="forbid")

    start: Annotated[AskedMoment | None, Field(description="From this moment on")] = None
    end: Annotated[AskedMoment | None, Field(description="Up to this moment")] = None


class Percentiles(Answer):
    """Seconds from the device's event; null where nothing got so far."""

    p50: float | None
    p95: float | None
    p99: float | None


class ReachRow(Answer):
    """One group of alarms. Every count stands beside what it is a share of."""

    payer: Annotated[str | None, Field(description="Code of the payer; null for all, or for a device in store")]
    area: Annotated[str | None, Field(description="Area of the loan, empty where it has none; null for all")]
    rule: Annotated[str | None, Field(description="Alarm rule; null for all")]
    alarms: Annotated[int, Field(description="Raised in the period and told by themselves")]
    late: Annotated[int, Field(description="Known late; counted, not timed")]
    sent: int
    with_receipt: Annotated[int, Field(description="Of those sent, through a channel that gives receipts")]
    delivered: Annotated[int, Field(description="Of those with receipts")]
    taken: int
    judged_true: int
    judged_false: int
    judged_expected: int
    precision: Annotated[float | None, Field(description="True of true and false; null where none was judged")]
    to_sent: Percentiles
    to_delivered: Percentiles
    to_taken: Percentiles


class StepShare(Answer):
    """How many alarms were taken after the call of one step."""

    step: Annotated[int, Field(description="From 0; the last resort is the one after the others")]
    taken: int
    of: Annotated[int, Field(description="All that were taken in the period after a call")]


class ReachFigures(Answer):
    """The figures of a period."""

    model_config = shown(examples.FIGURES)

    start: Moment
    end: Moment
    overall: ReachRow
    rows: Annotated[list[ReachRow], Field(description="Per payer, area and rule, the most alarms first")]
    steps: list[StepShare]


class CallItem(Answer):
    """One step carried out."""

    call_no: int
    step: int
    called_at: Moment
    recipients: Annotated[list[str], Field(description="Codes of duties; addresses are told to nobody")]
    reason: Annotated[str, Field(description="step, last_resort or nobody_reachable")]


class CallList(Answer):
    """Who was called about an alarm."""

    model_config = shown(examples.CALLS)

    alarm_id: int
    calls: list[CallItem]
