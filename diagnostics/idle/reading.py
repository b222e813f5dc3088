"""Reads what a run of verdicts needs: the register's facts, days as bits, absences, other devices, prices and fits."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.rows import dict_row
from psycopg.sql import SQL

from diagnostics.idle.bits import Bits
from diagnostics.idle.columns import Columns, read_columns
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
    "content",
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


def read(
    connection: psycopg.Connection, models: Models, common: Common, bits: Bits, some: NDArray[np.int64] | None
) -> Reading:
    """The facts of some devices, or of all; in one transaction with `common`, so that it fits together."""
    chosen = (
        SQL("") if some is None else SQL("JOIN unnest(%(some)s::integer[]) AS chosen (device_no) USING (device_no)")
    )
    values = {"models": list(models.keys), "some": None if some is None else some.tolist()}
    absences: dict[int, list[Span]] = defaultdict(list)
    cursor = connection.cursor(row_factory=dict_row, binary=True)
    for row in cursor.execute(formatted(_SQL["absences"], some=chosen), values):
        absences[row["device_no"]].append((row["from_day"], row["until_day"]))
    facts = read_columns(connection, formatted(_SQL["facts"], some=chosen), values, _FACTS)
    order = np.argsort(facts["device_no"], kind="stable")
    return Reading(
        facts={name: column[order] for name, column in facts.items()},
        bits=bits,
        absences=absences,
        others=common.others,
        outages=common.outages,
        prices=common.prices,
        fits=common.fits,
    )


def daily_rent(reading: Reading, models: Models) -> NDArray[np.float64]:
    """Window days x (models + 1): SEK a day at the price of that day; 0 where no price has begun."""
    rent = np.zeros((reading.length, len(models.keys) + 1))
    for place, key in enumerate(models.keys, 1):
        for valid_from, sek in reading.prices.get(key, []):
            rent[max(0, valid_from - reading.first) :, place] = sek / float(DAYS_PER_MONTH)
    return rent


def _rows(connection: psycopg.Connection, name: str, **values: object) -> Iterator[dict[str, Any]]:
    return iter(connection.cursor(row_factory=dict_row, binary=True).execute(_SQL[name], values).fetchall())
