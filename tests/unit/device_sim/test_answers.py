"""Commands on the device: at most once, never late, never unknown, never in a state in which they are unsafe."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim.device import SimulatedDevice
from fleet.clock import to_milliseconds
from fleet.commands import Command, Level
from fleet.faults import NativeCode
from fleet.messages import Reply
from fleet.profile import DeviceProfile
from fleet.topics import Verb
from tests.unit.device_sim.support import NOW, REGISTRY, command, device, reply_to

NEEDED: dict[str, dict[str, Any]] = {"stage_update": {"version": "2.4.1"}}
EVERY_COMMAND = [(declared, known) for declared in REGISTRY for known in declared.all_commands]
# The whole table said here once more, by hand: in these states nothing but reading may get through.
UNSAFE = {
    "wheelchair": {"driving", "seat_moving"},
    "apap": {"therapy", "mask_off_running"},
    "dispenser": {"dosing", "refilling"},
    "scale": {"measuring"},
    "mattress": {"cpr"},
}
# A clock may be set while a seat moves: nothing of the seat hangs on it.
HARMLESS = {("wheelchair", "sync_clock", "seat_moving")}
# Nor are these begun on a battery that may have to last through the next dose.
ALSO = {("dispenser", "stage_update", "on_battery"), ("dispenser", "self_test", "on_battery")}
LISTED_BY_HAND = ("apap", "dispenser", "mattress", "scale", "wheelchair")


def refused_by_hand(declared: DeviceProfile, known: Command, state: str) -> bool:
    """Whether the device must refuse, by the table of this file; a class that is not listed yet has only its own."""
    if declared.name not in LISTED_BY_HAND:
        return state in known.refused_while
    if known.level is Level.READ or (declared.name, known.name, state) in HARMLESS:
        return False
    return state in UNSAFE[declared.name] or (declared.name, known.name, state) in ALSO


def status_of(simulated: SimulatedDevice, payload: bytes, **when: Any) -> str | None:
    answered = reply_to(simulated, payload, **when)
    return answered.status if answered else None


@pytest.mark.parametrize(("declared", "known"), EVERY_COMMAND, ids=lambda part: part.name)
def test_every_cell_of_state_and_command(declared: DeviceProfile, known: Command) -> None:
    simulated = device(declared)
    for counter, state in enumerate(declared.operating_states, start=1):
        simulated.operating_state = state
        answered = reply_to(simulated, command(known.name, counter, parameters=NEEDED.get(known.name, {})))
        assert answered is not None
        if refused_by_hand(declared, known, state):
            assert (answered.status, answered.reason) == ("refused", f"not while {state}")
        else:
            assert (answered.status, answered.reason) == ("succeeded", "")


def test_the_table_by_hand_has_a_row_for_every_class_and_its_states_exist() -> None:
    assert set(LISTED_BY_HAND) == set(UNSAFE) <= {declared.name for declared in REGISTRY}
    cells = [(d, known, state) for d, known in EVERY_COMMAND for state in d.operating_states]
    assert len(cells) > 200
    named = {(d.name, known.name, state) for d, known, state in cells}
    assert named >= HARMLESS | ALSO
    states = {(name, state) for name, _, state in named}
    assert {(name, state) for name, unsafe in UNSAFE.items() for state in unsafe} <= states


@pytest.mark.parametrize(("declared", "known"), EVERY_COMMAND, ids=lambda part: part.name)
def test_only_reading_gets_through_in_an_unsafe_state(declared: DeviceProfile, known: Command) -> None:
    unsafe = UNSAFE.get(declared.name, set(known.refused_while))
    assert unsafe <= set(declared.operating_states)
    for state in unsafe:
        simulated = device(declared, operating_state=state)
        harmless = known.level is Level.READ or (declared.name, known.name, state) in HARMLESS
        asked = command(known.name, parameters=NEEDED.get(known.name, {}))
        assert status_of(simulated, asked) == ("succeeded" if harmless else "refused")


def test_a_counter_is_executed_once_however_often_it_comes() -> None:
    simulated = device()
    assert [status_of(simulated, command(counter=5)) for _ in range(100)] == ["succeeded"] + [None] * 99
    assert simulated.replayed_commands == 99


@given(st.lists(st.integers(1, 12), max_size=40))
@settings(deadline=None, max_examples=60)
def test_counters_in_any_order_are_executed_at_most_once_and_only_rising(counters: list[int]) -> None:
    simulated = device()
    executed = [counter for counter in counters if status_of(simulated, command(counter=counter)) == "succeeded"]
    assert simulated.executed == executed == sorted(set(executed))
    assert not counters or max(counters) in executed


def test_the_counter_survives_a_restart() -> None:
    simulated = device()
    assert status_of(simulated, command(counter=7)) == "succeeded"
    simulated.restart()
    assert status_of(simulated, command(counter=7)) is None


@pytest.mark.parametrize(
    "refused", [command("no_such_command"), command("locate_beep", parameters={"seconds": 1e9}), command(not_after=0)]
)
def test_a_refused_counter_is_used_up(refused: bytes) -> None:
    simulated = device()
    assert status_of(simulated, refused) in {"refused", "expired"}
    assert status_of(simulated, command(counter=1)) is None


@pytest.mark.parametrize(("late", "expected"), [(-1, "succeeded"), (0, "succeeded"), (1, "expired")])
def test_a_command_holds_up_to_its_last_millisecond(late: int, expected: str) -> None:
    simulated = device()
    assert status_of(simulated, command(not_after=to_milliseconds(NOW) - late)) == expected


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (timedelta(), "expired"),
        (timedelta(hours=-1), "succeeded"),  # a clock an hour behind executes a late command: only the broker stops it
        (timedelta(hours=1), "expired"),
        (timedelta(days=1) - timedelta(minutes=3), "expired"),
        (timedelta(days=1), "succeeded"),  # from a day on the clock proves nothing
        (timedelta(days=-1), "succeeded"),
        (timedelta(days=-20_000), "succeeded"),
        (timedelta(days=29_000), "succeeded"),
    ],
)
def test_a_wrong_clock_is_not_believed_from_a_day_on(offset: timedelta, expected: str) -> None:
    simulated = device(clock_offset=offset)
    issued = to_milliseconds(NOW - timedelta(minutes=2))
    assert status_of(simulated, command(issued_at=issued, not_after=issued + 60_000)) == expected


def test_an_unknown_command_is_refused_by_name_and_without_control_characters() -> None:
    answered = reply_to(device(), command("drive\nforward"))
    assert answered is not None
    assert (answered.status, answered.reason) == ("refused", r"this device knows no command 'drive\nforward'")


@pytest.mark.parametrize(
    ("parameters", "expected", "reason"),
    [
        ({}, "succeeded", ""),
        ({"seconds": 1}, "succeeded", ""),
        ({"seconds": 30}, "succeeded", ""),
        ({"seconds": 30.5}, "refused", "seconds must lie in 1..30 s"),
        ({"seconds": 0}, "refused", "seconds must lie in 1..30 s"),
        ({"volume": 3}, "refused", "locate_beep takes no parameter 'volume'"),
    ],
)
def test_parameters_are_bounded_on_the_device(parameters: dict[str, float], expected: str, reason: str) -> None:
    answered = reply_to(device(), command("locate_beep", parameters=parameters))
    assert answered is not None
    assert (answered.status, answered.reason) == (expected, reason)


def test_a_setting_answers_with_what_it_applied() -> None:
    answered = reply_to(device(), command("set_reminder_hour", parameters={"hour": 9}))
    assert answered is not None
    assert answered.result == {"done": "set_reminder_hour", "hour": 9}


def test_faults_are_read_with_count_and_both_times() -> None:
    simulated = device()
    later = NOW + timedelta(hours=1)
    simulated.carry_fault(NativeCode("wss", "1"), NOW, module="hub")
    simulated.carry_fault(NativeCode("wss", "1"), later)
    answered = reply_to(simulated, command())
    assert answered is not None
    first, last = to_milliseconds(NOW), to_milliseconds(later)
    assert answered.result == {
        "faults": [{"system": "wss", "code": "1", "module": "hub", "count": 2, "first_seen": first, "last_seen": last}]
    }


def test_a_self_test_fails_where_there_is_a_fault() -> None:
    simulated = device()
    grades = []
    for counter in (1, 2):
        answered = reply_to(simulated, command("self_test", counter))
        assert answered is not None
        grades.append(answered.result["grade"])
        assert set(answered.result["subsystems"]) == {part.name for part in simulated.identity.profile.subsystems}
        simulated.carry_fault(NativeCode("wss", "1"), NOW)
    assert grades[0] == "pass"
    assert grades[1] in {"warn", "fail"}


def test_live_values_come_in_the_models_own_names_and_units() -> None:
    old = next(model for model in REGISTRY["wheelchair"].models if "stateOfCharge" in model.renamed)
    answered = reply_to(device(REGISTRY["wheelchair"], old), command("read_live"))
    assert answered is not None
    assert "stateOfCharge" in answered.result["values"]


def test_syncing_the_clock_mends_it_after_the_answer_is_dated() -> None:
    simulated = device(clock_offset=timedelta(hours=5))
    payload = command("sync_clock", issued_at=to_milliseconds(NOW), not_after=to_milliseconds(NOW + timedelta(days=1)))
    answered = reply_to(simulated, payload)
    assert answered is not None
    assert answered.ts == to_milliseconds(NOW + timedelta(hours=5))
    assert simulated.clock_offset == timedelta()


def test_clearing_ends_only_what_the_catalogue_lets_the_platform_clear() -> None:
    declared = REGISTRY["scale"]
    mendable = next(fault for fault in declared.faults if fault.clearable and fault.native).native[0]
    lasting = next(fault for fault in declared.faults if not fault.clearable and fault.native).native[0]
    unknown = NativeCode("unheard-of", "1")
    simulated = device(declared)
    for native in (mendable, lasting, unknown):
        simulated.carry_fault(native, NOW)
    sent = simulated.receive(Verb.COMMAND, command("clear_fault"), NOW)
    assert [message.verb for message in sent] == [Verb.REPLY, Verb.EVENT]
    assert set(simulated.faults) == {lasting, unknown}


def test_a_restart_is_answered_under_the_old_boot() -> None:
    simulated = device()
    answered = reply_to(simulated, command("restart_gateway"))
    assert answered is not None
    assert (answered.boot, simulated.boot) == (1, 2)


def test_a_silent_device_answers_nothing_and_uses_nothing_up() -> None:
    simulated = device(silent=True)
    assert simulated.receive(Verb.COMMAND, command(), NOW) == []
    simulated.silent = False
    assert isinstance(reply_to(simulated, command()), Reply)
