"""The certificate: every requirement of the contract with its outcome."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from device_sim.conformance import on_commands, on_delivery, on_messages
from device_sim.conformance.evidence import Evidence, understand
from device_sim.conformance.transcript import Transcript
from device_sim.conformance.verdict import Outcome, Verdict
from fleet.registry import Registry

REQUIREMENTS: Final[Mapping[str, Callable[[Evidence], Verdict]]] = MappingProxyType(
    {
        "birth": on_messages.birth,
        "state": on_messages.state,
        "last will": on_messages.last_will,
        "telemetry": on_messages.telemetry,
        "names": on_messages.names,
        "events": on_messages.events,
        "clock": on_messages.clock,
        "identity": on_delivery.identity,
        "numbers": on_delivery.numbers,
        "boots": on_delivery.boots,
        "asks for receipts": on_delivery.asks,
        "sends again": on_delivery.sends_again,
        "forgets the confirmed": on_delivery.forgets,
        "reads faults": on_commands.read_faults,
        "refuses the expired": on_commands.refuses_expired,
        "refuses the replayed": on_commands.refuses_replayed,
        "refuses the unknown": on_commands.refuses_unknown,
        "refuses the unsafe": on_commands.refuses_unsafe,
        "remembers over a restart": on_commands.remembers,
    }
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a session proved."""

    device_id: str
    seconds: float
    heard: int
    verdicts: Sequence[Verdict]

    @property
    def good(self) -> bool:
        """Whether nothing failed, and something was heard at all."""
        return self.heard > 0 and all(verdict.outcome is not Outcome.FAILED for verdict in self.verdicts)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "device_id": self.device_id,
            "good": self.good,
            "seconds": round(self.seconds, 1),
            "heard": self.heard,
            "requirements": [
                {"name": verdict.name, "outcome": str(verdict.outcome), "sentence": verdict.sentence}
                for verdict in self.verdicts
            ],
        }


def judge(transcript: Transcript, registry: Registry) -> Certificate:
    """Judges a session by every requirement."""
    evidence = understand(transcript, registry)
    verdicts = [replace(require(evidence), name=name) for name, require in REQUIREMENTS.items()]
    return Certificate(transcript.device_id, transcript.seconds, len(transcript.said), verdicts)
