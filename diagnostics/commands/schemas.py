"""What is asked and answered about commands."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from diagnostics.commands import examples
from diagnostics.commands.states import Approval, State
from diagnostics.paging import PageQuery
from diagnostics.schemas import Answer, BilingualText, DeviceId, Moment, Word, shown

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=100,
        pattern=r"^[\x21-\x7e]+$",
        description="Chosen by the caller, new for every wish; sent again with the same key, nothing happens twice",
    ),
]
WaitSeconds = Annotated[
    int, Query(alias="wait", ge=0, le=60, description="How long to wait for the device's answer before 202")
]


ShortText = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z._+-]+$")]


StreamSeconds = Annotated[int, Query(ge=1, le=300, description="How long to follow at most")]


class CommandRequest(BaseModel):
    """What the device is to do; `GET /classes/{name}` lists the names and bounds."""

    model_config = ConfigDict(**shown(examples.REQUEST), extra="forbid")

    name: Word
    parameters: Annotated[dict[Word, FiniteFloat | ShortText], Field(max_length=20)] = {}


class CommandQuery(PageQuery):
    """Which commands; all given filters must hold."""

    device_id: Annotated[DeviceId | None, Field(description="Of this device")] = None
    state: Annotated[State | None, Field(description="In this state")] = None
    awaiting_approval: Annotated[bool, Field(description="Settings that wait for a second person")] = False


class StepItem(Answer):
    """One step of a command's way."""

    at: Annotated[Moment, Field(description="By the server's clock")]
    state: State
    reason: str


class CommandItem(Answer):
    """One command and where it is."""

    model_config = shown(examples.COMMAND)

    command_id: UUID
    device_id: str
    name: str
    title: BilingualText
    level: str
    parameters: dict[str, float | str]
    state: State
    reason: Annotated[str, Field(description="Of a refusal or failure, as the device says it; or why it expired")]
    result: Annotated[dict[str, Any] | None, Field(description="What the caller's audiences may see of it")]
    requested_by: str
    created_at: Moment
    expires_at: Annotated[Moment, Field(description="After this neither broker nor device lets it through")]
    sent_at: Moment | None
    answered_at: Moment | None
    late: Annotated[bool, Field(description="An answer came after the expiry; it changed nothing")]
    late_status: Annotated[str | None, Field(description="What that answer said")]
    late_at: Moment | None
    online: Annotated[bool, Field(description="The device's own answer to this was received within the last minute")]
    held: Annotated[bool, Field(description="An incident hold lies on the device: only reading is allowed")]
    advice: Annotated[
        BilingualText | None,
        Field(description="By its latest event it probably refuses now; advice only, for the device alone decides"),
    ] = None
    approval: Annotated[Approval, Field(description="Whether a second person with another role has said yes")]
    approved_by: Annotated[str | None, Field(description="Who approved or denied")]
    approved_at: Moment | None


class Command(CommandItem):
    """One command with its whole way."""

    model_config = shown({**examples.COMMAND, "steps": examples.STEPS})

    steps: list[StepItem]
