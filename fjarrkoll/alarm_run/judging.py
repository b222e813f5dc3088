"""What a run of alarms has shown, pure: nothing never sent, repeats no more than kills, times in percentiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fjarrkoll.alarm_run.faults import Fault
from fjarrkoll.alarm_run.sink import Arrival

P99_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 5.0
FAULTY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run.

    Attributes:
        jams: devices that jammed, and whose broker acknowledged it.
        never_sent: of these, how many nobody was told of.
        repeats: messages that came more than once, all with the same key.
        out_of_order: devices of which the end was told before the beginning.
        p50, p95, p99, longest: seconds from the broker's acknowledgement to the first arrival at the sink.
        background: messages a second that went through the same chain meanwhile.
        background_devices: how many devices sent them.
        fault: the single fault in the middle of the run.
    """

    jams: int
    never_sent: int
    repeats: int
    out_of_order: int
    kills: int
    background: float
    p50: float | None
    p95: float | None
    p99: float | None
    longest: float | None
    background_devices: int = 0
    fault: Fault = Fault.NONE

    @property
    def in_time(self) -> bool:
        """Whether the issue's limits were kept: p99 of 1 s and 5 s at most; 10 s at most where something failed."""
        if self.longest is None or self.p99 is None:
            return False
        if self.kills or self.fault is not Fault.NONE:
            return self.longest <= FAULTY_SECONDS
        return self.p99 <= P99_SECONDS and self.longest <= LONGEST_SECONDS

    @property
    def deaths(self) -> int:
        """How often a worker was killed, or stopped until another had its work."""
        return self.kills + (self.fault in {Fault.WORKER_KILLED, Fault.WORKER_STOPPED})

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, and nothing repeated without a death of the worker to explain it."""
        return self.jams > 0 and self.never_sent == 0 and self.out_of_order == 0 and self.repeats <= self.deaths


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under what the jams went through, as in `Result`."""

    kills: int = 0
    fault: Fault = Fault.NONE
    background: float = 0.0
    background_devices: int = 0


def judge(jammed: Mapping[str, float], arrivals: Sequence[Arrival], conditions: Conditions) -> Result:
    """The result of a run.

    Args:
        jammed: device to the moment at which the broker had its jam, monotonic seconds.
        arrivals: what the sink got, in order.
        conditions: under what.
    """
    began: dict[str, float] = {}
    ended_first: set[str] = set()
    for arrival in arrivals:
        if arrival.kind == "raised":
            began.setdefault(arrival.device_id, arrival.at)
        elif arrival.device_id not in began:
            ended_first.add(arrival.device_id)
    times = sorted(max(0.0, began[device] - at) for device, at in jammed.items() if device in began)
    keys = [arrival.key for arrival in arrivals]
    return Result(
        jams=len(jammed),
        never_sent=len(jammed.keys() - began.keys()),
        repeats=len(keys) - len(set(keys)),
        out_of_order=len(ended_first),
        kills=conditions.kills,
        fault=conditions.fault,
        background=round(conditions.background, 1),
        background_devices=conditions.background_devices,
        p50=_at(times, 0.5),
        p95=_at(times, 0.95),
        p99=_at(times, 0.99),
        longest=round(times[-1], 3) if times else None,
    )


def _at(times: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile."""
    return round(times[min(len(times) - 1, max(0, -int(-share * len(times) // 1) - 1))], 3) if times else None
