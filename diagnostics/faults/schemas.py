"""What is asked and answered about faults."""

from typing import Annotated, Literal

from pydantic import Field

from diagnostics.faults import examples
from diagnostics.paging import PageQuery
from diagnostics.schemas import Answer, BilingualText, Moment, shown


class FaultQuery(PageQuery):
    """Filter of a device's faults."""

    state: Annotated[Literal["active", "all"], Field(description="`all` has those that ended, too")] = "active"


class FaultMeaning(Answer):
    """What the class's catalogue says about a fault."""

    code: Annotated[str, Field(description="Our normalised code")]
    severity: str
    remedy: Annotated[str, Field(description="Who can end it")]
    clearable: Annotated[bool, Field(description="Whether it may be cleared remotely")]
    title: BilingualText
    cause: BilingualText
    action: BilingualText


class FaultItem(Answer):
    """One fault of a device; a native code that no profile knows is shown raw."""

    model_config = shown(examples.FAULT)

    fault_id: int
    system: Annotated[str, Field(description="The device's own fault system")]
    code: Annotated[str, Field(description="Its native code, as the device spells it")]
    subcode: str
    module: str
    text: Annotated[str, Field(description="What the device says itself; data, never markup")]
    times: int
    raised_at: Annotated[Moment, Field(description="By the device's clock")]
    last_reported_at: Moment
    known_at: Annotated[Moment, Field(description="When the platform got to know it")]
    cleared_at: Moment | None
    cleared_by: str | None
    source: str
    known_code: bool
    meaning: FaultMeaning | None
