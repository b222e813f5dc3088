"""Fault rule: one of the named faults is active on the device."""

from dataclasses import dataclass
from datetime import datetime

from fleet.errors import ProfileError
from fleet.rules.base import Finding, Rule, Snapshot
from fleet.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultActive(Rule):
    """Fires while any of `faults` (normalised codes) is active, since the oldest of them."""

    faults: tuple[str, ...]

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if not self.faults:
            raise ProfileError(f"rule {self.name}: name at least one fault")

    def metrics(self) -> frozenset[str]:
        """None: it looks at faults only."""
        return frozenset()

    def fault_codes(self) -> frozenset[str]:
        """The faults it fires for."""
        return frozenset(self.faults)

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the set of active faults."""
        del now, firing
        active = {code: since for code, since in snapshot.active_faults.items() if code in self.faults}
        if not active:
            return None
        names = ", ".join(sorted(active))
        return Finding(min(active.values()), Text(f"aktivt fel: {names}", f"active fault: {names}"))
