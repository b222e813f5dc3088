"""What is particular to wheelchairs: the same number in other systems, used days, seasons, and safety."""

from datetime import UTC, datetime

import pytest

from fleet.faults import NativeCode, Severity
from fleet.profiles.wheelchair import PROFILE
from fleet.rules import FaultActive, Sample, Snapshot
from fleet.signals import Audience

NOW = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("system", "code", "fault"),
    [
        ("vr2", "3", "WC-MOT-02"),
        ("shark", "3", "WC-MOT-09"),
        ("rem24", "3", "WC-MOT-08"),
        ("rascal", "3", "WC-MOT-07"),
        ("q50-r", "3", "WC-MOT-02"),
        ("dx", "3", "WC-MOT-07"),
        # Seven flashes: joystick, joystick, battery, battery, remote.
        ("vr2", "7", "WC-JOY-01"),
        ("q50-r", "7", "WC-JOY-01"),
        ("rem24", "7", "WC-BAT-01"),
        ("dx", "7", "WC-BAT-01"),
        ("rascal", "7", "WC-JOY-01"),
        # Nine: brakes, bus line, bus, bus.
        ("vr2", "9", "WC-BRK-03"),
        ("dx", "9", "WC-COM-02"),
        ("rem24", "9", "WC-COM-01"),
        ("rascal", "9", "WC-COM-01"),
    ],
)
def test_the_same_number_in_another_system_is_another_fault(system: str, code: str, fault: str) -> None:
    assert PROFILE.faults_by_native[NativeCode(system, code)].code == fault


def test_a_number_alone_means_nothing() -> None:
    assert not [native for native in PROFILE.faults_by_native if native.system in {"", "any", "flash"}]
    assert len({PROFILE.faults_by_native[native].code for native in PROFILE.faults_by_native if native.code == "3"}) > 3


@pytest.mark.parametrize("code", ["03-00", "03-01", "03-02", "03-03"])
def test_a_system_that_names_no_side_gets_no_side(code: str) -> None:
    title = PROFILE.faults_by_native[NativeCode("hhp", code)].title
    assert not {"vänster", "höger"} & set(title.sv.lower().replace(":", "").split())


@pytest.mark.parametrize(
    ("day", "used"),
    [
        ({"charges": 3.0}, False),
        ({"seat_adjustments": 40.0}, False),
        # One push by a relative: a bout of 7 m, ten seconds.
        ({"longest_bout": 7.0, "drive_bouts": 1.0, "drive_minutes": 0.16, "distance": 7.0}, False),
        ({"longest_bout": 19.9, "drive_bouts": 2.0, "drive_minutes": 0.9}, False),
        ({"longest_bout": 20.0}, True),
        ({"drive_bouts": 3.0}, True),
        ({"drive_minutes": 1.0}, True),
    ],
)
def test_a_used_day(day: dict[str, float], *, used: bool) -> None:
    assert PROFILE.usage.is_used(day) is used


def test_thresholds_follow_the_placement_and_winter_is_quiet_outdoors_only() -> None:
    days = {
        policy.name: (policy.note_days, policy.contact_days, policy.propose_days) for policy in PROFILE.idle_policies
    }
    assert days == {"indoor": (7, 14, 30), "outdoor": (21, 42, 60), "assist": (14, 28, 45)}
    quiet = {policy.name: (policy.quiet_months, policy.quiet_propose_days) for policy in PROFILE.idle_policies}
    assert quiet["outdoor"] == (frozenset({11, 12, 1, 2, 3}), 120)
    assert quiet["indoor"] == quiet["assist"] == (frozenset(), None)


def test_brakes_joystick_and_a_tipped_chair_are_safety() -> None:
    safety = {rule.name for rule in PROFILE.rules if rule.safety}
    assert safety == {"brake_fault", "joystick_fault", "tipped"}
    for fault in ("WC-BRK-01", "WC-BRK-02", "WC-BRK-03", "WC-JOY-01"):
        assert PROFILE.faults_by_code[fault].action.sv.startswith("Kör inte.")
        assert not PROFILE.faults_by_code[fault].clearable


def test_every_fault_that_stops_a_chair_rings_once() -> None:
    rung = [code for rule in PROFILE.rules if isinstance(rule, FaultActive) for code in rule.faults]
    assert len(rung) == len(set(rung))
    urgent = {fault.code for fault in PROFILE.faults if fault.severity.rank >= Severity.HIGH.rank}
    assert urgent <= set(rung)


def test_only_the_gateway_is_cleared_from_afar() -> None:
    clearable = {native.system for fault in PROFILE.faults if fault.clearable for native in fault.native}
    assert clearable == {"gateway"}


def test_a_dip_on_a_climb_is_held_back_and_an_empty_battery_rings() -> None:
    low = next(rule for rule in PROFILE.rules if rule.name == "battery_voltage_low")
    assert low.hold_seconds >= 600
    dip = Snapshot(values={"battery.voltage": Sample(21.5, NOW)}, watermark=NOW)
    assert low.evaluate(dip, NOW, firing=False) is not None
    recovered = Snapshot(values={"battery.voltage": Sample(24.5, NOW)}, watermark=NOW)
    assert low.evaluate(recovered, NOW, firing=True) is None


def test_where_the_chair_stands_is_not_collected() -> None:
    assert not [
        metric.key for metric in PROFILE.metrics if {"lat", "lon", "location", "position"} & set(metric.key.split("."))
    ]


def test_how_somebody_sits_is_not_for_the_technician() -> None:
    assert {PROFILE.metrics_by_key[key].audience for key in ("seat.tilt_angle", "seat.occupied_time")} == {
        Audience.CLINICAL
    }
