"""Chooses the devices that a run judges: those of which something is new, and those whom a day changes by passing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from diagnostics.idle.bits import Bits, Flags
from diagnostics.idle.days import BLOCK, Taken, to_date
from diagnostics.idle.entries import Entries
from diagnostics.idle.judging import PLAIN, SPOKEN, days_behind, policy_of
from diagnostics.idle.reading import Models
from diagnostics.queries import room
from fleet.idle_again import LATEST, Latest, Stand, may_be_seen, must_look
from fleet.idle_policies import NEVER, policies_over
from fleet.registry import Registry

_SQL: Final = room(__file__)
Devices = NDArray[np.int64]


def devices_due(connection: psycopg.Connection) -> list[int]:
    """Devices of which a fact was written since the latest run; they are due no longer."""
    return _numbers(connection, "due")


def chosen(  # noqa: PLR0913, PLR0917 - what decides it
    connection: psycopg.Connection,
    registry: Registry,
    models: Models,
    entries: Entries,
    bits: Bits,
    taken: Taken,
    now: datetime,
) -> list[int]:
    """The devices whose days, other device, messages or the passing of a day may have changed their verdict."""
    found = _numbers(connection, "paired")
    unheard: list[int] = []
    policies = policies_over(registry, to_date(bits.first), bits.length)
    limits = policies.silent_after[policy_of(models, policies)]
    days = min(bits.length, max(LATEST, int(limits[limits < NEVER].max(initial=1)) + 2))
    today = days - 1 - days_behind(models, now)
    day = bits.first + bits.length - 1
    for number, kept in entries.blocks.items():
        stand = Stand(
            verdict=kept["verdict"],
            plain=kept["stand"] == PLAIN,
            patience=kept["patience"].astype(np.int32),
            used_day=kept["used_day"].astype(np.int32),
            calm=kept["calm"].astype(np.int32),
            spoken=kept["stand"] == SPOKEN,
            again=kept["again"].astype(np.int32),
            silent_after=limits[kept["model"]],
        )
        heard, used = bits.flags(number, days)
        news, older = _news(taken.touched.get(number, {}), day - days + 1, days)
        latest = Latest(heard=heard, used=used, news=news, older=older, day=day, today=today[kept["model"]])
        found += (np.flatnonzero(must_look(stand, latest)) + number * BLOCK).tolist()
        unheard += (np.flatnonzero(may_be_seen(stand, latest)) + number * BLOCK).tolist()
    return found + _numbers(connection, "seen_since", devices=unheard)


def _news(touched: Mapping[int, NDArray[np.uint8]], first: int, days: int) -> tuple[Flags, Flags]:
    """Of a block's devices which of the latest days, from `first` on, became others; and whether an older one did."""
    news, older = np.zeros((days, BLOCK), np.bool_), np.zeros(BLOCK, np.bool_)
    for day, bits in touched.items():
        changed = np.unpackbits(bits, bitorder="little").view(np.bool_)
        place = day - first
        if 0 <= place < days:
            news[place] |= changed
        else:
            older |= changed
    return news, older


def _numbers(connection: psycopg.Connection, name: str, **values: list[int]) -> list[int]:
    return [row[0] for row in connection.cursor(binary=True).execute(_SQL[name], values)]
