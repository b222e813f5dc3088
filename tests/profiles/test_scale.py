"""What is particular to scales: steps and pounds, failed weighings, and a weight that no technician sees."""

import pytest

from fleet.errors import RejectedMessageError
from fleet.faults import NativeCode
from fleet.normalise import Normaliser
from fleet.profiles.scale import PROFILE
from fleet.signals import Audience


def border(key: str, firmware: str = "") -> Normaliser:
    model = PROFILE.model(key, firmware)
    assert model is not None
    return Normaliser(PROFILE, model)


@pytest.mark.parametrize(
    ("raw", "kilograms"), [(13_140, 65.7), (13_120, 65.6), (13_180, 65.9), (4_000, 20.0), (60_000, 300.0)]
)
def test_bluetooth_steps_are_five_grams(raw: float, kilograms: float) -> None:
    assert border("and-uc352ble").normalise({"weight_raw": raw}, {}).values == {"body.weight": pytest.approx(kilograms)}


def test_a_pound_is_not_a_kilogram_and_not_half_of_one() -> None:
    in_pounds = border("wss-pounds").normalise({"weight_raw": 14_484.0}, {}).values["body.weight"]
    in_steps = border("and-uc352ble").normalise({"weight_raw": 14_484.0}, {}).values["body.weight"]
    assert in_pounds == pytest.approx(65.698, abs=0.001)
    assert in_steps == pytest.approx(72.42)


@pytest.mark.parametrize("key", ["and-uc352ble", "wss-pounds"])
def test_a_failed_weighing_is_no_weight_and_no_use(key: str) -> None:
    found = border(key).normalise({"weight_raw": 65_535.0}, {}).values
    assert found == {}
    assert not PROFILE.usage.is_used({"weighings": float(len(found))})


@pytest.mark.parametrize("kilograms", [19.9, 300.1])
def test_a_cat_and_a_piano_are_refused(kilograms: float) -> None:
    with pytest.raises(RejectedMessageError, match=r"body\.weight"):
        border("and-uc352ble", "2.0").normalise({"body.weight": kilograms}, {})


def test_letters_on_displays_contradict_each_other() -> None:
    battery = PROFILE.faults_by_native[NativeCode("taylor", "Lo")]
    too_light = PROFILE.faults_by_native[NativeCode("generic-display", "LO")]
    assert (battery.code, too_light.code) == ("SCL-BAT-01", "SCL-MEA-05")


def test_nothing_of_the_body_is_technical() -> None:
    assert {metric.audience for metric in PROFILE.metrics if metric.key.startswith("body.")} == {Audience.CLINICAL}
    assert PROFILE.faults_by_code["SCL-USR-01"].audience is Audience.CLINICAL


def test_one_weighing_is_use() -> None:
    assert PROFILE.usage.is_used({"weighings": 1.0})
    assert not PROFILE.usage.is_used({"weighings": 0.0})


def test_contact_comes_at_the_longer_of_two_weeks_and_four_intervals() -> None:
    contact = {policy.name: (policy.contact_days, policy.propose_days) for policy in PROFILE.idle_policies}
    assert contact == {"default": (14, 60), "daily_plan": (7, 60), "weekly_plan": (28, 60)}
