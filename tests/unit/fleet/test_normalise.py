"""The border between what a model sends and what is stored."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import RejectedMessageError, RejectionReason
from fleet.models import Conversion, DeviceModel
from fleet.normalise import Normalised, Normaliser
from fleet.signals import Metric
from tests.unit.fleet.sample import NAME, POUNDS, model, profile

WEIGHT = Metric(key="body.weight", unit="kg", title=NAME, low=20, high=300)
SPEED = Metric(key="speed", unit="m/s", title=NAME, low=0, high=4.2)


def normaliser(described: DeviceModel | None = None) -> Normaliser:
    plain = profile()
    return Normaliser(profile(metrics=(*plain.metrics, WEIGHT, SPEED)), described)


def refusal(
    values: dict[str, Any], units: dict[str, str] | None = None, described: DeviceModel | None = None
) -> RejectedMessageError:
    with pytest.raises(RejectedMessageError) as caught:
        normaliser(described).normalise(values, units or {})
    return caught.value


def test_what_the_profile_knows_is_stored_and_what_it_does_not_know_is_kept_apart() -> None:
    found = normaliser().normalise({"battery.soc": 80.0, "mystery": 3.0, "light.on": True, "riddle": False}, {})
    assert found == Normalised({"battery.soc": 80.0, "light.on": True}, {"mystery": 3.0, "riddle": False})


def test_null_is_not_measured_and_not_zero() -> None:
    assert normaliser().normalise({"battery.soc": None, "mystery": None}, {}) == Normalised({}, {})


def test_a_renamed_metric_is_stored_under_its_key() -> None:
    described = model(renamed={"stateOfCharge": "battery.soc"})
    assert normaliser(described).normalise({"stateOfCharge": 80.0}, {}).values == {"battery.soc": 80.0}
    assert normaliser().normalise({"stateOfCharge": 80.0}, {}).unknown == {"stateOfCharge": 80.0}


def test_pounds_become_kilograms() -> None:
    described = model(conversions={"body.weight": POUNDS})
    assert normaliser(described).normalise({"body.weight": 14_484.0}, {}).values == {
        "body.weight": pytest.approx(65.6983, abs=1e-4)
    }


def test_a_sentinel_is_not_measured() -> None:
    described = model(conversions={"body.weight": POUNDS})
    assert normaliser(described).normalise({"body.weight": 65_535.0, "battery.soc": 5.0}, {}).values == {
        "battery.soc": 5.0
    }


def test_a_stated_unit_that_is_the_metrics_own_needs_no_conversion() -> None:
    described = model(conversions={"body.weight": POUNDS})
    assert normaliser(described).normalise({"body.weight": 65.7}, {"body.weight": "kg"}).values == {"body.weight": 65.7}


def test_another_stated_unit_is_refused_with_the_right_one() -> None:
    refused = refusal({"body.weight": 144.0}, {"body.weight": "lb"})
    assert refused.reason is RejectionReason.UNKNOWN_UNIT
    assert "kg" in refused.advice


@pytest.mark.parametrize("value", [-0.1, 100.1, 1e38, -1e308])
def test_a_value_outside_its_range_is_refused_with_the_range(value: float) -> None:
    refused = refusal({"battery.soc": value})
    assert refused.reason is RejectionReason.OUT_OF_RANGE
    assert "battery.soc" in refused.advice
    assert "0..100" in refused.advice


@pytest.mark.parametrize("value", [0.0, 100.0, -0.0])
def test_both_ends_of_a_range_belong_to_it(value: float) -> None:
    assert normaliser().normalise({"battery.soc": value}, {}).values == {"battery.soc": value}


def test_rounding_in_a_conversion_does_not_carry_a_value_over_the_edge() -> None:
    described = model(conversions={"speed": Conversion(native_unit="km/h", scale=1 / 3.6)})
    carried = 4.2 * 3.6 * (1 + 1e-12)
    assert normaliser(described).normalise({"speed": carried}, {}).values == {"speed": 4.2}
    assert refusal({"speed": 15.2}, described=described).reason is RejectionReason.OUT_OF_RANGE


@pytest.mark.parametrize(("sent", "stored"), [(True, True), (False, False), (1.0, True), (0.0, False)])
def test_a_flag_may_come_as_number(sent: float | bool, stored: bool) -> None:
    assert normaliser().normalise({"light.on": sent}, {}).values["light.on"] is stored


@pytest.mark.parametrize(("key", "value"), [("light.on", 2.0), ("light.on", -1.0), ("battery.soc", True)])
def test_a_flag_is_no_number_and_a_number_no_flag(key: str, value: float | bool) -> None:
    assert refusal({key: value}).reason is RejectionReason.WRONG_SHAPE


def test_a_count_is_whole() -> None:
    found = normaliser().normalise({"light.presses": 2.6}, {}).values["light.presses"]
    assert found == 3
    assert isinstance(found, int)


def test_a_missing_value_is_sent_as_sentinel_or_as_null() -> None:
    described = model(conversions={"body.weight": POUNDS}, renamed={"weight_raw": "body.weight"})
    sent = normaliser(described).to_native({"body.weight": None, "battery.soc": None})
    assert sent == {"weight_raw": 65_535.0, "battery.soc": None}


@given(st.floats(20, 300), st.floats(0, 100), st.booleans())
def test_what_is_sent_is_what_was_meant(weight: float, charge: float, lit: bool) -> None:
    described = model(conversions={"body.weight": POUNDS}, renamed={"weight_raw": "body.weight"})
    meant: dict[str, float | bool | None] = {"body.weight": weight, "battery.soc": charge, "light.on": lit}
    border = normaliser(described)
    assert border.normalise(border.to_native(meant), {}).values == pytest.approx(meant)


def test_without_a_model_the_stored_spelling_holds() -> None:
    assert normaliser(None).normalise({"body.weight": 65.7}, {}).values == {"body.weight": 65.7}
