"""What a declaration of a signal, fault, command or text may not say; a motion command above all."""

from dataclasses import replace
from typing import Any

import pytest

from fleet.commands import MOTION_WORDS, READ_LIVE, Command, Level, Parameter, Permission, stage_update
from fleet.errors import ProfileError, RejectionReason, shown
from fleet.faults import NativeCode, Severity, native
from fleet.signals import Basis, Event, Kind, Metric
from fleet.text import Text
from tests.unit.fleet.sample import NAME, fault

BEEP = Command(name="locate_beep", level=Level.REVERSIBLE, title=NAME, refused_while=("lit",))
SECONDS = Parameter(name="seconds", unit="s", low=0, high=10, title=NAME)
CHARGE = Metric(key="battery.soc", unit="%", title=NAME, low=0, high=100)


@pytest.mark.parametrize("word", sorted(MOTION_WORDS))
@pytest.mark.parametrize("spelling", ["{}", "{}_chair", "set_{}", "do_{}_now"])
def test_a_motion_command_does_not_load_at_any_level(word: str, spelling: str) -> None:
    for level in Level:
        with pytest.raises(ProfileError, match="no motion command exists"):
            Command(name=spelling.format(word), level=level, title=NAME, refused_while=("lit",))


@pytest.mark.parametrize(
    "name",
    ["drive_forward", "seat_lift", "tilt_seat", "brake_release", "set_speed_limit", "dispense_now", "open_lid",
     "start_therapy", "inflate_cells", "throttle_up", "raise_backrest", "driving_mode_on", "moving_test", "eject_pouch",
     "vent_cells", "pump_on"],
)  # fmt: skip
def test_commands_that_one_could_wish_for_and_must_not_have(name: str) -> None:
    with pytest.raises(ProfileError, match="promises motion"):
        Command(name=name, level=Level.SETTING, title=NAME, refused_while=("lit",))


@pytest.mark.parametrize(
    "name", ["self_test", "locate_beep", "restart_gateway", "read_faults", "set_upload_interval", "sync_clock"]
)
def test_commands_without_motion_load(name: str) -> None:
    assert Command(name=name, level=Level.REVERSIBLE, title=NAME, refused_while=("lit",)).name == name


@pytest.mark.parametrize("word", sorted(MOTION_WORDS))
def test_no_parameter_slips_motion_into_a_harmless_name(word: str) -> None:
    with pytest.raises(ProfileError, match="no motion command exists"):
        replace(BEEP, parameters=(replace(SECONDS, name=f"{word}_now"),))


def test_a_setting_needs_the_makers_permission_and_something_bounded_to_set() -> None:
    whose = Permission(by=NAME, basis=Basis.ASSUMED, source="assumed")
    volume = Command(
        name="set_volume",
        level=Level.SETTING,
        title=NAME,
        refused_while=("lit",),
        parameters=(SECONDS,),
        permission=whose,
    )
    assert volume.setting_key(SECONDS) == "volume.seconds"
    for without in ({"permission": None}, {"parameters": ()}):
        with pytest.raises(ProfileError, match="a setting needs bounded parameters and the maker's permission"):
            replace(volume, **without)


def test_a_text_parameter_is_bounded_by_its_form() -> None:
    (version,) = stage_update(NAME, ("lit",)).texts
    assert version.allows("2.4.1")
    assert not any(version.allows(text) for text in ("", "../../etc", "x" * 41, 2.4))
    with pytest.raises(ProfileError, match="does not fit its pattern"):
        replace(version, example="no version!")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Self-Test"},
        {"refused_while": ()},
        {"expires_seconds": 0},
        {"level": Level.SETTING, "refused_while": ()},
    ],
)
def test_what_no_command_may_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError):
        replace(BEEP, **wrong)


def test_reading_is_never_refused() -> None:
    assert READ_LIVE.refused_while == ()


@pytest.mark.parametrize("wrong", [{"low": 5, "high": 5}, {"default": 11}, {"default": -1}])
def test_a_parameter_has_bounds_and_its_default_lies_in_them(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match="parameter"):
        replace(SECONDS, **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "Battery"},
        {"key": "battery..soc"},
        {"key": "battery.soc "},
        {"key": "battery-soc"},
        {"key": "1battery"},
        {"unit": ""},
        {"low": 5, "high": 5},
        {"low": 6, "high": 5},
        {"cadence_seconds": 0},
    ],
)
def test_what_no_metric_may_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match="metric"):
        replace(CHARGE, **wrong)


def test_a_metric_has_its_column_and_type() -> None:
    metric = Metric(key="motor.left.temp", unit="Cel", title=NAME, low=0, high=1)
    assert metric.column == "motor_left_temp"
    assert [kind.column_type for kind in Kind] == ["real", "integer", "boolean"]


@pytest.mark.parametrize("name", ["Power_On", "power-on", "", "power on", "_on"])
def test_what_no_event_name_may_be(name: str) -> None:
    with pytest.raises(ProfileError, match="event"):
        Event(name=name, title=NAME)


def test_a_fault_is_sent_or_derived() -> None:
    with pytest.raises(ProfileError, match="native code"):
        fault(native=())
    assert fault(native=(), derived=True).native == ()


def test_evidence_of_a_critical_fault_cannot_be_cleared() -> None:
    with pytest.raises(ProfileError, match="evidence"):
        fault(severity=Severity.CRITICAL, clearable=True)


@pytest.mark.parametrize(("system", "code"), [("", "1"), ("vr2", ""), ("VR2", "1")])
def test_what_no_native_code_may_be(system: str, code: str) -> None:
    with pytest.raises(ProfileError, match="native code"):
        NativeCode(system, code)


def test_native_codes_are_spelled_system_first() -> None:
    assert native("vr2 2", "ics 2029 2039") == (
        NativeCode("vr2", "2"),
        NativeCode("ics", "2029"),
        NativeCode("ics", "2039"),
    )
    with pytest.raises(ProfileError, match="a code"):
        native("vr2")


def test_severities_rise() -> None:
    assert [severity.rank for severity in (Severity.INFO, Severity.WARNING, Severity.HIGH, Severity.CRITICAL)] == [
        0,
        1,
        2,
        3,
    ]


@pytest.mark.parametrize(("sv", "en"), [("", "x"), ("x", ""), (" ", "x")])
def test_a_text_has_both_languages(sv: str, en: str) -> None:
    with pytest.raises(ValueError, match="both languages"):
        Text(sv, en)


def test_swedish_comes_first() -> None:
    text = Text("hej", "hello")
    assert [text.to(language) for language in ("sv", "en", "fi", "")] == ["hej", "hello", "hej", "hej"]


@pytest.mark.parametrize("nasty", ["a\nb\x00\x1b[31m", "x" * 500, "\u202eabc", "<script>"])
def test_what_a_device_says_is_shown_short_and_without_control_characters(nasty: str) -> None:
    text = shown(nasty)
    assert len(text) <= 60
    assert text.isprintable()


def test_reasons_are_stable_words() -> None:
    assert all(reason.value == reason.name.lower() for reason in RejectionReason)
