"""How a device answers a command: refuse what is old, repeated, unknown or unsafe right now; otherwise do it once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from fleet.clock import to_milliseconds
from fleet.commands import Command
from fleet.errors import shown
from fleet.faults import NativeCode
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the device knows of itself when a command comes.

    Attributes:
        now: by the device's own clock.
        last_counter: highest command counter ever seen, kept over restarts.
        live: what it would report now, in its model's own names and units.
    """

    now: datetime
    operating_state: str
    last_counter: int
    faults: tuple[FaultReport, ...]
    firmware: str
    live: Mapping[str, float | bool | None]


def answer(profile: DeviceProfile, command: CommandMessage, situation: Situation) -> Answer | None:
    """The answer, or None for a counter that was seen before: its answer is in the outbox, or a later one overtook it.

    The interlock is evaluated here, on the device, at the moment of execution; what the server believed does not count.
    """
    if command.counter <= situation.last_counter:
        return None
    if _expired(command, situation.now):
        return Answer("expired", "the command arrived after its time")
    known = profile.commands_by_name.get(command.name)
    if known is None:
        return Answer("refused", f"this device knows no command {shown(command.name)}")
    if situation.operating_state in known.refused_while:
        return Answer("refused", f"not while {situation.operating_state}")
    if wrong := _wrong_parameter(known, command.parameters):
        return Answer("refused", wrong)
    return Answer("succeeded", result=_result(profile, known, command, situation))


def clearable(profile: DeviceProfile, faults: tuple[FaultReport, ...]) -> list[NativeCode]:
    """The native codes among `faults` that the platform may clear; a code no profile knows is not one of them."""
    natives = [NativeCode(report.system, report.code) for report in faults]
    known = profile.faults_by_native
    return [native for native in natives if native in known and known[native].clearable]


def _expired(command: CommandMessage, now: datetime) -> bool:
    """Past `not_after`. A clock a day or more from the sender's proves nothing; then only the broker's expiry holds."""
    milliseconds = to_milliseconds(now)
    if abs(milliseconds - command.issued_at) >= _IMPLAUSIBLE // timedelta(milliseconds=1):
        return False
    return milliseconds > command.not_after


def _wrong_parameter(known: Command, given: Mapping[str, float]) -> str:
    declared = {parameter.name for parameter in known.parameters}
    for name in given:
        if name not in declared:
            return f"{known.name} takes no parameter {shown(name)}"
    for parameter in known.parameters:
        value = given.get(parameter.name, parameter.default)
        if value is None or not parameter.low <= value <= parameter.high:
            return f"{parameter.name} must lie in {parameter.low:g}..{parameter.high:g} {parameter.unit}"
    return ""


def _result(profile: DeviceProfile, known: Command, command: CommandMessage, situation: Situation) -> dict[str, Any]:
    match known.name:
        case "read_faults":
            return {"faults": [msgspec.to_builtins(fault) for fault in situation.faults]}
        case "read_versions":
            return {"firmware": situation.firmware, "simulator": "fjarrkoll"}
        case "read_live":
            return {"values": dict(situation.live)}
        case "self_test":
            return {"grade": "fail" if situation.faults else "pass"}
        case "clear_fault":
            return {"cleared": len(clearable(profile, situation.faults)), "active": len(situation.faults)}
        case _:
            applied = {p.name: command.parameters.get(p.name, p.default) for p in known.parameters}
            return {"done": known.name, **applied}
