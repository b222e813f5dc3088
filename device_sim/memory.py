"""What a simulated device remembers for a technician: faults with freeze-frames, a log, settings, versions."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import msgspec

from device_sim.answers import clearable
from device_sim.emission import Stored
from fleet.faults import NativeCode, Severity
from fleet.messages import FaultLogEntry, FaultReport, FreezeFrame
from fleet.models import DeviceModel
from fleet.profile import DeviceProfile
from fleet.self_test import Grade, Graded, Subsystem, result

Given = Mapping[str, float]
"""A command's numbers."""

_MOST_FAULTS: Final = 50
_MOST_LINES: Final = 200


@dataclass(slots=True)
class ServiceMemory:
    """Kept over restarts, as a device's flash memory is.

    Attributes:
        settings: setting key to what was set; what is missing is as the maker delivered it.
        staged: a software version that lies ready beside the running one.
    """

    faults: deque[FaultLogEntry] = field(default_factory=lambda: deque(maxlen=_MOST_FAULTS))
    lines: deque[tuple[int, str, str]] = field(default_factory=lambda: deque(maxlen=_MOST_LINES))
    settings: dict[str, float] = field(default_factory=dict)
    staged: str = ""

    def write(self, milliseconds: int, level: str, text: str) -> None:
        """A line in the device's own log."""
        self.lines.append((milliseconds, level, text))

    def fault_appeared(self, report: FaultReport, frame: FreezeFrame) -> None:
        """Freezes what was measured when a fault appeared; the same again only counts up."""
        for place, entry in enumerate(self.faults):
            if (entry.system, entry.code) == (report.system, report.code) and entry.cleared_at is None:
                changed = {"count": report.count, "last_seen": report.last_seen}
                self.faults[place] = msgspec.structs.replace(entry, **changed)
                return
        appeared = FaultLogEntry(
            system=report.system,
            code=report.code,
            subcode=report.subcode,
            module=report.module,
            count=report.count,
            first_seen=report.first_seen,
            last_seen=report.last_seen,
            freeze_frame=frame,
        )
        self.faults.append(appeared)

    def fault_ended(self, native: NativeCode, milliseconds: int) -> None:
        """The fault is over; the log keeps it with its freeze-frame."""
        for place, entry in enumerate(self.faults):
            if (entry.system, entry.code) == (native.system, native.code) and entry.cleared_at is None:
                self.faults[place] = msgspec.structs.replace(entry, cleared_at=milliseconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a device knows of itself when it executes a command.

    Attributes:
        samples: the burst it measured, each with its time in milliseconds, in its model's own names and units.
    """

    profile: DeviceProfile
    model: DeviceModel
    firmware: str
    faults: tuple[FaultReport, ...]
    memory: ServiceMemory
    samples: tuple[tuple[int, Mapping[str, Stored]], ...]


def _faults(situation: Situation, _: Given) -> dict[str, Any]:
    """All that are active."""
    return {"faults": [msgspec.to_builtins(fault) for fault in situation.faults]}


def _clearing(situation: Situation, _: Given) -> dict[str, Any]:
    """How many faults will be cleared, and of how many."""
    return {"cleared": len(clearable(situation.profile, situation.faults)), "active": len(situation.faults)}


def _fault_log(situation: Situation, given: Given) -> dict[str, Any]:
    """The newest entries of the fault log, newest first."""
    newest = list(situation.memory.faults)[::-1][: int(given["entries"])]
    return {"log": [msgspec.to_builtins(entry) for entry in newest]}


def _live(situation: Situation, _: Given) -> dict[str, Any]:
    """The burst, and its last sample by itself."""
    samples = [{"ts": at, "values": dict(values)} for at, values in situation.samples]
    return {"values": samples[-1]["values"], "samples": samples}


def _versions(situation: Situation, _: Given) -> dict[str, Any]:
    """The running software, each module's, and what waits; a simulated module's version follows from the device's."""
    modules = {
        subsystem.name: f"{situation.firmware}-{subsystem.name[:3]}" for subsystem in situation.profile.subsystems
    }
    waiting = {"staged": situation.memory.staged} if situation.memory.staged else {}
    return {"firmware": situation.firmware, "modules": modules, "simulator": "fjarrkoll", **waiting}


def _parameters(situation: Situation, _: Given) -> dict[str, Any]:
    """What every setting is now."""
    set_here = situation.memory.settings
    declared = situation.profile.settings
    return {"parameters": {key: set_here.get(key, parameter.default) for key, (_, parameter) in declared.items()}}


def _log_lines(situation: Situation, given: Given) -> dict[str, Any]:
    """The newest lines of the log, oldest first."""
    newest = list(situation.memory.lines)[-int(given["lines"]) :]
    return {"lines": [{"ts": at, "level": level, "text": text} for at, level, text in newest]}


def _self_test(situation: Situation, _: Given) -> dict[str, Any]:
    """Every subsystem graded: by the faults that are active, and not at all where the model cannot measure."""
    return result({part.name: _grade(situation, part) for part in situation.profile.subsystems})


def _grade(situation: Situation, part: Subsystem) -> Graded:
    if part.metrics and set(part.metrics) <= situation.model.missing:
        return Graded(Grade.NOT_TESTED, "this model has no sensor for it")
    active = [report for report in situation.faults if _belongs(situation.profile, report, part)]
    if not active:
        return Graded(Grade.PASS)
    spelled = ", ".join(f"{report.system} {report.code}" for report in active)
    severe = any(_severity(situation.profile, report).rank >= Severity.HIGH.rank for report in active)
    return Graded(Grade.FAIL if severe else Grade.WARN, f"active: {spelled}"[:200])


def _belongs(profile: DeviceProfile, report: FaultReport, part: Subsystem) -> bool:
    """Whether a fault is the subsystem's; one that no profile knows counts against the first, so that it shows."""
    known = profile.faults_by_native.get(NativeCode(report.system, report.code))
    return (profile.subsystem_of(known.code) if known else profile.subsystems[0]) == part


def _severity(profile: DeviceProfile, report: FaultReport) -> Severity:
    known = profile.faults_by_native.get(NativeCode(report.system, report.code))
    return known.severity if known else Severity.WARNING


RESULTS: Final[Mapping[str, Callable[[Situation, Given], dict[str, Any]]]] = MappingProxyType(
    {
        "read_faults": _faults,
        "read_fault_log": _fault_log,
        "read_live": _live,
        "read_versions": _versions,
        "read_parameters": _parameters,
        "fetch_log": _log_lines,
        "self_test": _self_test,
        "clear_fault": _clearing,
    }
)
"""What a command answers that tells of the device; `fleet/commands.py` says in which form."""
