"""What may be asked of a device, what comes back to whom, and why a command expires."""

from typing import Any

import pytest

from diagnostics.commands.asking import allowed_command, complete_parameters
from diagnostics.commands.results import visible_result
from diagnostics.commands.states import OPEN, Expiry, State, expiry_of
from diagnostics.problems import Problem
from diagnostics.rights import RIGHTS, Right, Role, may
from fleet.commands import READ_LIVE, Level
from fleet.registry import load_registry
from fleet.signals import Audience

REGISTRY = load_registry()


@pytest.mark.parametrize("role", list(Role))
def test_every_command_of_every_class_against_every_role(role: Role) -> None:
    for profile in REGISTRY:
        for command in profile.all_commands:
            try:
                allowed = allowed_command(profile, command.name, role) is command
                code = ""
            except Problem as problem:
                allowed, code = False, problem.code
            match command.level:
                case Level.READ:
                    assert allowed == may(role, Right.COMMAND_READ)
                case Level.REVERSIBLE:
                    assert allowed == (role in {Role.TECHNICIAN, Role.ADMINISTRATOR})
                case Level.SETTING:
                    asks = role in {Role.TECHNICIAN, Role.CLINICAL, Role.ADMINISTRATOR}
                    assert (allowed, code) == ((True, "") if asks else (False, "forbidden"))


def test_what_the_class_does_not_declare_does_not_exist() -> None:
    for name in ("drive_forward", "set_anything", "", "read_faults "):
        with pytest.raises(Problem) as error:
            allowed_command(REGISTRY["wheelchair"], name, Role.ADMINISTRATOR)
        assert error.value.code == "unknown_command"


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        ({}, {"seconds": 5}),
        ({"seconds": 1}, {"seconds": 1}),
        ({"seconds": 60}, {"seconds": 60}),
        ({"seconds": 0.99}, None),
        ({"seconds": 60.01}, None),
        ({"minutes": 1}, None),
        ({"seconds": 5, "minutes": 1}, None),
    ],
)
def test_parameters(given: dict[str, float], complete: dict[str, float] | None) -> None:
    if complete is not None:
        assert complete_parameters(READ_LIVE, given) == complete
        return
    with pytest.raises(Problem) as error:
        complete_parameters(READ_LIVE, given)
    assert error.value.code == "wrong_parameters"
    assert "1..60 s" in error.value.detail.sv


def seen(device_class: str, result: dict[str, Any], *audiences: Audience) -> dict[str, Any]:
    profile = REGISTRY[device_class]
    return visible_result(profile, profile.models[0].key, "", result, frozenset(audiences))


def test_live_values_of_another_view_are_taken_out_for_every_class_and_model() -> None:
    for profile, model in REGISTRY.models():
        spelled = {key: name for name, key in model.renamed.items()}
        values = {spelled.get(metric.key, metric.key): 1.0 for metric in profile.metrics}
        for audience in Audience:
            shown = visible_result(profile, model.key, model.firmware_from, {"values": values}, frozenset({audience}))
            keys = {model.renamed.get(name, name) for name in shown["values"]}
            assert keys == {metric.key for metric in profile.metrics if metric.audience is audience}
    assert seen("wheelchair", {"values": {"made.up": 1}}, *Audience) == {"values": {}}


def test_faults_of_another_view_are_taken_out_and_known_ones_explained() -> None:
    dispenser = REGISTRY["dispenser"]
    care = next(f for f in dispenser.faults if f.audience is Audience.CARE and f.native)
    technical = next(f for f in dispenser.faults if f.audience is Audience.TECHNICAL and f.native)
    result = {
        "faults": [
            *({"system": f.native[0].system, "code": f.native[0].code, "count": 1} for f in (care, technical)),
            {"system": "made-up", "code": "X"},
            "no fault at all",
        ]
    }
    for_technician = seen("dispenser", result, Audience.TECHNICAL)["faults"]
    assert [fault.get("fault_code") for fault in for_technician] == [technical.code, None]
    assert for_technician[0]["title"]["sv"] == technical.title.sv
    assert [fault["fault_code"] for fault in seen("dispenser", result, Audience.CARE)["faults"]] == [care.code]


def test_other_results_pass_unless_they_name_a_hidden_metric() -> None:
    clinical = next(metric.key for metric in REGISTRY["apap"].metrics if metric.audience is Audience.CLINICAL)
    result = {"firmware": "1.0", "notes": [{"at": 1, clinical: 4.2}]}
    assert seen("apap", result, Audience.TECHNICAL) == {"firmware": "1.0", "notes": [{"at": 1}]}
    assert seen("apap", result, Audience.CLINICAL) == result


def test_every_open_state_has_a_reason_to_expire() -> None:
    of_approval = {Expiry.NOT_APPROVED, Expiry.AWAITS_APPROVAL}  # a setting's, whatever its state
    assert {expiry_of(state) for state in OPEN} == set(Expiry) - of_approval
    assert expiry_of(State.QUEUED) is Expiry.NOT_SENT


def test_every_role_has_rights_and_the_table_is_whole() -> None:
    assert set(RIGHTS) == set(Role)
    assert all(RIGHTS[role] for role in Role)
    assert set.union(*(set(rights) for rights in RIGHTS.values())) == set(Right)
