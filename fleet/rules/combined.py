"""Rules made of rules: all of them hold, or any of them does."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fleet.errors import ProfileError
from fleet.rules.base import Finding, Needs, Rule, Snapshot
from fleet.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined(Rule):
    """What `AllOf` and `AnyOf` have in common: the parts, whose own names, severities and holds play no role."""

    parts: tuple[Rule, ...]

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if len(self.parts) < 2:
            raise ProfileError(f"rule {self.name}: combine at least two rules")

    @property
    def delay_seconds(self) -> int:
        """The longest of the parts."""
        return max(part.delay_seconds for part in self.parts) + self.hold_seconds

    def metrics(self) -> frozenset[str]:
        """Those of every part."""
        return frozenset().union(*(part.metrics() for part in self.parts))

    def event_names(self) -> frozenset[str]:
        """Those of every part."""
        return frozenset().union(*(part.event_names() for part in self.parts))

    def fault_codes(self) -> frozenset[str]:
        """Those of every part."""
        return frozenset().union(*(part.fault_codes() for part in self.parts))

    def needs(self) -> Needs:
        """Those of every part."""
        together = Needs()
        for part in self.parts:
            together = together | part.needs()
        return together

    def look_at(self, snapshot: Snapshot, now: datetime) -> datetime | None:
        """The first moment at which any part may become true."""
        looks = (part.look_at(snapshot, now) for part in self.parts)
        return min((look for look in looks if look is not None), default=None)

    def touched_by(self, values: Mapping[str, float | bool]) -> bool:
        """Whether any part is touched."""
        return any(part.touched_by(values) for part in self.parts)

    @abstractmethod
    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """As `Rule.evaluate`."""

    def _found(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> list[Finding]:
        found = (part.evaluate(snapshot, now, firing=firing) for part in self.parts)
        return [finding for finding in found if finding is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf(Combined):
    """Fires while every part holds, since the last of them began."""

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges every part."""
        found = self._found(snapshot, now, firing=firing)
        if len(found) < len(self.parts):
            return None
        reason = Text(" och ".join(f.reason.sv for f in found), " and ".join(f.reason.en for f in found))
        return Finding(max(finding.since for finding in found), reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf(Combined):
    """Fires while any part holds, since the first of them began."""

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges every part."""
        found = self._found(snapshot, now, firing=firing)
        if not found:
            return None
        reason = Text("; ".join(f.reason.sv for f in found), "; ".join(f.reason.en for f in found))
        return Finding(min(finding.since for finding in found), reason)
