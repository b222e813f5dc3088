"""What is asked and answered about the quarantine."""

from typing import Annotated, Any, Final

from pydantic import Field

from diagnostics.paging import PageQuery
from diagnostics.schemas import Answer, DeviceId, Moment, shown
from fleet.errors import RejectionReason

_EXAMPLE: Final[dict[str, Any]] = {
    "quarantine_id": 7,
    "topic": "fk/v1/d-k7x2m4qpza/telemetry",
    "device_id": "d-k7x2m4qpza",
    "reason": "out_of_range",
    "advice": "battery.soc = 450 % is outside 0..100: check unit and sensor",
    "boot": 3,
    "seq": 815,
    "payload_bytes": 73,
    "content_type": "application/json",
    "received_at": "2026-11-21T12:00:00Z",
    "last_at": "2026-11-21T12:00:09Z",
    "times": 2,
}


class QuarantineQuery(PageQuery):
    """Filters of the quarantine."""

    reason: Annotated[RejectionReason | None, Field(description="Exactly this reason")] = None
    device_id: Annotated[DeviceId | None, Field(description="One device")] = None


class QuarantineItem(Answer):
    """One refused message; the same bytes again raise `times`. The bytes themselves are not given out here."""

    model_config = shown(_EXAMPLE)

    quarantine_id: int
    topic: Annotated[str, Field(description="As it came; data, never markup")]
    device_id: Annotated[str | None, Field(description="null: the device is not in the register")]
    reason: str
    advice: str
    boot: int | None
    seq: int | None
    payload_bytes: int
    content_type: str | None
    received_at: Moment
    last_at: Moment
    times: int
