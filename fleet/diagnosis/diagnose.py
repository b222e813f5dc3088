"""The diagnosis: ranked causes with their evidence, what is concluded, what to do, and what to check next."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from fleet.diagnosis.checking import NextCheck, next_checks
from fleet.diagnosis.evidence import Evidence, SeenFault
from fleet.diagnosis.knowledge import Advice, Cause, Knowledge, Part
from fleet.diagnosis.looking import Finding, known_share, look, unknown_codes
from fleet.diagnosis.weighing import Posterior, Weight, weigh, weights
from fleet.faults import Fault
from fleet.priority import PriorityClass
from fleet.text import Text

SURE_ENOUGH: Final = 0.65
"""A cause is said to be found from this probability on; below it, "cannot tell" and the next check."""
NOTHING_FROM: Final = 0.5
"""Nothing speaks for a fault when "nothing is wrong" is at least so probable."""
SHOWN: Final = 0.01
"""Causes below this probability are not listed, but for the first three."""
BRING: Final = 0.12
"""The parts of every cause from this probability on are brought."""
MUST_BE_KNOWN: Final = 0.4
"""Only where at least this share of signs and faults is known may it be said that nothing was found."""
_HEARD_LATELY: Final = timedelta(hours=49)
_LEAST_LISTED: Final = 3
_UNDECIDED: Final = (0.98, 1.02)


class Conclusion(StrEnum):
    """What can be said."""

    FOUND = "found"
    CANNOT_TELL = "cannot_tell"
    NOTHING_FOUND = "nothing_found"


@dataclass(frozen=True, slots=True)
class RankedCause:
    """A cause with its probability and why.

    Attributes:
        speaks_for, speaks_against: findings with their factors, the strongest first.
        not_known: signs it would give, that cannot be seen.
        not_explained: faults that are there and that it does not raise.
    """

    cause: Cause
    probability: float
    speaks_for: tuple[Weight, ...]
    speaks_against: tuple[Weight, ...]
    not_known: tuple[Finding, ...]
    not_explained: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What to do about one cause that is probably there."""

    advice: Advice
    cause: Cause
    script: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is probably wrong with a device.

    Attributes:
        derived: faults without a native code that were found from readings.
        found: the causes that are said to be there; two at once are possible.
        steps: what to do, for each found cause.
        parts: what to bring on a visit: the parts of every cause that is likely enough.
        priority: the most urgent class among the faults that are there; None where none is.
        known: share of the signs and faults that are known one way or the other.
    """

    conclusion: Conclusion
    reason: Text
    causes: tuple[RankedCause, ...]
    nothing: float
    something_else: float
    found: tuple[RankedCause, ...]
    derived: tuple[Fault, ...]
    unknown_codes: tuple[SeenFault, ...]
    next_checks: tuple[NextCheck, ...]
    steps: tuple[Step, ...]
    parts: tuple[Part, ...]
    priority: PriorityClass | None
    known: float


def diagnose(knowledge: Knowledge, evidence: Evidence) -> Diagnosis:
    """What is probably wrong, from what is known now."""
    findings = look(knowledge, evidence)
    posterior = weigh(knowledge, evidence, findings)
    ranked = tuple(_ranked(cause, p, findings) for cause, p in posterior.causes)
    conclusion, reason = _concluded(posterior, evidence, known_share(findings))
    found = (
        tuple(entry for entry in ranked if entry.probability >= SURE_ENOUGH) if conclusion is Conclusion.FOUND else ()
    )
    listed = tuple(e for place, e in enumerate(ranked) if e.probability >= SHOWN or place < _LEAST_LISTED)
    there = [finding.key for finding in findings.values() if finding.fault and finding.value]
    checks = () if conclusion is Conclusion.NOTHING_FOUND else next_checks(knowledge, evidence, posterior)
    return Diagnosis(
        conclusion=conclusion,
        reason=reason,
        causes=listed,
        nothing=posterior.nothing,
        something_else=posterior.something_else,
        found=found,
        derived=tuple(f for f in knowledge.profile.faults if f.derived and f.code in there),
        unknown_codes=unknown_codes(evidence),
        next_checks=checks,
        steps=tuple(Step(entry.cause.advice, entry.cause, entry.cause.script) for entry in found),
        parts=_parts(knowledge, ranked, conclusion),
        priority=min((knowledge.priority(code) for code in there), key=lambda p: p.rank, default=None),
        known=known_share(findings),
    )


def _ranked(cause: Cause, probability: float, findings: dict[str, Finding]) -> RankedCause:
    weighed = weights(cause, findings)
    return RankedCause(
        cause,
        probability,
        tuple(weight for weight in weighed if weight.factor > _UNDECIDED[1]),
        tuple(weight for weight in weighed if weight.factor < _UNDECIDED[0]),
        tuple(weight.finding for weight in weighed if weight.finding.value is None),
        tuple(f for f in findings.values() if f.fault and f.value and f.key not in cause.raises),
    )


def _concluded(posterior: Posterior, evidence: Evidence, known: float) -> tuple[Conclusion, Text]:
    first, chance = posterior.causes[0]
    if posterior.nothing >= NOTHING_FROM:
        return _nothing(evidence, known)
    if posterior.something_else > chance:
        return Conclusion.CANNOT_TELL, Text(
            "Det som syns passar ingen orsak i kunskapen: troligen något annat.",
            "What is seen fits no cause in the knowledge: probably something else.",
        )
    if chance < SURE_ENOUGH:
        return Conclusion.CANNOT_TELL, Text(
            f"Går inte att avgöra än: troligast är {_inner(first.title.sv)} ({chance:.0%}). Gör nästa kontroll.",
            f"Cannot be told yet: likeliest is {_inner(first.title.en)} ({chance:.0%}). Make the next check.",
        )
    return Conclusion.FOUND, Text(f"{first.title.sv} ({chance:.0%})", f"{first.title.en} ({chance:.0%})")


def _nothing(evidence: Evidence, known: float) -> tuple[Conclusion, Text]:
    """Nothing speaks for a fault; whether that says anything depends on how much is known."""
    if evidence.last_seen_at is None or evidence.now - evidence.last_seen_at > _HEARD_LATELY or known < MUST_BE_KNOWN:
        return Conclusion.CANNOT_TELL, Text(
            f"För lite är känt ({known:.0%} av tecknen): att inget syns betyder inte att inget är fel.",
            f"Too little is known ({known:.0%} of the signs): that nothing shows does not mean that nothing is wrong.",
        )
    return Conclusion.NOTHING_FOUND, Text(
        f"Inget tecken på fel i det som är känt ({known:.0%} av tecknen).",
        f"No sign of a fault in what is known ({known:.0%} of the signs).",
    )


def _parts(knowledge: Knowledge, ranked: tuple[RankedCause, ...], conclusion: Conclusion) -> tuple[Part, ...]:
    if conclusion is Conclusion.NOTHING_FOUND:
        return ()
    wanted = [part for entry in ranked if entry.probability >= BRING for part in entry.cause.parts]
    return tuple(knowledge.parts_by_key[key] for key in dict.fromkeys(wanted))


def _inner(title: str) -> str:
    """A title inside a sentence: its first letter small, unless the word is written in capitals."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]
