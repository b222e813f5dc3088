"""How a device answers a command: refuse what is old, repeated, unknown or unsafe right now; otherwise do it once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from fleet.clock import to_milliseconds
from fleet.commands import CANCEL, SELF_TEST, Command
from fleet.errors import shown
from fleet.faults import NativeCode
from fleet.messages import CommandMessage, FaultReport
from fleet.profile import DeviceProfile

Status = Literal["running", "succeeded", "refused", "failed", "expired", "cancelled", "unknown"]
_IMPLAUSIBLE: Final = timedelta(days=1)
SELF_TEST_SECONDS: Final = 3.0
"""How long a simulated self-test takes; a made-up figure."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the platform."""

    status: Status
    reason: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


def refusal(profile: DeviceProfile, command: CommandMessage, now: datetime, operating_state: str) -> Answer | None:
    """Why a command is not executed, or None where it may be.

    The interlock is evaluated here, on the device, at the moment of execution; what the server believed does not count.

    Args:
        profile: what the device's class may be asked.
        command: what came.
        now: by the device's own clock.
        operating_state: what the device is doing.
    """
    if _expired(command, now):
        return Answer("expired", "the command arrived after its time")
    known = known_command(profile, command.name)
    if known is None:
        return Answer("refused", f"this device knows no command {shown(command.name)}")
    if operating_state in known.refused_while:
        return Answer("refused", f"not while {operating_state}")
    if wrong := _wrong_parameter(known, command.parameters):
        return Answer("refused", wrong)
    return None


def known_command(profile: DeviceProfile, name: str) -> Command | None:
    """The command of that name, if the class has it; to take one back is known to every device."""
    return CANCEL if name == CANCEL.name else profile.commands_by_name.get(name)


def numbers(known: Command, given: Mapping[str, float | str]) -> dict[str, float]:
    """The command's numbers, from what was given and the defaults; checked before by `refusal`."""
    return {p.name: float(given.get(p.name, p.default or 0.0)) for p in known.parameters}


def takes_seconds(known: Command, given: Mapping[str, float | str]) -> float:
    """How long a device is busy with a command: a burst of live values and a self-test take their time."""
    if known.name == SELF_TEST:
        return SELF_TEST_SECONDS
    return numbers(known, given)["seconds"] if known.name == "read_live" else 0.0


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


def _wrong_parameter(known: Command, given: Mapping[str, float | str]) -> str:
    for name in given:
        if name not in known.parameter_names:
            return f"{known.name} takes no parameter {shown(name)}"
    for parameter in known.parameters:
        value = given.get(parameter.name, parameter.default)
        if not isinstance(value, int | float) or not parameter.low <= value <= parameter.high:
            return f"{parameter.name} must lie in {parameter.low:g}..{parameter.high:g} {parameter.unit}"
    for text in known.texts:
        if not text.allows(given.get(text.name)):
            return f"{text.name} must be of the form {text.example}"
    return ""
