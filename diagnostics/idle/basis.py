"""What all verdicts of a run rest on together: the window, the rules, the seasons, and which sources stand still."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from diagnostics.idle.bits import Bits
from diagnostics.idle.days import BLOCK, WINDOW_DAYS, to_date, to_number
from diagnostics.idle.entries import Entries, heard_by_source
from diagnostics.idle.reading import Common
from diagnostics.queries import room
from fleet.idle_fleet import NO_DAY
from fleet.idle_policies import learn_quiet_worth, policies_over
from fleet.idle_sources import lost_since
from fleet.registry import Registry

LEARN_AFTER: Final = timedelta(days=7)
"""The whole is judged anew, and the fleet's rhythm learnt, when the basis is older than this."""
_GROWN: Final = 1.5  # and when a fleet has grown so much since, beyond the first hundred devices
_FEW: Final = 100
_FLEET: Final = Path(__file__).parents[2] / "fleet"
_RULES: Final = (
    *("idle.py", "idle_fleet.py", "idle_gaps.py", "idle_policies.py", "idle_sources.py", "idle_again.py", "alive.py"),
    *(f"../diagnostics/idle/{name}.py" for name in ("judging", "entries")),
)
_SQL: Final = room(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """While it is the same, a verdict becomes another one only with something new of its own device.

    Attributes:
        first: the window's first day, counted from 2000-01-01.
        digest: of rules, policies, prices in force and what was learnt.
        quiet_worth: per policy, what a day in a quiet month is worth.
        sources: source to the day since which it stands still; those that work are not in it.
        learnt_at: when the fleet's rhythm was learnt from it.
        devices: how many there were then.
    """

    first: int
    digest: str
    quiet_worth: tuple[float, ...]
    sources: Mapping[int, int]
    learnt_at: datetime
    devices: int

    def holds(self, digest: str, today: date, now: datetime, devices: int) -> bool:
        """Whether a run may judge only what is new."""
        fresh = now - self.learnt_at <= LEARN_AFTER and to_number(today) - self.first < WINDOW_DAYS + LEARN_AFTER.days
        return self.digest == digest and fresh and self.big_enough(devices)

    def big_enough(self, devices: int) -> bool:
        """Whether what was learnt still stands for a fleet of so many devices."""
        return devices <= _FEW + _GROWN * self.devices


def read_basis(connection: psycopg.Connection) -> Basis | None:
    """Of the latest run; None before the first."""
    row = connection.cursor(row_factory=dict_row).execute(_SQL["basis"]).fetchone()
    if row is None:
        return None
    sources = {int(source): day for source, day in row.pop("sources").items()}
    return Basis(**{**row, "quiet_worth": tuple(row["quiet_worth"]), "sources": sources})


def keep_basis(connection: psycopg.Connection, basis: Basis) -> None:
    """For the next run."""
    values = {
        "first_day": to_date(basis.first),
        "digest": basis.digest,
        "quiet_worth": list(basis.quiet_worth),
        "sources": Jsonb({str(source): day for source, day in basis.sources.items()}),
        "learnt_at": basis.learnt_at,
        "devices": basis.devices,
    }
    connection.execute(_SQL["keep_basis"], values)


def digest_of(registry: Registry, common: Common, today: date) -> str:
    """A text that changes with whatever may change every verdict: also the rule itself, so a new one judges all."""
    parts: list[object] = [(_FLEET / name).read_bytes() for name in _RULES]
    for profile in registry:
        models = [(model.key, model.idle_policy, model.maker) for model in profile.models]
        parts.append((profile.name, profile.usage, profile.idle_policies, models))
    day = to_number(today)
    parts += [(key, [price for price in prices if price[0] <= day]) for key, prices in sorted(common.prices.items())]
    parts += [(key, fit.flat(), fit.devices) for key, fit in sorted(common.fits.items())]
    return sha256(repr(parts).encode()).hexdigest()


def quiet_worth(registry: Registry, policy: NDArray[np.int32], entries: Entries, bits: Bits) -> tuple[float, ...]:
    """Per policy what a day in a quiet month is worth, by how much less the whole fleet is used in it."""
    policies = policies_over(registry, to_date(bits.first), bits.length)
    seasons = np.zeros((2, len(policies.note), 2), np.int64)
    seasonal = np.flatnonzero(policies.quiet.any(axis=0))
    for number, found in entries.blocks.items():
        of_device = np.where(found["source"] != 0, policy[found["model"]], -1)
        present = np.intersect1d(of_device, seasonal).tolist()
        if not present:
            continue
        heard, used = bits.flags(number)
        for place in present:
            chosen, quiet = of_device == place, policies.quiet[:, place]
            for column, days in enumerate((~quiet, quiet)):
                seasons[0, place, column] += np.count_nonzero(used[days][:, chosen])
                seasons[1, place, column] += np.count_nonzero(heard[days][:, chosen])
    return tuple(learn_quiet_worth(seasons[0], seasons[1]).tolist())


def lost_sources(entries: Entries, bits: Bits, outages: Mapping[int, int]) -> dict[int, int]:
    """The sources that stand still, by what their devices sent or because somebody has said so, and since when."""
    every, heard_by = heard_by_source(entries, bits)
    since = lost_since(heard_by, NO_DAY)
    found = {source: int(day) + bits.first for source, day in zip(every, since.tolist(), strict=True) if day != NO_DAY}
    return found | {source: day for source, day in outages.items() if source in every}


def devices_of(entries: Entries, sources: set[int], verdicts: list[int]) -> list[int]:
    """The devices with one of some verdicts whose data comes by one of some sources."""
    found = []
    for number, kept in entries.blocks.items():
        chosen = np.isin(kept["source"], sorted(sources)) & np.isin(kept["verdict"], verdicts)
        found += (np.flatnonzero(chosen) + number * BLOCK).tolist()
    return found
