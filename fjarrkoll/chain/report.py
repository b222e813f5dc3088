"""The result of a run: final state, proof that the faults fired, and a verdict that is bad where they did not."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

import msgspec

from fjarrkoll.chain.checking import FinalState


class Control(StrEnum):
    """A safeguard taken away; the run must then go wrong, or the harness proves nothing."""

    NO_OUTBOX = "no-outbox"
    ACKNOWLEDGE_ON_RECEIPT = "acknowledge-on-receipt"
    NO_IDENTITY = "no-identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run.

    Attributes:
        name: what was done.
        state: against the ledger.
        evidence: counts of what happened: kills by part, redeliveries, re-sends, suppressed duplicates, and the like.
        required: names in `evidence` that must be above zero, else the run proves nothing.
        unconfirmed: messages that devices still keep at the end.
        seconds: the whole run, without building the site.
        control: the safeguard that was taken away, or None.
        missed: bars that the run was held against and did not reach, as sentences.
    """

    name: str
    state: FinalState
    evidence: Mapping[str, float]
    required: tuple[str, ...]
    unconfirmed: int
    seconds: float
    control: Control | None = None
    missed: tuple[str, ...] = ()

    @property
    def problems(self) -> list[str]:
        """Why the run is not good, as sentences; empty where it is."""
        silent = [
            f"{name} is 0: the fault did not fire, the run proves nothing"
            for name in self.required
            if not self.evidence.get(name)
        ]
        of_state = self._of_state() if self.control is None else self._of_control(self.control)
        return [*silent, *of_state, *self.missed]

    @property
    def sound(self) -> bool:
        """Whether the run shows what it was to show."""
        return not self.problems

    def as_json(self) -> bytes:
        """All of it."""
        told = {**asdict(self), "problems": self.problems, "sound": self.sound}
        return msgspec.json.format(msgspec.json.encode(told))

    def _of_state(self) -> list[str]:
        state = self.state
        found = [
            (state.lost, "lost"),
            (state.duplicated, "stored twice"),
            (state.changed, "changed"),
            (state.quarantined, "in quarantine"),
            (self.unconfirmed, "never confirmed to their device"),
        ]
        problems = [f"{count} messages {what}" for count, what in found if count]
        if state.counted != state.stored:
            problems.append(f"usage counts {state.counted} readings, {state.stored} are stored")
        return problems

    def _of_control(self, control: Control) -> list[str]:
        if control is Control.NO_IDENTITY:
            return (
                []
                if self.state.duplicated
                else ["nothing was stored twice without the key: the harness proves nothing"]
            )
        return [] if self.state.lost else [f"nothing was lost with {control}: the harness proves nothing"]
