"""Judges diagnoses against what was planted, beside the baseline "look the newest code up in the manual"."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

from benchmarks.diagnosis.cases import Case, Kind
from fleet.diagnosis.diagnose import Conclusion, diagnose
from fleet.diagnosis.evidence import Evidence
from fleet.diagnosis.knowledge import Knowledge

FIRST_BAR: Final = 0.90
THREE_BAR: Final = 0.98
CANNOT_TELL_BAR: Final = 0.95
_THREE: Final = 3
TELLABLE: Final = (Kind.ONE, Kind.TWO, Kind.MISSING)
UNTELLABLE: Final = (Kind.DARK, Kind.UNKNOWN)


@dataclass(slots=True)
class Count:
    """How often something was right."""

    right: int = 0
    of: int = 0

    def add(self, right: bool) -> None:  # noqa: FBT001 - the fact itself
        """One more."""
        self.right += right
        self.of += 1

    @property
    def share(self) -> float:
        """Right of all; 1 where there was none."""
        return self.right / self.of if self.of else 1.0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.right + other.right, self.of + other.of)


@dataclass(slots=True)
class Score:
    """What a method reached.

    Attributes:
        first: kind of case to how often a planted cause stood first.
        three: how often every planted cause was among the first three.
        undecided: how often "cannot tell" was said.
        claims: of the causes said to be found, how many were planted.
        confused: (planted, put first instead) to times.
    """

    first: dict[Kind, Count] = field(default_factory=lambda: {kind: Count() for kind in Kind})
    three: dict[Kind, Count] = field(default_factory=lambda: {kind: Count() for kind in Kind})
    undecided: dict[Kind, Count] = field(default_factory=lambda: {kind: Count() for kind in Kind})
    claims: dict[Kind, Count] = field(default_factory=lambda: {kind: Count() for kind in Kind})
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)

    def over(self, counts: Mapping[Kind, Count], kinds: Iterable[Kind]) -> Count:
        """The sum over some kinds."""
        return sum((counts[kind] for kind in kinds), Count())

    def passes(self) -> bool:
        """Whether every bar is reached."""
        return (
            self.over(self.first, TELLABLE).share >= FIRST_BAR
            and self.over(self.three, TELLABLE).share >= THREE_BAR
            and self.over(self.undecided, UNTELLABLE).share >= CANNOT_TELL_BAR
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        kinds = {
            str(kind): {
                "cases": self.undecided[kind].of,
                "first": round(self.first[kind].share, 4) if self.first[kind].of else None,
                "first_three": round(self.three[kind].share, 4) if self.three[kind].of else None,
                "cannot_tell": round(self.undecided[kind].share, 4),
                "claims_right": round(self.claims[kind].share, 4) if self.claims[kind].of else None,
                "claims": self.claims[kind].of,
            }
            for kind in Kind
        }
        return {
            "first": round(self.over(self.first, TELLABLE).share, 4),
            "first_three": round(self.over(self.three, TELLABLE).share, 4),
            "cannot_tell_where_untellable": round(self.over(self.undecided, UNTELLABLE).share, 4),
            "claims_right": round(self.over(self.claims, Kind).share, 4),
            "kinds": kinds,
            "passes": self.passes(),
            "confused": [
                {"planted": planted, "said": said, "times": times}
                for (planted, said), times in self.confused.most_common(15)
            ],
        }


def score(cases: Iterable[Case], knowledge: Mapping[str, Knowledge]) -> Score:
    """What the diagnosis reaches."""
    result = Score()
    for case in cases:
        diagnosis = diagnose(knowledge[case.device_class], case.evidence)
        ranked = [entry.cause.key for entry in diagnosis.causes]
        found = [entry.cause.key for entry in diagnosis.found]
        _count(result, case, ranked, found, undecided=diagnosis.conclusion is Conclusion.CANNOT_TELL)
    return result


def baseline(cases: Iterable[Case], knowledge: Mapping[str, Knowledge]) -> Score:
    """What looking the newest code up reaches: its causes in the manual's order, and nothing without a code."""
    result = Score()
    for case in cases:
        ranked = _manual(case.evidence, knowledge[case.device_class])
        _count(result, case, ranked, ranked[:1], undecided=not ranked)
    return result


def _manual(evidence: Evidence, knowledge: Knowledge) -> list[str]:
    known = [fault for fault in evidence.recent(14) if fault.code is not None]
    if not known:
        return []
    newest = max(known, key=lambda fault: fault.raised_at)
    return [cause.key for cause, _ in knowledge.entry(newest.code or "").causes]


def _count(result: Score, case: Case, ranked: list[str], found: list[str], *, undecided: bool) -> None:
    result.undecided[case.kind].add(undecided)
    for claim in found:
        result.claims[case.kind].add(claim in case.planted)
    if case.kind in TELLABLE:
        first = ranked[0] if ranked else "nothing"
        result.first[case.kind].add(first in case.planted)
        result.three[case.kind].add(case.planted <= set(ranked[:_THREE]))
        if first not in case.planted:
            result.confused[" + ".join(sorted(case.planted)), first] += 1


def shuffled(knowledge: Mapping[str, Knowledge], seed: int) -> dict[str, Knowledge]:
    """Negative control: the same causes, with each other's signs. Whoever passes with it has been told the answer."""
    random = Random(seed)
    mixed = {}
    for name, one in knowledge.items():
        others = list(one.causes)
        random.shuffle(others)
        causes = tuple(
            replace(cause, raises=other.raises, shows=other.shows, recurs=other.recurs)
            for cause, other in zip(one.causes, others, strict=True)
        )
        mixed[name] = replace(one, causes=causes)
    return mixed
