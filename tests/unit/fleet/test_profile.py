"""A profile that contradicts itself, or another, is refused at start with the name of the entry."""

from typing import Any

import pytest

from fleet.commands import COMMON_READ_COMMANDS, Command, Level
from fleet.errors import ProfileError, UnknownDeviceClassError
from fleet.faults import NativeCode, Severity, native
from fleet.models import Conversion
from fleet.registry import Registry, build_registry, load_registry
from fleet.rules import EventSeen, FaultActive, Rule, Silence, Threshold
from fleet.signals import Event, Metric
from fleet.usage import AtLeast, Gather, IdlePolicy, Measure, UsageDefinition
from tests.unit.fleet.sample import NAME, fault, model, profile

LAMP = profile()


def test_the_sample_is_valid_and_has_what_every_class_has() -> None:
    assert {"fault_raised", "fault_cleared", "pressed"} <= {event.name for event in LAMP.all_events}
    assert {command.name for command in COMMON_READ_COMMANDS} | {"locate_beep"} == set(LAMP.commands_by_name)
    assert LAMP.faults_by_native[NativeCode("lamp", "1")].code == "LMP-BAT-01"
    assert LAMP.idle_policy(LAMP.models[0]).name == "default"


def rules(rule: Rule) -> dict[str, Any]:
    return {"rules": (rule,)}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"name": "Lamp"}, "Lamp"),
        ({"metrics": (*LAMP.metrics, LAMP.metrics[0])}, "battery_soc"),
        ({"metrics": (*LAMP.metrics, Metric(key="battery_soc", unit="%", title=NAME, low=0, high=1))}, "battery_soc"),
        ({"events": (*LAMP.events, Event(name="fault_raised", title=NAME))}, "fault_raised"),
        ({"faults": (fault(), fault(native=native("lamp 2")))}, "LMP-BAT-01"),
        ({"faults": (fault(), fault("LMP-BAT-02"))}, "native code"),
        ({"commands": (Command(name="read_faults", level=Level.READ, title=NAME),)}, "read_faults"),
        (
            {"commands": (Command(name="beep", level=Level.REVERSIBLE, title=NAME, refused_while=("flying",)),)},
            "flying",
        ),
        (rules(Threshold(name="r", title=NAME, severity=Severity.INFO, metric="no.such", above=1)), "no.such"),
        (
            rules(EventSeen(name="r", title=NAME, severity=Severity.INFO, event="no_such", settled_by=("pressed",))),
            "no_such",
        ),
        (
            rules(EventSeen(name="r", title=NAME, severity=Severity.INFO, event="pressed", settled_by=("no_such",))),
            "no_such",
        ),
        (rules(FaultActive(name="r", title=NAME, severity=Severity.INFO, faults=("NO-SUCH",))), "NO-SUCH"),
        ({"rules": (Silence(name="r", title=NAME, severity=Severity.INFO, after_seconds=1),) * 2}, "rule r"),
        ({"idle_policies": (IdlePolicy(name="default", note_days=1, contact_days=2, propose_days=3),) * 2}, "default"),
        ({"models": ()}, "at least one model"),
        ({"operating_states": ()}, "operating state"),
        ({"models": (model(missing=frozenset({"no.such"})),)}, "no.such"),
        ({"models": (model(conversions={"no.such": Conversion(native_unit="x")}),)}, "no.such"),
        ({"models": (model(renamed={"x": "no.such"}),)}, "no.such"),
        ({"models": (model(idle_policy="outdoor"),)}, "outdoor"),
        (
            {
                "usage": UsageDefinition(
                    measures=(Measure(name="m", title=NAME, unit="1", gather=Gather.SUM, metric="no.such"),),
                    used_when=(AtLeast("m", 1),),
                    reason=NAME,
                )
            },
            "no.such",
        ),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ProfileError) as caught:
        profile(**wrong)
    assert named in str(caught.value)


def test_two_files_may_not_claim_one_class() -> None:
    with pytest.raises(ProfileError, match=r"'lamp' is claimed by both a\.py and b\.py"):
        build_registry([("a.py", LAMP), ("b.py", profile(models=(model("lamp-two"),)))])


def test_two_files_may_not_claim_one_model() -> None:
    with pytest.raises(ProfileError, match=r"'lamp-one' is claimed by both a\.py and b\.py"):
        build_registry([("a.py", LAMP), ("b.py", profile(name="torch"))])


def test_one_model_may_have_several_firmware_descriptions() -> None:
    described = profile(models=(model(firmware_below="2.0"), model(firmware_from="2.0")))
    assert len(list(build_registry([("a.py", described)]).models())) == 2


def test_a_registry_is_sorted_and_says_what_it_knows() -> None:
    registry = build_registry([("b.py", profile(name="torch", models=(model("t"),))), ("a.py", LAMP)])
    assert [entry.name for entry in registry] == ["lamp", "torch"]
    assert ("lamp" in registry, "sofa" in registry) == (True, False)
    assert registry["lamp"] is LAMP
    with pytest.raises(UnknownDeviceClassError, match=r"'sofa'; known: lamp, torch"):
        registry["sofa"]


def test_an_empty_registry_is_a_registry() -> None:
    assert list(Registry({})) == []


def test_the_folder_is_the_registry() -> None:
    assert {"wheelchair", "scale"} <= set(load_registry().by_name)
    assert load_registry() is load_registry()
