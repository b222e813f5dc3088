"""What is set for a class holds over its profile, within its bounds; what is refused changes nothing and is told."""

from typing import Any

import pytest

from fleet.class_settings import ClassSetting, Kind, applied, from_row, with_limits
from fleet.errors import ProfileError
from fleet.registry import Registry, load_registry

REGISTRY = load_registry()
BELOW = ClassSetting("dispenser", Kind.RULE, "battery_low", "below", 25.0)


def below(registry: Registry) -> float:
    found: Any = next(rule for rule in registry["dispenser"].rules if rule.name == "battery_low")
    return float(found.below)


def test_nothing_set_is_the_registry_itself() -> None:
    assert applied(REGISTRY, []) == (REGISTRY, [])


def test_a_rule_and_an_idle_policy_follow_what_is_set_and_other_classes_do_not() -> None:
    indoor = [ClassSetting("wheelchair", Kind.IDLE, "indoor", name, days) for name, days in LIMITS.items()]
    made, refused = applied(REGISTRY, [BELOW, *indoor])
    assert (below(made), below(REGISTRY), refused) == (25.0, 20.0, [])
    policy = next(policy for policy in made["wheelchair"].idle_policies if policy.name == "indoor")
    assert (policy.note_days, policy.contact_days, policy.propose_days) == (5, 10, 20)
    assert made["scale"] is REGISTRY["scale"]


LIMITS = {"note_days": 5.0, "contact_days": 10.0, "propose_days": 20.0}


@pytest.mark.parametrize(
    "wrong",
    [
        ("dispenser", "rule", "battery_low", "below", 90),
        ("dispenser", "rule", "battery_low", "above", 10),
        ("dispenser", "rule", "gone", "below", 10),
        ("wheelchair", "idle", "indoor", "note_days", 300),
        ("wheelchair", "idle", "indoor", "silent_after_days", 5),
        ("wheelchair", "idle", "indoor", "note_days", 7.5),
        ("wheelchair", "idle", "gone", "note_days", 7),
    ],
)
def test_what_a_profile_does_not_allow_is_told_and_not_followed(wrong: tuple[str, str, str, str, float]) -> None:
    made, refused = applied(REGISTRY, [from_row(wrong), BELOW] if wrong[0] != "dispenser" else [from_row(wrong)])
    assert len(refused) == 1
    assert made["wheelchair"] == REGISTRY["wheelchair"]
    assert below(made) == (25.0 if wrong[0] != "dispenser" else 20.0)


def test_limits_rise_and_stay_below_those_of_quiet_months() -> None:
    outdoor = next(p for p in REGISTRY["wheelchair"].idle_policies if p.quiet_propose_days is not None)
    assert outdoor.quiet_propose_days is not None
    with pytest.raises(ProfileError):
        with_limits(outdoor, {"note_days": 30, "contact_days": 20, "propose_days": 40})
    with pytest.raises(ProfileError):
        with_limits(outdoor, {"note_days": 7, "contact_days": 20, "propose_days": outdoor.quiet_propose_days + 1})
