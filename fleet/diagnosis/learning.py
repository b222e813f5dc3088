"""Learning from outcomes: what work orders found corrects the rates of the causes, slowly and visibly.

The causes of a class share what goes wrong. Before any outcome the shares follow from the knowledge and count as
`STRENGTH` imagined outcomes (a Dirichlet prior); every counted outcome adds one to the cause that was found. Nothing
else changes: which signs a cause gives stays a person's knowledge. An outcome "something else was found" counts too and
is shown, so that a dictionary that misses a cause is seen.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fleet.diagnosis.knowledge import Knowledge, with_rates
from fleet.errors import ProfileError

STRENGTH: Final = 20.0
"""How many outcomes the knowledge itself is worth (assumed); after as many, both weigh the same."""


@dataclass(frozen=True, slots=True)
class CauseCount:
    """How often work orders found a cause; an empty one stands for a cause that the dictionary does not hold."""

    cause: str
    times: int


def learned(knowledge: Knowledge, counts: Iterable[CauseCount], strength: float = STRENGTH) -> Knowledge:
    """The knowledge with its rates corrected by counted outcomes; with none it is unchanged.

    A cause's new rate is the sum of the rates times (its share of it x strength + its count) / (strength + all counts).

    Raises:
        ProfileError: a count is negative, or names a cause that the class does not have.
    """
    found = _by_cause(knowledge, counts)
    total = found.total()
    if not total:
        return knowledge
    whole = sum(cause.rate for cause in knowledge.causes)
    rates = {
        cause.key: whole * (strength * cause.rate / whole + found[cause.key]) / (strength + total)
        for cause in knowledge.causes
    }
    return with_rates(knowledge, rates)


def unexplained_share(counts: Iterable[CauseCount]) -> float | None:
    """The share of outcomes whose cause the dictionary does not hold; None without outcomes."""
    listed = tuple(counts)
    total = sum(count.times for count in listed)
    return sum(count.times for count in listed if not count.cause) / total if total else None


def _by_cause(knowledge: Knowledge, counts: Iterable[CauseCount]) -> Counter[str]:
    found: Counter[str] = Counter()
    known: Mapping[str, object] = knowledge.causes_by_key
    for count in counts:
        if count.times < 0:
            raise ProfileError(f"outcome of {count.cause!r}: {count.times} times is no count")
        if count.cause and count.cause not in known:
            raise ProfileError(f"outcome of {count.cause!r}: {knowledge.profile.name} has no such cause")
        if count.cause:
            found[count.cause] += count.times
    return found
