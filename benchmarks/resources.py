"""What processes cost, read from /proc: CPU seconds, memory, and how busy the machine was with others."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Times(NamedTuple):
    """Of one process, in seconds of CPU, user and system together (proc(5), /proc/pid/stat, fields 4 and 14-17).

    Attributes:
        own: of all its threads.
        reaped: of children that have ended and been waited for.
    """

    parent: int
    own: float
    reaped: float


def parse_times(stat: str) -> Times:
    """The times in the text of /proc/pid/stat. Pure."""
    # The program's name may hold blanks and brackets: the fields begin after the last one.
    fields = stat.rpartition(")")[2].split()
    user, system, reaped_user, reaped_system = (int(ticks) / _TICKS for ticks in fields[11:15])
    return Times(int(fields[1]), user + system, reaped_user + reaped_system)


def parse_busy(stat: str) -> float:
    """Seconds that all cores together were busy since the machine started, by the text of /proc/stat. Pure.

    Time that the host took from this machine counts as busy.
    """
    ticks = [int(field) for field in stat.splitlines()[0].split()[1:]]
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen = ticks[:8]
    return (user + nice + system + interrupts + soft_interrupts + stolen) / _TICKS


def parse_peak_mebibytes(status: str, name: str = "VmHWM") -> float:
    """The largest resident size so far, in the text of /proc/pid/status; with `VmRSS` the present one. Pure."""
    line = next(line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def cpu_seconds(pid: int) -> float:
    """CPU seconds of one process and all its threads."""
    return _times(pid).own


def family_cpu_seconds(pid: int, without: Collection[int] = ()) -> float:
    """CPU seconds of a server and its children, those that have ended included, but for the children `without`."""
    head = _times(pid)
    children = [times for child, times in _all_times() if times.parent == pid and child not in without]
    return head.own + head.reaped + sum(times.own for times in children)


def busy_seconds() -> float:
    """CPU seconds of everything on this machine since it started."""
    return parse_busy((_PROC / "stat").read_text(encoding="ascii"))


def peak_mebibytes(pid: int) -> float:
    """The most memory a process has held."""
    return parse_peak_mebibytes((_PROC / str(pid) / "status").read_text(encoding="utf-8"))


def resident_mebibytes(pid: int) -> float:
    """The memory a process holds now."""
    return parse_peak_mebibytes((_PROC / str(pid) / "status").read_text(encoding="utf-8"), "VmRSS")


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose time is read.

    Attributes:
        single: name to process id, threads included.
        families: name to process id of a server whose children count too.
        observers: children of those that are ours and no part of what is measured.
    """

    single: Mapping[str, int]
    families: Mapping[str, int]
    observers: Collection[int] = ()

    def snapshot(self) -> dict[str, float]:
        """Seconds by name, and "machine" for everything."""
        return {
            **{name: cpu_seconds(pid) for name, pid in self.single.items()},
            **{name: family_cpu_seconds(pid, self.observers) for name, pid in self.families.items()},
            "machine": busy_seconds(),
        }


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Seconds between two snapshots. Pure."""
    return {name: after[name] - seconds for name, seconds in before.items()}


def _times(pid: int) -> Times:
    return parse_times((_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace"))


def _all_times() -> list[tuple[int, Times]]:
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            try:
                found.append((int(entry.name), _times(int(entry.name))))
            except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
                continue
    return found
