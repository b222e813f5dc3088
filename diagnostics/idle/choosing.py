"""Chooses the devices that a run judges: those of which something is new, and those whom a day changes by passing."""

from datetime import datetime
from typing import Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from diagnostics.idle.bits import Bits
from diagnostics.idle.days import BLOCK, Taken, to_date
from diagnostics.idle.entries import Entries
from diagnostics.idle.judging import SPOKEN, STEADY, days_behind, policy_of
from diagnostics.idle.reading import Models
from diagnostics.queries import room
from fleet.idle_again import Latest, Stand, must_look
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
    found = _numbers(connection, "paired") + _numbers(connection, "seen_since")
    policies = policies_over(registry, to_date(bits.first), bits.length)
    limits = policies.silent_after[policy_of(models, policies)]
    days = min(bits.length, int(limits[limits < NEVER].max(initial=1)) + 2)
    today = days - 1 - days_behind(models, now)
    day = bits.first + bits.length - 1
    for number, kept in entries.blocks.items():
        stand = Stand(
            verdict=kept["verdict"],
            steady=kept["stand"] == STEADY,
            spoken=kept["stand"] == SPOKEN,
            again=kept["again"],
            silent_after=limits[kept["model"]],
        )
        heard, used = bits.flags(number, days)
        touched = np.unpackbits(taken.touched.get(number, _NOBODY), bitorder="little").view(np.bool_)
        latest = Latest(heard=heard, used=used, touched=touched, day=day, today=today[kept["model"]])
        found += (np.flatnonzero(must_look(stand, latest)) + number * BLOCK).tolist()
    return found


_NOBODY: Final = np.zeros(BLOCK // 8, np.uint8)


def _numbers(connection: psycopg.Connection, name: str) -> list[int]:
    return [row[0] for row in connection.cursor(binary=True).execute(_SQL[name])]
