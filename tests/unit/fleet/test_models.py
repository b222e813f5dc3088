"""Models and firmware: conversions both ways, version order, and what a description may not say."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fleet.errors import ProfileError
from fleet.models import Conversion, version_key
from tests.unit.fleet.sample import model, profile


@given(st.floats(-1e6, 1e6), st.floats(-1e3, 1e3).filter(lambda scale: abs(scale) > 1e-3), st.floats(-1e3, 1e3))
def test_a_conversion_undoes_itself(stored: float, scale: float, offset: float) -> None:
    conversion = Conversion(native_unit="x", scale=scale, offset=offset)
    assert conversion.to_stored(conversion.to_native(stored)) == pytest.approx(stored, rel=1e-6, abs=1e-6)


def test_fahrenheit_becomes_celsius() -> None:
    fahrenheit = Conversion(native_unit="°F", scale=5 / 9, offset=-160 / 9)
    assert fahrenheit.to_stored(212) == pytest.approx(100)
    assert fahrenheit.to_native(0) == pytest.approx(32)


@given(st.floats(-1e9, 1e9))
def test_only_the_sentinel_is_missing(native: float) -> None:
    conversion = Conversion(native_unit="x", sentinels=(-0.1,), tolerance=0.01)
    assume(abs(native + 0.1) > 0.02)
    assert conversion.to_stored(native) == native
    assert conversion.to_stored(-0.1) is None
    assert conversion.to_stored(-0.1000001) is None


def test_a_missing_value_needs_a_sentinel() -> None:
    assert Conversion(native_unit="x", sentinels=(-1.0, -2.0)).to_native(None) == -1.0
    with pytest.raises(ValueError, match="no sentinel"):
        Conversion(native_unit="x").to_native(None)


def test_a_scale_of_zero_is_refused() -> None:
    with pytest.raises(ProfileError, match="cannot be undone"):
        Conversion(native_unit="x", scale=0)


@pytest.mark.parametrize(
    ("older", "newer"),
    [("2.9", "2.10"), ("1", "1.0.1"), ("1.0", "2.0-rc1"), ("2.0", "2.0.beta"), ("", "0.1"), ("9", "10")],
)
def test_versions_are_ordered_by_number(older: str, newer: str) -> None:
    assert version_key(older) < version_key(newer)


def test_a_firmware_range_has_its_start_and_not_its_end() -> None:
    described = model(firmware_from="2.0", firmware_below="3.0")
    assert [described.covers(firmware) for firmware in ("1.9.9", "2.0", "2.10", "3.0", "3.0.1")] == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_the_description_that_fits_the_firmware_is_found() -> None:
    old, new = model(firmware_below="2.0", rent_sek=1.0), model(firmware_from="2.0", rent_sek=2.0)
    lamp = profile(models=(new, old))
    assert lamp.model("lamp-one", "1.9") is old
    assert lamp.model("lamp-one", "2.0") is new
    assert lamp.model("lamp-one") is old
    assert lamp.model("lamp-two") is None


def test_a_firmware_that_no_description_covers_has_none() -> None:
    assert profile(models=(model(firmware_below="2.0"),)).model("lamp-one", "2.1") is None
