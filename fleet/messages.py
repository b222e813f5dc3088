"""The messages of the wire contract as typed values; their JSON Schemas are generated from here.

Every message a device must not lose (telemetry, event, reply) carries `boot` and `seq`: `boot` counts the device's
starts, `seq` counts its messages from 1 within a boot, over all three verbs together. (device, boot, seq) is the
identity of a message for ever. `birth` and `state` are retained descriptions of the present and carry only `boot`.
"""

from typing import Annotated, Any, Final, Literal

import msgspec

Milliseconds = Annotated[
    int, msgspec.Meta(ge=0, le=2**53, description="Milliseconds since 1970-01-01 UTC by the sender's clock")
]
Boot = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1, description="How many times the device has started")]
Sequence = Annotated[int, msgspec.Meta(ge=1, le=2**53, description="Number of the message within its boot, from 1")]
Value = float | bool | None
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Label = Annotated[str, msgspec.Meta(max_length=200)]
Detail = str | float | bool | None

JSON_CONTENT: Final = "application/json"
SENML_CONTENT: Final = "application/senml+json"
MAXIMUM_PAYLOAD: Final = 64 * 1024
"""Bytes of the largest payload that is read; a device with more to tell sends several messages."""


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Telemetry: values of some metrics at one moment. A null means "not measured" and is not stored.

    `outbox_from` asks for a receipt: it is the lowest `seq` of this boot that the device still keeps, so everything
    below is known to be stored.
    """

    ts: Milliseconds
    boot: Boot
    seq: Sequence
    values: Annotated[dict[Name, Value], msgspec.Meta(min_length=1, max_length=200)]
    outbox_from: Sequence | None = None


class Occurrence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Event: something happened.

    `fault_raised` and `fault_cleared` carry data.system and data.code, and may carry subcode, module, text, count.
    """

    ts: Milliseconds
    boot: Boot
    seq: Sequence
    event: Name
    data: Annotated[dict[Name, Detail], msgspec.Meta(max_length=50)] = {}
    outbox_from: Sequence | None = None


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device's answer to a command; repeated from the outbox until `stored`.

    `unknown` is said by a device that restarted in the middle of a command and cannot tell whether it was done.
    """

    ts: Milliseconds
    boot: Boot
    seq: Sequence
    command_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    status: Literal["delivered", "running", "succeeded", "refused", "failed", "expired", "cancelled", "unknown"]
    reason: Label = ""
    result: dict[str, Any] = {}
    outbox_from: Sequence | None = None


class FaultReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fault in the result of `read_faults`: `result = {"faults": [FaultReport, ...]}` names all that are active."""

    system: Name
    code: Name
    subcode: Label = ""
    module: Label = ""
    text: Label = ""
    count: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 1
    first_seen: Milliseconds | None = None
    last_seen: Milliseconds | None = None


class FreezeFrame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the device measured and did at the moment a fault appeared; values in the model's own names and units."""

    ts: Milliseconds
    operating_state: Label = ""
    values: Annotated[dict[Name, Value], msgspec.Meta(max_length=200)] = {}


class FaultLogEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fault in the result of `read_fault_log`: `result = {"log": [FaultLogEntry, ...]}`, newest first.

    `cleared_at` is absent while the fault is active.
    """

    system: Name
    code: Name
    subcode: Label = ""
    module: Label = ""
    count: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 1
    first_seen: Milliseconds | None = None
    last_seen: Milliseconds | None = None
    cleared_at: Milliseconds | None = None
    freeze_frame: FreezeFrame | None = None


class Birth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who the device is, retained: class, model, firmware and the metrics it will send."""

    ts: Milliseconds
    boot: Boot
    device_class: Name
    model: Name
    firmware: Label
    metrics: Annotated[list[Name], msgspec.Meta(max_length=200)]
    attributes: Annotated[dict[Name, Label], msgspec.Meta(max_length=50)] = {}


class Presence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether the device is connected, retained; the broker sends `online: false` as the device's last will."""

    ts: Milliseconds
    boot: Boot
    online: bool


class CommandMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command to a device. The device refuses it after `not_after`, and any `counter` it has seen before."""

    command_id: str
    name: Name
    counter: Sequence
    issued_at: Milliseconds
    not_after: Milliseconds
    parameters: dict[Name, float | Label] = {}


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything of `boot` up to and including `seq` is committed in the database; the device may forget it."""

    boot: Boot
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class SenmlRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record of RFC 8428 SenML in JSON; the base record carries our boot and seq as `bn`-free extension fields.

    SenML has no place for (boot, seq), so the first record of a pack must carry `fk_boot` and `fk_seq`; RFC 8428
    section 4.4 lets receivers ignore labels they do not know, so a pack stays valid SenML.
    """

    bver: int = 10
    bn: str | None = None
    bt: float | None = None
    bu: str | None = None
    bv: float | None = None
    n: str = ""
    u: str = ""
    v: float | None = None
    vb: bool | None = None
    vs: str | None = None
    t: float = 0.0
    fk_boot: Boot | None = None
    fk_seq: Sequence | None = None
    fk_outbox_from: Sequence | None = None
