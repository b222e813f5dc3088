"""The dictionary across makers: each fault has causes, checks, parts, a priority; a number means nothing alone."""

from dataclasses import replace

import pytest

from fleet.diagnosis.knowledge import Advice, Knowledge, cause, chances, plain_knowledge
from fleet.dictionary import load_knowledge
from fleet.errors import ProfileError
from fleet.faults import NativeCode
from fleet.priority import PriorityClass
from fleet.registry import load_registry
from fleet.text import Text
from tests.unit.diagnosis.samples import KNOWLEDGE, PROFILE

REGISTRY = load_registry()
ALL = load_knowledge(REGISTRY)
EVERY_FAULT = [(name, fault.code) for name, one in ALL.items() for fault in one.profile.faults]


@pytest.mark.parametrize(("name", "code"), EVERY_FAULT)
def test_every_fault_has_ordered_causes_checks_and_a_priority(name: str, code: str) -> None:
    entry = ALL[name].entry(code)
    shares = [share for _, share in entry.causes]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)
    assert entry.checks
    assert entry.priority in PriorityClass
    for one, _ in entry.causes:
        assert (one.advice is Advice.REMOTE) == (one.script is not None)
    if all(one.advice in {Advice.VISIT, Advice.EXCHANGE} for one, _ in entry.causes):
        nothing_to_bring = {"MED-MEC-01", "MED-MEC-02"}
        assert entry.parts or code in nothing_to_bring, "somebody drives there with nothing"


def test_the_same_number_of_another_system_is_another_fault_with_another_part() -> None:
    number_three = {
        system: PROFILE.faults_by_native[NativeCode(system, "3")].code for system in ("vr2", "shark", "rem24")
    }
    assert number_three == {"vr2": "WC-MOT-02", "shark": "WC-MOT-09", "rem24": "WC-MOT-08"}
    seven = {
        system: KNOWLEDGE.entry(PROFILE.faults_by_native[NativeCode(system, "7")].code) for system in ("vr2", "dx")
    }
    assert {part.key for part in seven["vr2"].parts}.isdisjoint(part.key for part in seven["dx"].parts)


def test_a_new_native_code_is_one_line_of_data() -> None:
    faults = tuple(
        replace(fault, native=(*fault.native, NativeCode("vr2", "11"))) if fault.code == "WC-BRK-03" else fault
        for fault in PROFILE.faults
    )
    added = replace(PROFILE, faults=faults)
    assert added.faults_by_native[NativeCode("vr2", "11")].code == "WC-BRK-03"
    assert replace(KNOWLEDGE, profile=added).entry("WC-BRK-03").causes


def test_priority_classes_carry_their_targets() -> None:
    assert PriorityClass.ACUTE.target.working_hours == 8
    assert PriorityClass.ON_CALL.target.hours == 5
    ordinary = PriorityClass.ORDINARY.target
    assert (ordinary.start_working_days, ordinary.done_working_days) == (3, 10)
    assert KNOWLEDGE.priority("WC-BRK-01") is PriorityClass.ACUTE
    assert KNOWLEDGE.priority("WC-SRV-01") is PriorityClass.ORDINARY
    assert ALL["dispenser"].priority("MED-MEC-01") is PriorityClass.ON_CALL


def test_a_class_without_a_file_still_has_what_its_catalogue_says() -> None:
    for profile in REGISTRY:
        plain = plain_knowledge(profile)
        assert {code for one in plain.causes for code in one.raises} == profile.faults_by_code.keys()


def _with(extra: dict[str, object]) -> Knowledge:
    fields: dict[str, object] = {"raises": "WC-BAT-01:.5", "check": "ask_charging"}
    more = cause("extra", 1, "Extra", "Extra", **(fields | extra))  # type: ignore[arg-type]
    return replace(KNOWLEDGE, causes=(*KNOWLEDGE.causes, more))


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"raises": "WC-NON-01:.5"}, "WC-NON-01"),
        ({"shows": "nonsense:.5"}, "nonsense"),
        ({"check": "nonsense"}, "nonsense"),
        ({"parts": "nonsense"}, "nonsense"),
        ({"recurs": 1.0}, "between 0 and 1"),
        ({"advice": Advice.REMOTE}, "needs a script"),
    ],
)
def test_knowledge_that_contradicts_itself_is_refused_by_name(extra: dict[str, object], said: str) -> None:
    with pytest.raises(ProfileError, match=said):
        _with(extra)


def test_knowledge_without_a_cause_for_a_fault_is_refused() -> None:
    with pytest.raises(ProfileError, match="no cause raises WC-SRV-01"):
        replace(KNOWLEDGE, causes=tuple(one for one in KNOWLEDGE.causes if one.key != "service_due"))


def test_probabilities_are_read_from_a_table() -> None:
    assert chances("WC-BAT-01:.6 soh_low:.85") == {"WC-BAT-01": 0.6, "soh_low": 0.85}
    assert cause("x", 1, "a", "b", raises="A:.5", check="c", script=Text("a", "b")).advice is Advice.REMOTE
