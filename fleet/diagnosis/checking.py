"""The next check: the one that tells the leading causes apart for the least of everybody's time."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2
from typing import Final

from fleet.diagnosis.evidence import Evidence
from fleet.diagnosis.knowledge import Cause, Check, Doer, Knowledge
from fleet.diagnosis.signs import Graded
from fleet.diagnosis.weighing import Posterior
from fleet.text import Text

FINDS: Final = 0.9
"""Probability that a check finds the cause it looks for (assumed)."""
_LEADING: Final = 0.02
_NONE: Final = ""
SELF_TEST: Final = Check("self_test", Text("Kör självtest på distans", "Run the self-test remotely"), 2, Doer.PLATFORM)


@dataclass(frozen=True, slots=True)
class NextCheck:
    """A check that is worth making.

    Attributes:
        bits: how much it is expected to tell.
        tells_apart: the leading causes it speaks about, the likeliest first.
    """

    check: Check
    bits: float
    tells_apart: tuple[Cause, ...]

    @property
    def bits_per_minute(self) -> float:
        """What it tells for its cost."""
        return self.bits / self.check.minutes


def next_checks(knowledge: Knowledge, evidence: Evidence, posterior: Posterior) -> tuple[NextCheck, ...]:
    """The checks that would tell the leading causes apart, the most told per minute first."""
    leading = {cause.key: p for cause, p in posterior.causes if p >= _LEADING}
    whole = sum(leading.values()) + posterior.something_else + posterior.nothing
    if not leading or whole <= 0:
        return ()
    shares = {key: p / whole for key, p in leading.items()}
    shares[_NONE] = max(0.0, 1 - sum(shares.values()))
    causes = [cause for cause, _ in posterior.causes if cause.key in leading]
    outcomes = {
        check: _looks_for(check, causes) for check in knowledge.checks if any(c.check == check.key for c in causes)
    }
    if SELF_TEST.key in knowledge.profile.commands_by_name and not _freshly_tested(evidence):
        outcomes[SELF_TEST] = _tests(knowledge, causes)
    worth = [
        NextCheck(check, _information(shares, by_cause), tuple(c for c in causes if len(by_cause[c.key]) > 1))
        for check, by_cause in outcomes.items()
    ]
    return tuple(sorted((w for w in worth if w.bits > 0.001), key=lambda w: -w.bits_per_minute))


def _looks_for(check: Check, causes: list[Cause]) -> dict[str, Mapping[str, float]]:
    """Cause to the outcomes of a check with their probabilities."""
    return {c.key: {c.key: FINDS, _NONE: 1 - FINDS} if c.check == check.key else {_NONE: 1.0} for c in causes}


def _tests(knowledge: Knowledge, causes: list[Cause]) -> dict[str, Mapping[str, float]]:
    """Cause to which subsystem would fail the self-test."""
    graded = {sign.key for sign in knowledge.signs if isinstance(sign.observation, Graded)}
    outcomes: dict[str, Mapping[str, float]] = {}
    for cause in causes:
        failing = {key: chance for key, chance in cause.shows.items() if key in graded}
        key, chance = max(failing.items(), key=lambda entry: entry[1], default=(_NONE, 1.0))
        outcomes[cause.key] = {key: chance, _NONE: 1 - chance} if key else {_NONE: 1.0}
    return outcomes


def _freshly_tested(evidence: Evidence) -> bool:
    return evidence.self_test_at is not None and (evidence.now - evidence.self_test_at).days < 1


def _information(shares: Mapping[str, float], by_cause: Mapping[str, Mapping[str, float]]) -> float:
    """Mutual information of a check's outcome and the cause, in bits."""
    joint: dict[tuple[str, str], float] = {}
    for key, share in shares.items():
        for outcome, chance in by_cause.get(key, {_NONE: 1.0}).items():
            joint[key, outcome] = joint.get((key, outcome), 0.0) + share * chance
    outcomes: dict[str, float] = {}
    for (_, outcome), mass in joint.items():
        outcomes[outcome] = outcomes.get(outcome, 0.0) + mass
    return sum(
        mass * log2(mass / (shares[key] * outcomes[outcome])) for (key, outcome), mass in joint.items() if mass > 0
    )
