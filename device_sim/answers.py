"""How a device answers a command: refuse what is old, repeated, unknown or unsafe right now; otherwise do it once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from fleet.clock import to_milliseconds
from fleet.commands import Level
from fleet.messages import CommandMessage, FaultReport
from fleet.profile import DeviceProfile

Status = Literal["succeeded", "refused", "failed", "expired"]
_IMPLAUSIBLE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the platform."""

    status: Status
    reason: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the device knows of itself when a command comes.

    Attributes:
        now: by the device's own clock.
        last_counter: highest command counter ever executed, kept over restarts.
    """

    now: datetime
    operating_state: str
    last_counter: int
    faults: tuple[FaultReport, ...]
    firmware: str
    live: Mapping[str, float | bool | None]


def answer(profile: DeviceProfile, command: CommandMessage, situation: Situation) -> Answer | None:
    """The answer, or None for a counter that was executed before (its answer is in the outbox already).

    The interlock is evaluated here, on the device, at the moment of execution; what the server believed does not count.
    """
    if command.counter <= situation.last_counter:
        return None
    if _expired(command, situation.now):
        return Answer("expired", "the command arrived after its time")
    known = profile.commands_by_name.get(command.name)
    if known is None:
        return Answer("refused", f"this device knows no command {command.name[:40]!r}")
    if situation.operating_state in known.refused_while:
        return Answer("refused", f"not while {situation.operating_state}")
    for parameter in known.parameters:
        given = command.parameters.get(parameter.name, parameter.default)
        if given is None or not parameter.low <= given <= parameter.high:
            return Answer("refused", f"{parameter.name} must lie in {parameter.low:g}..{parameter.high:g} {parameter.unit}")
    return Answer("succeeded", result=_result(command.name, known.level, situation))


def _expired(command: CommandMessage, now: datetime) -> bool:
    """Past `not_after`; where the device's clock is a day or more from the sender's it proves nothing, and the broker's expiry holds."""
    milliseconds = to_milliseconds(now)
    if abs(milliseconds - command.issued_at) > _IMPLAUSIBLE // timedelta(milliseconds=1):
        return False
    return milliseconds > command.not_after


def _result(name: str, level: Level, situation: Situation) -> dict[str, Any]:
    match name:
        case "read_faults":
            return {"faults": [msgspec.to_builtins(fault) for fault in situation.faults]}
        case "read_versions":
            return {"firmware": situation.firmware, "simulator": "fjarrkoll"}
        case "read_live":
            return {"values": dict(situation.live)}
        case "self_test":
            return {"grade": "fail" if situation.faults else "pass"}
        case _:
            return {"done": name, "level": str(level)}
