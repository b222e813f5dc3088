"""What the judge must know of each class's rules, worked out once: the past they need, whether doses are supervised."""

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fleet import rules as rule_kinds
from fleet.errors import ProfileError
from fleet.plumbing.logs import get_logger
from fleet.profile import DeviceProfile
from fleet.registry import Registry
from fleet.rules import Combined, DoseMissed, DoseUnknown, Needs, OtherSchedule, RollUnverified, Rule

_DOSE_RULES: Final = (DoseMissed, DoseUnknown, OtherSchedule, RollUnverified)
_log = get_logger(part="alarms")


@dataclass(frozen=True, slots=True)
class Book:
    """The rules of one class.

    Attributes:
        needs: the past that they need together.
        doses: whether any of them looks at doses.
    """

    profile: DeviceProfile
    rules: Mapping[str, Rule]
    needs: Needs
    doses: bool

    def of_device(self, overrides: Mapping[str, Mapping[str, float]]) -> dict[str, Rule]:
        """The rules with one device's settings; one that a later release refuses is told of and not followed."""
        rules = dict(self.rules)
        for name, settings in overrides.items():
            if name in rules:
                try:
                    rules[name] = rules[name].adjusted(settings)
                except ProfileError as error:
                    _log.warning("A device's setting is refused", event_name="override_refused", reason=str(error))
        return rules


def books(registry: Registry) -> dict[str, Book]:
    """One for each class."""
    return {profile.name: _book(profile) for profile in registry}


def _book(profile: DeviceProfile) -> Book:
    needs = Needs()
    for rule in profile.rules:
        needs = needs | rule.needs()
    parts = [part for rule in profile.rules for part in _parts(rule)]
    return Book(
        profile,
        {rule.name: rule for rule in profile.rules},
        needs,
        doses=any(isinstance(part, _DOSE_RULES) for part in parts),
    )


def _parts(rule: Rule) -> tuple[Rule, ...]:
    return rule.parts if isinstance(rule, Combined) else (rule,)


def digest(books: Mapping[str, Book]) -> str:
    """What all rules of all classes say, in 64 characters: alike in every process, another when any of them changes.

    What a rule says is its numbers, and the code that judges by them.
    """
    said = [(name, _written([*book.rules.values()])) for name, book in sorted(books.items())]
    return hashlib.sha256(repr((said, _code())).encode()).hexdigest()


@cache
def _code() -> list[str]:
    """The digests of the files that judge."""
    here = Path(__file__).parent
    files = [*sorted(Path(rule_kinds.__file__).parent.glob("*.py")), here / "engine.py", here / "snapshot.py"]
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


def _written(value: object) -> object:
    """A value as something that is shown alike in every process: without sets, whose order is another in each."""
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, [(entry.name, _written(getattr(value, entry.name))) for entry in fields(value)]
    if isinstance(value, Mapping):
        return sorted((repr(key), _written(entry)) for key, entry in value.items())
    if isinstance(value, AbstractSet):
        return sorted(repr(_written(entry)) for entry in value)
    if isinstance(value, list | tuple):
        return [_written(entry) for entry in value]
    return repr(value)
