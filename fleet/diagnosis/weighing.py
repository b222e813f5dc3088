"""Weighs causes against what was found: sums of log odds over single causes, pairs, "something else" and "nothing".

A cause that is there gives each of its signs with its probability, on top of what is usually seen (noisy or); a sign
that is not known changes nothing. Every factor can be shown: see `Weight`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import exp, log, prod
from typing import Final

from fleet.diagnosis.evidence import Evidence
from fleet.diagnosis.knowledge import Cause, Knowledge
from fleet.diagnosis.looking import UNKNOWN_CODE, Finding

SOMETHING_WRONG: Final = 0.4
"""Prior probability that one of our causes is there when somebody asks (assumed); shared by rate."""
SOMETHING_ELSE: Final = 0.03
"""Prior probability of a cause that is not in the knowledge (assumed)."""
_ELSE_EXPLAINS_FAULT: Final = 0.003
_ELSE_SENDS_UNKNOWN: Final = 0.6
_CAUSE_SENDS_UNKNOWN: Final = 0.01
RECURS_USUALLY: Final = 0.35
"""Share of all faults that come and go (assumed)."""
_PAIRED: Final = 14
ELSE: Final = "something_else"


@dataclass(frozen=True, slots=True)
class Weight:
    """What one finding does to one cause.

    Attributes:
        factor: how many times likelier the finding is with the cause than without any; 1 where it is not known.
    """

    finding: Finding
    factor: float
    recurrence: bool = False


@dataclass(frozen=True, slots=True)
class Posterior:
    """Probabilities after all findings.

    Attributes:
        causes: cause to the probability that it is there, alone or with another; the likeliest first.
        nothing: that none is there.
        something_else: that a cause is there which the knowledge does not hold.
    """

    causes: tuple[tuple[Cause, float], ...]
    nothing: float
    something_else: float


def possible(knowledge: Knowledge, evidence: Evidence) -> tuple[Cause, ...]:
    """The causes this model can have: at least one of their faults can be said by it, was said, or is derived."""
    seen = {fault.code for fault in evidence.faults}
    return tuple(
        cause for cause in knowledge.causes if any(code in seen or evidence.can_say(code) for code in cause.raises)
    )


def weigh(knowledge: Knowledge, evidence: Evidence, findings: Mapping[str, Finding]) -> Posterior:
    """The probability of every cause."""
    causes = possible(knowledge, evidence)
    rates = sum(cause.rate for cause in causes)
    priors = {cause.key: _odds(SOMETHING_WRONG * cause.rate / rates) for cause in causes}
    sets: list[tuple[frozenset[str], float]] = [(frozenset(), 0.0)]
    single = {cause.key: priors[cause.key] + _evidence_for((cause,), findings) for cause in causes}
    sets += [(frozenset({key}), score) for key, score in single.items()]
    otherwise = _odds(SOMETHING_ELSE) + _else_evidence((), findings)
    sets.append((frozenset({ELSE}), otherwise))
    leading = sorted(causes, key=lambda cause: -single[cause.key])[:_PAIRED]
    for pair in combinations(leading, 2):
        score = sum(priors[cause.key] for cause in pair) + _evidence_for(pair, findings)
        sets.append((frozenset(cause.key for cause in pair), score))
    for cause in leading:
        score = single[cause.key] + _odds(SOMETHING_ELSE) + _else_evidence((cause,), findings)
        sets.append((frozenset({cause.key, ELSE}), score))
    return _marginals(causes, sets)


def weights(cause: Cause, findings: Mapping[str, Finding]) -> tuple[Weight, ...]:
    """What each finding does to a cause by itself: the line-by-line explanation of its odds."""
    shown = []
    for key, chance in {**cause.raises, **cause.shows}.items():
        finding = findings[key]
        shown.append(Weight(finding, exp(_term(finding, chance))))
        if finding.recurs is not None and key in cause.raises:
            shown.append(Weight(finding, exp(_recurrence(finding, cause)), recurrence=True))
    return tuple(sorted(shown, key=lambda weight: -abs(log(weight.factor))))


def _odds(probability: float) -> float:
    return log(probability / (1 - probability))


def _evidence_for(causes: Iterable[Cause], findings: Mapping[str, Finding]) -> float:
    """Log of how much likelier the findings are with these causes than with none."""
    chances: dict[str, list[float]] = {UNKNOWN_CODE: []}
    explaining: dict[str, tuple[float, Cause]] = {}
    for cause in causes:
        chances[UNKNOWN_CODE].append(_CAUSE_SENDS_UNKNOWN)
        for key, chance in (*cause.raises.items(), *cause.shows.items()):
            chances.setdefault(key, []).append(chance)
        for key, chance in cause.raises.items():
            if findings[key].recurs is not None:
                explaining[key] = max(explaining.get(key, (0.0, cause)), (chance, cause), key=lambda entry: entry[0])
    total = sum(_term(findings[key], 1 - prod(1 - chance for chance in given)) for key, given in chances.items())
    return total + sum(_recurrence(findings[key], cause) for key, (_, cause) in explaining.items())


def _term(finding: Finding, chance: float) -> float:
    if finding.value is None:
        return 0.0
    seen = 1 - (1 - finding.usually) * (1 - chance)
    return log(seen / finding.usually) if finding.value else log((1 - seen) / (1 - finding.usually))


def _recurrence(finding: Finding, cause: Cause) -> float:
    if finding.recurs:
        return log(cause.recurs / RECURS_USUALLY)
    return log((1 - cause.recurs) / (1 - RECURS_USUALLY))


def _else_evidence(causes: tuple[Cause, ...], findings: Mapping[str, Finding]) -> float:
    """What "something else" adds: it explains an unknown code well, and a fault that nothing else explains a little."""
    explained = {key for cause in causes for key in cause.raises}
    total = 0.0
    for finding in findings.values():
        if finding.value and finding.fault and finding.key not in explained:
            total += _term(finding, _ELSE_EXPLAINS_FAULT)
    return total + _term(findings[UNKNOWN_CODE], _ELSE_SENDS_UNKNOWN)


def _marginals(causes: Iterable[Cause], sets: list[tuple[frozenset[str], float]]) -> Posterior:
    highest = max(score for _, score in sets)
    masses = [(members, exp(score - highest)) for members, score in sets]
    whole = sum(mass for _, mass in masses)
    share = {cause.key: 0.0 for cause in causes} | {ELSE: 0.0}
    for members, mass in masses:
        for key in members:
            share[key] += mass / whole
    nothing = next(mass for members, mass in masses if not members) / whole
    ranked = sorted(((cause, share[cause.key]) for cause in causes), key=lambda entry: -entry[1])
    return Posterior(tuple(ranked), nothing, share[ELSE])
