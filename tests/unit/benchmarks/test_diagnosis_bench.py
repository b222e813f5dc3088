"""The diagnosis benchmark on fixed seeds: the bars hold, and knowledge that was mixed up falls below them."""

import pytest

from benchmarks.diagnosis.cases import PLANTED, Case, Kind, make_cases
from benchmarks.diagnosis.judge import baseline, score, shuffled
from benchmarks.diagnosis.run import JUDGED_SEEDS, TUNING_SEEDS
from fleet.dictionary import load_knowledge
from fleet.registry import load_registry

REGISTRY = load_registry()
KNOWLEDGE = load_knowledge(REGISTRY)


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    return make_cases(REGISTRY, 7101, 260)


def test_the_right_cause_stands_first_and_what_cannot_be_seen_is_not_guessed(cases: tuple[Case, ...]) -> None:
    reached = score(cases, KNOWLEDGE)
    assert reached.passes(), reached.as_dict()
    manual = baseline(cases, KNOWLEDGE).as_dict()
    assert reached.as_dict()["first"] > manual["first"] + 0.2


def test_negative_control_knowledge_that_was_mixed_up_fails(cases: tuple[Case, ...]) -> None:
    mixed = score(cases, shuffled(KNOWLEDGE, 1))
    assert not mixed.passes()
    assert mixed.as_dict()["first"] < 0.3


def test_a_healthy_device_gets_no_cause(cases: tuple[Case, ...]) -> None:
    healthy = [case for case in cases if case.kind is Kind.HEALTHY]
    claims = score(healthy, KNOWLEDGE).claims[Kind.HEALTHY]
    assert len(healthy) >= 5
    assert claims.of <= len(healthy) // 10


def test_every_cause_and_every_fault_a_device_can_send_is_planted() -> None:
    for name, plants in PLANTED.items():
        assert {plant.key for plant in plants} == KNOWLEDGE[name].causes_by_key.keys()
        said = " ".join(plant.says for plant in plants).replace("?", "").replace("|", " ").replace("/", " ").split()
        assert set(said) == {fault.code for fault in REGISTRY[name].faults if not fault.derived}, name


def test_judged_seeds_are_not_those_rules_were_set_on() -> None:
    assert not set(JUDGED_SEEDS) & set(TUNING_SEEDS)


def test_a_seed_makes_the_same_cases_again() -> None:
    assert make_cases(REGISTRY, 5, 30) == make_cases(REGISTRY, 5, 30)
    assert make_cases(REGISTRY, 5, 30) != make_cases(REGISTRY, 6, 30)
