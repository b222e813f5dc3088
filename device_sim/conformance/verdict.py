"""The outcome of one requirement, with the sentence that a device's maker needs."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How it ended. Not seen is not passed: nothing happened that could have shown it."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One requirement's outcome; `name` is filled in by the judge."""

    outcome: Outcome
    sentence: str
    name: str = ""


def passed(sentence: str) -> Verdict:
    """It was shown."""
    return Verdict(Outcome.PASSED, sentence)


def failed(sentence: str) -> Verdict:
    """The opposite was shown; the sentence says what to mend."""
    return Verdict(Outcome.FAILED, sentence)


def not_seen(sentence: str) -> Verdict:
    """Nothing happened that could have shown it; the sentence says what would."""
    return Verdict(Outcome.NOT_SEEN, sentence)
