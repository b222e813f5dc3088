"""Reasons of alarms as people read them."""

import pytest

from diagnostics.console.spoken import spoken
from fleet.registry import load_registry
from fleet.text import Text

REGISTRY = load_registry()


@pytest.mark.parametrize(
    ("device_class", "reason", "said"),
    [
        ("wheelchair", Text("battery.soc under 20 i 15 minuter", "-"), "{battery.soc} under 20 i 15 minuter"),
        ("scale", Text("body.weight väntad, inget på 145.0 dygn", "-"), "{body.weight} väntad, inget på 145,0 dygn"),
        ("dispenser", Text("inget hört på 3 minuter", "-"), "inget hört på 3 minuter"),
        ("wheelchair", Text("aktivt fel: QQ-NEW-99", "-"), "aktivt fel: QQ-NEW-99"),
        ("wheelchair", Text("battery.socket är en annan sak", "-"), "battery.socket är en annan sak"),
    ],
)
def test_keys_give_way_to_what_people_call_them(device_class: str, reason: Text, said: str) -> None:
    profile = REGISTRY[device_class]
    for key, metric in profile.metrics_by_key.items():
        said = said.replace(f"{{{key}}}", metric.title.sv)
    assert spoken(reason, profile, "sv") == said


def test_a_fault_keeps_its_code_beside_its_name() -> None:
    dispenser = REGISTRY["dispenser"]
    jam = dispenser.faults_by_code["MED-MEC-01"].title
    reason = Text("aktivt fel: MED-MEC-01", "active fault: MED-MEC-01")
    assert spoken(reason, dispenser, "sv") == f"aktivt fel: {jam.sv} (MED-MEC-01)"
    assert spoken(reason, dispenser, "en") == f"active fault: {jam.en} (MED-MEC-01)"


def test_every_rule_of_every_profile_names_nothing_that_stays_a_key() -> None:
    for profile in REGISTRY:
        keys = [key for rule in profile.rules for key in (*rule.metrics(), *rule.event_names())]
        for key in keys:
            assert spoken(Text(key, key), profile, "sv") != key, f"{profile.name}: {key}"


def test_where_no_profile_is_known_the_reason_stays_as_it_is() -> None:
    assert spoken(Text("battery.soc 1.5", "battery.soc 1.5"), None, "en") == "battery.soc 1.5"
