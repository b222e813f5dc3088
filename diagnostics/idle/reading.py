"""Reads what a run of verdicts needs: the register's facts, days as bits, absences, other devices, prices and fits."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.rows import dict_row

from diagnostics.idle.columns import Columns, read_columns
from diagnostics.idle.days import BLOCK, WINDOW_DAYS, to_date, to_number
from diagnostics.queries import room
from fleet.alive import Fit
from fleet.idle import DAYS_PER_MONTH
from fleet.plumbing.store.register import LEGAL_FRAMES
from fleet.profile import DeviceProfile
from fleet.registry import Registry

_SQL: Final = room(__file__)
_FACTS: Final = (
    "device_no",
    "model",
    "enrolled",
    "loan_day",
    "last_seen",
    "payer",
    "frame",
    "prescriber",
    "depot",
    "interval",
    "source",
    "replaced",
    "replaced_by",
    "loan_at",
    "content",
)
Span = tuple[int, int]
Bits = NDArray[np.uint8]


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
        first: the window's first day.
        facts: one entry per device, sorted by device_no.
        days: block to (heard, used), each window days x BLOCK bits packed.
        absences: device to (from, until) of each absence.
        others: device to the other devices of the same person and class.
        outages: source to the first day of an outage that is not over.
        prices: model key to (from day, SEK a month), rising.
        fits: (class, model key) to what was learnt, and when.
    """

    first: int
    facts: Columns
    days: dict[int, tuple[Bits, Bits]]
    absences: dict[int, list[Span]]
    others: dict[int, list[int]]
    outages: dict[int, int]
    prices: dict[str, list[tuple[int, float]]]
    fits: dict[tuple[str, str], Fit]


def read(connection: psycopg.Connection, models: Models, today: date) -> Reading:
    """Reads it all; in one transaction, so that it fits together."""
    first = to_number(today) - WINDOW_DAYS + 1
    values = {"models": list(models.keys), "frames": list(LEGAL_FRAMES)}
    absences: dict[int, list[Span]] = defaultdict(list)
    for row in _rows(connection, "absences"):
        absences[row["device_no"]].append((row["from_day"], row["until_day"]))
    others: dict[int, list[int]] = defaultdict(list)
    for row in _rows(connection, "same_borrower"):
        others[row["device_no"]].append(row["other_no"])
    prices: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for row in _rows(connection, "prices"):
        prices[row["model_key"]].append((row["valid_from"], float(row["rent_sek"])))
    return Reading(
        first=first,
        facts=read_columns(connection, _SQL["facts"], values, _FACTS),
        days=_blocks(connection, first),
        absences=absences,
        others=others,
        outages={row["source_id"]: row["from_day"] for row in _rows(connection, "outages", today=today)},
        prices=prices,
        fits={
            (row["device_class"], row["model_key"]): Fit.from_flat(row["parameters"], row["devices"])
            for row in _rows(connection, "fits")
        },
    )


def daily_rent(reading: Reading, models: Models) -> NDArray[np.float64]:
    """Window days x (models + 1): SEK a day at the price of that day; 0 where no price has begun."""
    rent = np.zeros((WINDOW_DAYS, len(models.keys) + 1))
    for place, key in enumerate(models.keys, 1):
        for valid_from, sek in reading.prices.get(key, []):
            rent[max(0, valid_from - reading.first) :, place] = sek / float(DAYS_PER_MONTH)
    return rent


def unpacked(reading: Reading, block: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Heard and used of a block's devices: window days x BLOCK."""
    nothing = np.zeros((WINDOW_DAYS, BLOCK // 8), np.uint8)
    heard, used = reading.days.get(block, (nothing, nothing))
    return _flags(heard), _flags(used)


def _flags(bits: Bits) -> NDArray[np.bool_]:
    return np.unpackbits(bits, axis=1, bitorder="little").view(np.bool_)


def _blocks(connection: psycopg.Connection, first: int) -> dict[int, tuple[Bits, Bits]]:
    found: dict[int, tuple[Bits, Bits]] = {}
    last = to_date(first) + timedelta(days=WINDOW_DAYS)
    for row in _rows(connection, "blocks", first=to_date(first), last=last):
        place = row["local_day"] - first
        if not 0 <= place < WINDOW_DAYS:
            continue
        if row["block_no"] not in found:
            empty = np.zeros((WINDOW_DAYS, BLOCK // 8), np.uint8)
            found[row["block_no"]] = (empty, empty.copy())
        for bits, name in zip(found[row["block_no"]], ("heard", "used"), strict=True):
            bits[place] = np.frombuffer(row[name], np.uint8)
    return found


def _rows(connection: psycopg.Connection, name: str, **values: object) -> Iterator[dict[str, Any]]:
    return iter(connection.cursor(row_factory=dict_row, binary=True).execute(_SQL[name], values).fetchall())
