"""Reads what a run of verdicts needs: the register's facts, days as bits, absences, other devices, prices and fits."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.rows import dict_row
from psycopg.sql import SQL

from diagnostics.idle.bits import Bits
from diagnostics.idle.columns import Columns, Wholes, read_columns, sending
from diagnostics.queries import formatted, room
from fleet.alive import Fit
from fleet.idle import DAYS_PER_MONTH
from fleet.profile import DeviceProfile
from fleet.registry import Registry

_SQL: Final = room(__file__)
_FACTS: Final = (
    "device_no",
    "model",
    "enrolled",
    "loan_day",
    "last_seen",
    "interval",
    "source",
    "replaced",
    "replaced_by",
    "loan_at",
)
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Models:
    """The models of a registry, numbered from 1; 0 is a model that no profile describes."""

    keys: tuple[str, ...]
    profiles: tuple[DeviceProfile, ...]
    policies: tuple[str, ...]
    makers: tuple[str, ...]

    @classmethod
    def of(cls, registry: Registry) -> "Models":
        """Each model once, as its first description has it."""
        first = {model.key: (profile, model) for profile, model in reversed(list(registry.models()))}
        entries = sorted(first.items())
        return cls(
            tuple(key for key, _ in entries),
            tuple(profile for _, (profile, _) in entries),
            tuple(model.idle_policy for _, (_, model) in entries),
            tuple(model.maker for _, (_, model) in entries),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything of one run. Days count from 2000-01-01.

    Attributes:
        facts: one entry per device that is to be judged, sorted by device_no.
        bits: the days of every device.
        absences: device to (from, until) of each absence.
        others: device to the other devices of the same person and class.
        outages: source to the first day of an outage that is not over.
        prices: model key to (from day, SEK a month), rising.
        fits: (class, model key) to what was learnt, and when.
    """

    facts: Columns
    bits: Bits
    absences: dict[int, list[Span]]
    others: dict[int, list[int]]
    outages: dict[int, int]
    prices: dict[str, list[tuple[int, float]]]
    fits: dict[tuple[str, str], Fit]

    @property
    def first(self) -> int:
        """The window's first day."""
        return self.bits.first

    @property
    def length(self) -> int:
        """How many days the window has."""
        return self.bits.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What does not belong to one device: read first, as it decides who is judged."""

    others: dict[int, list[int]]
    outages: dict[int, int]
    prices: dict[str, list[tuple[int, float]]]
    fits: dict[tuple[str, str], Fit]


def read_common(connection: psycopg.Connection, today: date) -> Common:
    """Pairs of devices, outages, prices and what was learnt."""
    others: dict[int, list[int]] = defaultdict(list)
    for row in _rows(connection, "same_borrower"):
        others[row["device_no"]].append(row["other_no"])
    prices: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for row in _rows(connection, "prices"):
        prices[row["model_key"]].append((row["valid_from"], float(row["rent_sek"])))
    return Common(
        others=others,
        outages={row["source_id"]: row["from_day"] for row in _rows(connection, "outages", today=today)},
        prices=prices,
        fits={
            (row["device_class"], row["model_key"]): Fit.from_flat(row["parameters"], row["devices"])
            for row in _rows(connection, "fits")
        },
    )


def read_facts(connection: psycopg.Connection, models: Models, some: NDArray[np.int64] | None) -> Columns:
    """The facts of some devices, or of all, as the register has them now; sorted by device."""
    values = {"models": list(models.keys), "some": None if some is None else Wholes(some)}
    facts = read_columns(connection, formatted(_SQL["facts"], some=_chosen(some)), values, _FACTS)
    order = np.argsort(facts["device_no"], kind="stable")
    return {name: column[order] for name, column in facts.items()}


def read_absences(connection: psycopg.Connection, some: NDArray[np.int64] | None) -> dict[int, list[Span]]:
    """Per device, of some or all, from which day until which it is registered as away in its open loan."""
    absences: dict[int, list[Span]] = defaultdict(list)
    values = {"some": None if some is None else Wholes(some)}
    for device, first, last in sending(connection).execute(formatted(_SQL["absences"], some=_chosen(some)), values):
        absences[device].append((first, last))
    return absences


def together(parts: Sequence[Columns]) -> Columns:
    """Facts of different devices as one, sorted by device."""
    facts = {name: np.concatenate([part[name] for part in parts]) for name in _FACTS}
    order = np.argsort(facts["device_no"], kind="stable")
    return {name: column[order] for name, column in facts.items()}


def _chosen(some: NDArray[np.int64] | None) -> SQL:
    return SQL("") if some is None else SQL("JOIN unnest(%(some)s::integer[]) AS chosen (device_no) USING (device_no)")


def daily_rent(reading: Reading, models: Models) -> NDArray[np.float64]:
    """Window days x (models + 1): SEK a day at the price of that day; 0 where no price has begun."""
    rent = np.zeros((reading.length, len(models.keys) + 1))
    for place, key in enumerate(models.keys, 1):
        for valid_from, sek in reading.prices.get(key, []):
            rent[max(0, valid_from - reading.first) :, place] = sek / float(DAYS_PER_MONTH)
    return rent


def _rows(connection: psycopg.Connection, name: str, **values: object) -> Iterator[dict[str, Any]]:
    return iter(connection.cursor(row_factory=dict_row, binary=True).execute(_SQL[name], values).fetchall())
