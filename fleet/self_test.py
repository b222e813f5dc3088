"""The graded self-test: which subsystems a class has, and the shape of the result that a device sends and others read.

`command.result` of a succeeded `self_test` is

    {"grade": "fail", "subsystems": {"battery": {"grade": "fail", "detail": "…"}, "drive": {"grade": "not_tested", …}}}

Every subsystem of the class is named; one that was not tested says so and is never shown as passed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from fleet.errors import ProfileError
from fleet.signals import NAME_PATTERN
from fleet.text import Text

_LONGEST_DETAIL: Final = 200


class Grade(StrEnum):
    """How a subsystem did, best first; `not_tested` proves nothing in either direction."""

    PASS = "pass"  # noqa: S105 - a grade, no password
    WARN = "warn"
    FAIL = "fail"
    NOT_TESTED = "not_tested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsystem:
    """A part of a device that its self-test grades, and a module in the answer to `read_versions`.

    Attributes:
        name: the key in the result.
        areas: the middle part of the fault codes that belong to it, such as `BAT` of `WC-BAT-01`.
        metrics: keys of the channels it measures with; a model that lacks all of them cannot test it.

    Raises:
        ProfileError: the name is not lower-case words, or no area is given.
    """

    name: str
    title: Text
    areas: tuple[str, ...]
    metrics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name):
            raise ProfileError(f"subsystem {self.name!r}: use lower-case words joined by _")
        if not self.areas:
            raise ProfileError(f"subsystem {self.name}: name at least one area of the fault codes")


@dataclass(frozen=True, slots=True)
class Graded:
    """What a self-test says of one subsystem."""

    grade: Grade
    detail: str = ""


def area_of(fault_code: str) -> str:
    """The area of a normalised fault code: `BAT` of `WC-BAT-01`."""
    return fault_code.split("-")[1]


def overall(grades: Iterable[Grade]) -> Grade:
    """The worst of what was tested; `not_tested` where nothing was."""
    tested = [grade for grade in grades if grade is not Grade.NOT_TESTED]
    return max(tested, key=list(Grade).index, default=Grade.NOT_TESTED)


def result(graded: Mapping[str, Graded]) -> dict[str, Any]:
    """The result of a self-test as it goes over the wire."""
    return {
        "grade": overall(entry.grade for entry in graded.values()),
        "subsystems": {name: {"grade": entry.grade, "detail": entry.detail} for name, entry in graded.items()},
    }


def read_result(stored: Mapping[str, Any], subsystems: Iterable[Subsystem]) -> dict[str, Graded]:
    """The grades of a stored result, one for every declared subsystem.

    A device's word is data: what it leaves out or spells in a way that is no grade reads as `not_tested`, and what it
    names beyond the declared subsystems is left out.
    """
    told = stored.get("subsystems")
    entries: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    return {subsystem.name: _graded(entries.get(subsystem.name)) for subsystem in subsystems}


def _graded(entry: object) -> Graded:
    if not isinstance(entry, Mapping) or entry.get("grade") not in set(Grade):
        return Graded(Grade.NOT_TESTED, "")
    return Graded(Grade(str(entry["grade"])), str(entry.get("detail", ""))[:_LONGEST_DETAIL])
