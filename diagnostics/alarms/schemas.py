"""What is asked and answered about alarms."""

from typing import Annotated, Literal

from pydantic import Field

from diagnostics.alarms import examples
from diagnostics.paging import PageQuery
from diagnostics.schemas import Answer, BilingualText, DeviceId, Moment, Word, shown
from fleet.faults import Severity


class AlarmQuery(PageQuery):
    """Filters of the alarm list; all given ones must hold."""

    state: Annotated[Literal["open", "all"], Field(description="`all` has those that ended, too")] = "open"
    taken: Annotated[bool | None, Field(description="Whether somebody has taken it")] = None
    severity: Annotated[Severity | None, Field(description="Exactly this severity")] = None
    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    payer: Annotated[Word | None, Field(description="Code of the payer")] = None
    device_id: Annotated[DeviceId | None, Field(description="One device")] = None


class AlarmItem(Answer):
    """One alarm. It is open until its condition ends, whoever has taken it."""

    model_config = shown(examples.ALARM)

    alarm_id: int
    device_id: str
    individual_number: str
    device_class: str
    rule: str
    severity: Severity
    safety: Annotated[bool, Field(description="A person may be hurt")]
    title: BilingualText
    reason: BilingualText
    happened_at: Annotated[Moment, Field(description="By the device's clock")]
    raised_at: Annotated[Moment, Field(description="When the platform raised it")]
    taken_at: Moment | None
    taken_by: str | None
    cleared_at: Moment | None
    cleared_why: BilingualText | None
