"""A region's plan: each device has a moment of its own in every interval, the same for the same seed."""

from collections import Counter
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.regional.plan import RegionalPlan, device_id, device_of
from device_sim.regional.readings import METRICS, payload, reading
from fleet import codec
from fleet.codec import decode_telemetry
from fleet.errors import ConfigurationError
from fleet.registry import load_registry


@given(st.integers(1, 400), st.integers(0, 50))
def test_every_device_speaks_once_an_interval_in_its_turn(devices: int, seed: int) -> None:
    plan = RegionalPlan(devices=devices, seed=seed)
    order = list(islice(plan.turns(), 2 * devices))
    assert Counter(order) == dict.fromkeys(range(devices), 2)
    assert [plan.turn_of(device) for device in order[:devices]] == list(range(devices))


@given(st.integers(1, 5000), st.integers(1, 400), st.integers(0, 3_000_000))
def test_nobody_speaks_before_the_moment_and_nobody_is_left_out(devices: int, interval: int, elapsed: int) -> None:
    plan = RegionalPlan(devices=devices, interval_seconds=interval)
    due = plan.due(elapsed)
    whole, rest = divmod(due - 1, devices)
    assert whole * plan.interval + rest * plan.interval // devices <= elapsed
    assert due >= elapsed * devices // plan.interval


def test_a_message_leaves_when_its_last_reading_is_measured() -> None:
    plan = RegionalPlan(devices=7, interval_seconds=300, readings_per_message=5, began_at=1_000_000)
    for device in range(7):
        first_message = [plan.moment(device, seq) for seq in range(1, 6)]
        assert first_message[-1] == 1_000_000 + plan.phase(device)
        assert {later - earlier for earlier, later in pairwise(first_message)} == {60_000}
        assert plan.moment(device, 10) - plan.moment(device, 5) == 300_000


def test_what_a_returning_device_brings_lies_before_the_beginning() -> None:
    plan = RegionalPlan(devices=4, stored_up=1440, returning=2, began_at=200_000_000)
    assert plan.moment(0, 1441) == plan.began_at + plan.phase(0)
    assert plan.moment(0, 1) == plan.moment(0, 1441) - 24 * 3600 * 1000
    assert [plan.first_kept(device) for device in range(4)] == [1, 1, 1441, 1441]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    one, other = RegionalPlan(devices=50, seed=1), RegionalPlan(devices=50, seed=2)
    assert payload(one, 17, 3, 9, 2) == payload(RegionalPlan(devices=50, seed=1), 17, 3, 9, 2)
    assert payload(one, 17, 3, 3) != payload(other, 17, 3, 3)


def test_a_message_is_telemetry_of_the_contract_and_its_last_reading_asks() -> None:
    plan = RegionalPlan(devices=50, began_at=10**12)
    readings, _ = decode_telemetry(payload(plan, 3, 4, 6, 2), None)
    assert [(one.boot, one.seq, one.outbox_from) for one in readings] == [(1, 4, None), (1, 5, None), (1, 6, 2)]
    assert decode_telemetry(payload(plan, 3, 4, 4), None)[0] == [reading(plan, 3, 4)]
    assert codec.encode(reading(plan, 3, 4)) == payload(plan, 3, 4, 4)


@given(st.integers(0, 9_999_998), st.integers(1, 100_000))
def test_values_are_what_the_profile_allows(device: int, seq: int) -> None:
    measured = reading(RegionalPlan(devices=9_999_999), device, seq).values
    profile = load_registry()["wheelchair"]
    for metric in METRICS:
        value = measured[metric.key]
        assert isinstance(value, float)
        signal = profile.metrics_by_key[metric.key]
        assert signal.low <= value <= signal.high


@given(st.integers(0, 9_999_999))
def test_an_id_tells_its_device(device: int) -> None:
    assert device_of(device_id(device)) == device


@pytest.mark.parametrize(
    "wrong",
    [
        {"devices": 0},
        {"devices": 10_000_000},
        {"devices": 5, "interval_seconds": 0},
        {"devices": 5, "interval_seconds": 1, "readings_per_message": 3},
        {"devices": 5, "returning": 6},
        {"devices": 5, "stored_up": -1},
    ],
)
def test_a_plan_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError):
        RegionalPlan(**wrong)
