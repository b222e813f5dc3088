"""What is asked and answered about a device's timeline."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from diagnostics.paging import PageQuery
from diagnostics.schemas import Answer, AskedMoment, BilingualText, Moment, shown
from diagnostics.timeline import examples


class EntryKind(StrEnum):
    """What sort of thing an entry tells of."""

    READINGS = "readings"
    EVENT = "event"
    FAULT = "fault"
    COMMAND = "command"
    ALARM = "alarm"
    SOFTWARE = "software"
    LOAN = "loan"
    ORDER = "order"
    SERVICE = "service"
    HOLD = "hold"


class TimelineQuery(PageQuery):
    """Which entries; every kind where none is named."""

    kind: Annotated[
        list[EntryKind], Field(default_factory=list, description="Only these kinds; may be given several times")
    ]
    before: Annotated[AskedMoment | None, Field(description="Begin here and go back; now if absent")] = None


class Entry(Answer):
    """One thing that happened. Where the two clocks differ, both are worth reading."""

    model_config = shown(examples.ENTRY)

    at: Annotated[Moment, Field(description="Where it stands: when it happened, or was known where that is all")]
    happened_at: Annotated[Moment | None, Field(description="By the device's clock; null where nobody said")]
    known_at: Annotated[Moment | None, Field(description="By the server's clock; null where it is not kept")]
    clocks_differ: Annotated[bool, Field(description="Known more than a minute after it happened, or a wrong clock")]
    kind: EntryKind
    entry_id: Annotated[str, Field(description="Unique within its kind and device")]
    title: BilingualText
    detail: BilingualText | None
    data: Annotated[dict[str, Any], Field(description="What is kept of it; texts of the device are data")]
