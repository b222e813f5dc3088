"""The worker's part in derived faults: those whose sign a technician may not see, it looks for itself.

What it finds is stored as a fault of the device, without any reading: that a scale drifts is a technical matter, what
somebody weighs is not.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from diagnostics.faults.counting import SHARE
from diagnostics.queries import execute, fetch_all, formatted, room
from diagnostics.resources import Clock, server_clock
from fleet.diagnosis.evidence import DayValues, Evidence
from fleet.diagnosis.signs import Observation, Reading
from fleet.dictionary import knowledge_of
from fleet.plumbing.database import Pool
from fleet.plumbing.logs import get_logger
from fleet.plumbing.store.tables import reading_table
from fleet.profile import DeviceProfile
from fleet.registry import Registry
from fleet.signals import Audience

SLICE: Final = 20_000
"""Device numbers looked at in one transaction."""
SYSTEM: Final = "Fjärrkoll"
"""The fault system of what the platform found itself. No device can say it: ingest keeps theirs in small letters."""
_PAUSE_SECONDS: Final = 3600.0
_SQL: Final = room(__file__)
_log = get_logger(part="worker")


@dataclass(frozen=True, slots=True)
class Sought:
    """A technical fault whose sign is a reading of another audience."""

    profile: DeviceProfile
    code: str
    reading: Reading

    def holds(self, days: tuple[DayValues, ...], now: datetime) -> bool | None:
        """Whether the fault is there, judged as a diagnosis judges it; None: not known."""
        readings: Mapping[str, tuple[DayValues, ...]] = {self.reading.metric: days}
        return self.reading.look(Evidence(now=now, profile=self.profile, readings=readings)).value


def sought(registry: Registry) -> Iterator[Sought]:
    """What the worker has to look for itself."""
    for profile in registry:
        audiences = {metric.key: metric.audience for metric in profile.metrics}
        for sign in knowledge_of(profile).signs:
            fault, look = profile.faults_by_code.get(sign.key), sign.observation
            if fault is not None and fault.audience is Audience.TECHNICAL and _hidden(look, audiences):
                assert isinstance(look, Reading)  # noqa: S101 - _hidden says so
                yield Sought(profile, fault.code, look)


def _hidden(observation: Observation, audiences: Mapping[str, Audience]) -> bool:
    return isinstance(observation, Reading) and audiences[observation.metric] is not Audience.TECHNICAL


class DerivedFaults:
    """Keeps the derived faults that only the worker can find: raised when seen, ended when seen no longer or set right.

    Only readings of the open loan count, and none from before the device was last checked and found right: somebody
    else's weight is no drift. Too few readings change nothing.
    """

    def __init__(self, pool: Pool, registry: Registry, clock: Clock = server_clock, share: float = SHARE) -> None:
        self._pool = pool
        self._sought = tuple(sought(registry))
        self._clock = clock
        self._share = share

    async def round(self) -> int:
        """Looks at every device; returns how many faults began or ended."""
        now, changed = self._clock(), 0
        async with self._pool.connection() as connection:
            [row] = await fetch_all(connection, _SQL["last_device"], {})
        for wanted in self._sought:
            for after in range(0, row["last"], SLICE):
                began = time.monotonic()
                changed += await self._look(wanted, {"after": after, "through": after + SLICE, "now": now})
                await asyncio.sleep((time.monotonic() - began) * (1 / self._share - 1))
        return changed

    async def pause_after_round(self) -> float:
        """A round, and how many seconds to wait before the next."""
        changed = await self.round()
        _log.info("Looked for derived faults", event_name="faults_derived", changed=changed)
        return _PAUSE_SECONDS

    async def _look(self, wanted: Sought, asked: dict[str, Any]) -> int:
        """One slice: its readings are judged, and what changed is written, in one transaction."""
        metric = next(metric for metric in wanted.profile.metrics if metric.key == wanted.reading.metric)
        start = asked["now"] - timedelta(days=wanted.reading.days)
        statement = formatted(_SQL["hidden_days"], table=reading_table(wanted.profile.name), column=metric.column)
        found: dict[int, list[DayValues]] = defaultdict(list)
        async with self._pool.connection() as connection, connection.transaction():
            await execute(connection, _SQL["one_core"], {})
            for row in await fetch_all(connection, statement, {**asked, "start": start}):
                day = DayValues(row["day"], row["low"], row["mean"], row["high"], row["latest"])
                found[row["device_no"]].append(day)
            judged = {number: wanted.holds(tuple(days), asked["now"]) for number, days in found.items()}
            change = {
                **asked,
                "code": wanted.code,
                "system": SYSTEM,
                "there": [number for number, value in judged.items() if value],
                "gone": [number for number, value in judged.items() if value is False],
            }
            changed = 0
            for name in ("end_derived", "raise_derived"):
                [row] = await fetch_all(connection, _SQL[name], change)
                changed += row["changed"]
            return changed
