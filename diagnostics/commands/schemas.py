"""What is asked and answered about commands."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from diagnostics.commands import examples
from diagnostics.commands.states import State
from diagnostics.schemas import Answer, BilingualText, Moment, Word, shown

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


class CommandRequest(BaseModel):
    """What the device is to do; `GET /classes/{name}` lists the names and bounds."""

    model_config = ConfigDict(**shown(examples.REQUEST), extra="forbid")

    name: Word
    parameters: Annotated[dict[Word, FiniteFloat | ShortText], Field(max_length=20)] = {}


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
