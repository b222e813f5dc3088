"""What a regional run showed, as values that can be written as JSON, and what is wrong with it. Pure."""

from collections.abc import Mapping

import msgspec

from benchmarks.results import Costs
from device_sim.regional.report import RegionalReport

CORES: int = 2
"""The machine that the bars are about."""


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds from the moment a live message was due to the commit after which every query finds it.

    The moment it was due, not the one it left: what the generator was late is part of it.
    """

    messages: int
    p50: float
    p99: float
    worst: float


class FleetCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The database compared with the swarm's ledger, every row by number, time and all its values.

    Attributes:
        expected: readings produced, without those given up for want of memory.
        stored: rows found.
        lost: produced and not found.
        duplicated: rows beyond the first of their (device, boot, seq).
        altered: rows with another time or another value than were produced, or of another boot.
        unexpected: rows that nobody produced.
        quarantined: messages refused.
        devices_silent: devices without a current state.
    """

    expected: int
    stored: int
    lost: int
    duplicated: int
    altered: int
    unexpected: int
    quarantined: int
    devices_silent: int

    def complaints(self) -> list[str]:
        """What is wrong, in words."""
        names = ("lost", "duplicated", "altered", "unexpected", "quarantined", "devices_silent")
        return [f"{getattr(self, name)} {name}" for name in names if getattr(self, name)]


class FleetRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        warm_seconds: spoken before `seconds`, not counted in `lag`, `outside_generator`, `shares` and `costs`.
        outside_generator: share of all that two cores could do, taken by broker, ingest, worker and database.
        shares: of two cores, by part; "elsewhere" is what other programs took.
        lag_beside_backlog: of live messages that were due while returning devices had not yet caught up; None without.
        backlog_per_second: stored-up readings confirmed a second until all returning devices had caught up.
        ingest_growth_mebibytes: of its largest resident size, over what it held when the swarm began.
        dropped: messages the broker threw away.
        duplicates: messages that came again and were not stored again.
        alarms: raised by the worker.
        large_pages: whether the server's buffers lay in large pages of memory (docs/scaling.md), in its own words.
    """

    devices: int
    interval_seconds: int
    readings_per_message: int
    seconds: float
    warm_seconds: float = 0.0
    messages_per_second: float
    rows_per_second: float
    lag: Lag
    lag_beside_backlog: Lag | None
    outside_generator: float
    shares: Mapping[str, float]
    costs: Costs
    swarm: RegionalReport
    backlog_readings: int
    backlog_per_second: float
    enrolled_seconds: float
    broker_peak_mebibytes: float
    ingest_peak_mebibytes: float
    ingest_growth_mebibytes: float
    dropped: int
    duplicates: int
    alarms: int
    large_pages: str
    check: FleetCheck

    def complaints(self) -> list[str]:
        """What is wrong with what was stored; how fast it was is not judged here."""
        found = self.check.complaints()
        if self.swarm.refused:
            found.append(f"{self.swarm.refused} messages refused by the broker")
        if self.swarm.unconfirmed:
            found.append(f"{self.swarm.unconfirmed} readings never confirmed to their devices")
        return found
