"""What is set for a whole class: numbers of its alarm rules and its idle limits, over the profile's own; pure.

A profile says what may be set and how far. One device's own setting (`Rule.adjusted`) goes before its class's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from fleet.errors import ProfileError
from fleet.profile import DeviceProfile
from fleet.registry import Registry
from fleet.rules import Rule
from fleet.usage import IdlePolicy

IDLE_LIMITS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {"note_days": (3, 180), "contact_days": (3, 365), "propose_days": (7, 365)}
)
"""The limits of an idle policy that may be set, in days, and how far; together they must rise."""


class Kind(StrEnum):
    """What a setting belongs to."""

    RULE = "rule"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class ClassSetting:
    """A number that holds for a class.

    Attributes:
        name: of the alarm rule, or of the idle policy.
        setting: the field of it that is set.
    """

    device_class: str
    kind: Kind
    name: str
    setting: str
    value: float


def from_row(row: Sequence[Any]) -> ClassSetting:
    """A setting from its five columns: class, kind, name, setting, value."""
    device_class, kind, name, setting, value = row
    return ClassSetting(device_class, Kind(kind), name, setting, float(value))


def applied(registry: Registry, settings: Iterable[ClassSetting]) -> tuple[Registry, list[str]]:
    """The registry with what is set, and a sentence for each setting that a profile no longer allows.

    What is refused is not followed: the profile's own number holds, and somebody must be told.
    """
    by_class: dict[str, list[ClassSetting]] = defaultdict(list)
    for entry in settings:
        by_class[entry.device_class].append(entry)
    if not by_class:
        return registry, []
    refused: list[str] = []
    made = {
        profile.name: _profile(profile, by_class[profile.name], refused) if profile.name in by_class else profile
        for profile in registry
    }
    return Registry(MappingProxyType(made)), refused


def with_limits(policy: IdlePolicy, limits: Mapping[str, float]) -> IdlePolicy:
    """The policy with other limits.

    Args:
        policy: the profile's.
        limits: field of IDLE_LIMITS to whole days.

    Raises:
        ProfileError: a limit is none that may be set, outside its bounds, or they do not rise.
    """
    for name, value in limits.items():
        low, high = IDLE_LIMITS.get(name, (1, 0))
        if not low <= value <= high or value != int(value):
            raise ProfileError(f"idle policy {policy.name}: {name} must be {low} to {high} whole days")
    days: dict[str, Any] = {name: int(value) for name, value in limits.items()}
    made = replace(policy, **days)
    if made.quiet_propose_days is not None and made.propose_days > made.quiet_propose_days:
        raise ProfileError(
            f"idle policy {policy.name}: quiet months propose after {made.quiet_propose_days} days, no sooner"
        )
    return made


def _profile(profile: DeviceProfile, settings: Iterable[ClassSetting], refused: list[str]) -> DeviceProfile:
    wanted: dict[tuple[Kind, str], dict[str, float]] = defaultdict(dict)
    for entry in settings:
        wanted[entry.kind, entry.name][entry.setting] = entry.value
    rules = tuple(_rule(rule, wanted.pop((Kind.RULE, rule.name), {}), refused) for rule in profile.rules)
    policies = tuple(_policy(p, wanted.pop((Kind.IDLE, p.name), {}), refused) for p in profile.idle_policies)
    refused += [f"{profile.name}: there is no {kind} {name}" for kind, name in wanted]
    return replace(profile, rules=rules, idle_policies=policies)


def _rule(rule: Rule, settings: Mapping[str, float], refused: list[str]) -> Rule:
    try:
        return rule.adjusted(settings)
    except ProfileError as error:
        refused.append(str(error))
        return rule


def _policy(policy: IdlePolicy, limits: Mapping[str, float], refused: list[str]) -> IdlePolicy:
    try:
        return with_limits(policy, limits) if limits else policy
    except ProfileError as error:
        refused.append(str(error))
        return policy
