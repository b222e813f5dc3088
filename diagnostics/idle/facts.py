"""The register's facts of each device as they were read last, so that a run asks only about those that changed."""

from typing import Final

import numpy as np
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
_SQL: Final = room(__file__)


class Facts(Blocks):
    """What is known of every device; 32 bytes each, in `fact_block`."""

    KIND = Kind(_FACT, {})
    READ = _SQL["facts_kept"]
    WRITE = _SQL["keep_facts"]

    def learn(self, facts: Columns) -> None:
        """Keeps facts as they were just read, sorted by device."""
        known = np.ones(len(facts["device_no"]), np.uint8)
        self.note(facts["device_no"], {"known": known, **{name: facts[name] for name in KEPT}})

    def known(self, devices: Rows) -> NDArray[np.bool_]:
        """Of which devices the facts are known."""
        return np.asarray(self.of(devices, "known") > 0)

    def models_of(self, devices: Rows) -> NDArray[np.int16]:
        """Their models as they are numbered in `Models`; 0 where nothing is known."""
        return np.asarray(self.of(devices, "model"))

    def of_heard(self, devices: Rows) -> Columns:
        """The facts of known devices that were heard on the newest day: their messages say nothing more of them."""
        kept = {name: self.of(devices, name).astype(np.int64) for name in KEPT}
        return {"device_no": devices, "last_seen": np.full(len(devices), NO_DAY, np.int64), **kept}
