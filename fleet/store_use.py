"""How devices in buffer stores are used, pure: too little, too much, as they should, or nobody knows.

Limits are assumptions until a centre sets its own. A device of which too few days are known is unknown, never unused;
that it lies in a store says nothing about its use, only its own data does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fleet.text import Text

LOOKED_AT_DAYS: Final = 90
FEWEST_DAYS: Final = 30
"""Days that must be known before anything is said."""
UNDER_USED: Final = 0.10
OVER_USED: Final = 0.80
"""Shares of the known days on which a device was used; assumptions."""


class StoreUse(StrEnum):
    """What is said of one device in a buffer store."""

    UNDER = "under"
    NORMAL = "normal"
    OVER = "over"
    UNKNOWN = "unknown"


USE_WORDS: Final = {
    StoreUse.UNDER: Text("underutnyttjad", "under-used"),
    StoreUse.NORMAL: Text("lagom utnyttjad", "used as it should be"),
    StoreUse.OVER: Text("överutnyttjad", "over-used"),
    StoreUse.UNKNOWN: Text("okänt", "unknown"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said, and why; `share` None where it is unknown."""

    use: StoreUse
    share: float | None
    reason: Text


@dataclass(frozen=True, slots=True)
class Move:
    """A proposal to people: a device that one store hardly uses to a store that wears out devices of its model."""

    device: str
    from_store: str
    to_store: str


def judge_use(heard: int | None, used: int | None, placed_days: int) -> Judged:
    """What is said of a device in a store.

    Args:
        heard: days with its data of those looked at; None where it cannot report.
        used: of those, days on which it was used.
        placed_days: days it has been in the store, of those looked at.
    """
    if heard is None or used is None:
        reason = Text("Hjälpmedlet kan inte rapportera.", "The device cannot report.")
        return Judged(StoreUse.UNKNOWN, None, reason)
    known = Text(
        f"Använd {used} av {heard} dagar med data ({placed_days} dagar i förrådet).",
        f"Used on {used} of {heard} days with data ({placed_days} days in the store).",
    )
    if heard < FEWEST_DAYS:
        few = Text(f" Minst {FEWEST_DAYS} behövs.", f" At least {FEWEST_DAYS} are needed.")
        return Judged(StoreUse.UNKNOWN, None, Text(known.sv + few.sv, known.en + few.en))
    share = used / heard
    use = StoreUse.UNDER if share <= UNDER_USED else StoreUse.OVER if share >= OVER_USED else StoreUse.NORMAL
    return Judged(use, round(share, 3), known)


def moves(devices: Sequence[tuple[str, str, str, StoreUse]]) -> list[Move]:
    """Under-used devices towards over-used ones of the same model, one for one.

    Args:
        devices: number, model, store and use of each, in the order in which they are to be considered.
    """
    spare: dict[str, list[tuple[str, str]]] = {}
    for number, model, store, use in devices:
        if use is StoreUse.UNDER:
            spare.setdefault(model, []).append((number, store))
    found: list[Move] = []
    for _, model, store, use in devices:
        if use is not StoreUse.OVER:
            continue
        place = next((n for n, (_, other) in enumerate(spare.get(model, [])) if other != store), None)
        if place is not None:
            number, other = spare[model].pop(place)
            found.append(Move(number, other, store))
    return found
