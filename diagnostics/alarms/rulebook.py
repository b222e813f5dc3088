"""What the judge must know of each class's rules, worked out once: the past they need, whether doses are supervised."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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
    return Book(profile, {rule.name: rule for rule in profile.rules}, needs, any(map(_looks_at_doses, profile.rules)))


def _looks_at_doses(rule: Rule) -> bool:
    parts = rule.parts if isinstance(rule, Combined) else (rule,)
    return any(isinstance(part, _DOSE_RULES) for part in parts)
