"""The register's facts of each device as they were read last, so that a run asks only about those that changed."""

from typing import Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from diagnostics.idle.blocks import Blocks, Kind, Rows
from diagnostics.idle.columns import Columns
from diagnostics.queries import room
from fleet.idle_fleet import NO_DAY

KEPT: Final = ("model", "enrolled", "loan_day", "interval", "source", "replaced", "replaced_by", "loan_at")
"""Facts that stay what they are until somebody writes to the register, who notes the device in `idle_due`."""
_FACT: Final = np.dtype(
    [
        *(("known", "u1"), ("enrolled", "u1"), ("model", "<i2"), ("interval", "<i4"), ("source", "<i4")),
        *(("loan_day", "<i4"), ("replaced", "<i4"), ("replaced_by", "<i4"), ("loan_at", "<i8")),
    ]
)
_KIND: Final = Kind(_FACT, {})
_SQL: Final = room(__file__)


class Facts:
    """What is known of every device; 32 bytes each, in `fact_block`."""

    def __init__(self, blocks: Blocks | None = None) -> None:
        self._blocks = blocks or Blocks(_KIND)

    @classmethod
    def read(cls, connection: psycopg.Connection) -> "Facts":
        """As the latest run left them."""
        return cls(Blocks.read(connection, _KIND, _SQL["facts_kept"]))

    def emptied(self) -> "Facts":
        """Nobody's, to be filled anew."""
        return Facts(self._blocks.emptied())

    def note(self, facts: Columns) -> None:
        """Keeps facts as they were just read, sorted by device."""
        known = np.ones(len(facts["device_no"]), np.uint8)
        self._blocks.note(facts["device_no"], {"known": known, **{name: facts[name] for name in KEPT}})

    def forget(self, devices: Rows) -> None:
        """Sorted devices that have left, or whose facts are no longer believed."""
        self._blocks.forget(devices)

    def known(self, devices: Rows) -> NDArray[np.bool_]:
        """Of which devices the facts are known."""
        return np.asarray(self._blocks.of(devices, "known") > 0)

    def models_of(self, devices: Rows) -> NDArray[np.int16]:
        """Their models as they are numbered in `Models`; 0 where nothing is known."""
        return np.asarray(self._blocks.of(devices, "model"))

    def of_heard(self, devices: Rows) -> Columns:
        """The facts of known devices that were heard on the newest day: their messages say nothing more of them."""
        kept = {name: self._blocks.of(devices, name).astype(np.int64) for name in KEPT}
        return {"device_no": devices, "last_seen": np.full(len(devices), NO_DAY, np.int64), **kept}

    def write(self, connection: psycopg.Connection) -> None:
        """Keeps those that changed."""
        self._blocks.write(connection, _SQL["keep_facts"])
