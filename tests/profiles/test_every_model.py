"""What holds for every model: what it sends is what was meant, and what it did not measure is never a value."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.codec import decode_telemetry, encode
from fleet.errors import RejectedMessageError
from fleet.messages import Reading
from fleet.models import DeviceModel
from fleet.normalise import Normaliser
from fleet.profile import DeviceProfile
from fleet.signals import Kind, Metric
from tests.profiles.cases import each_model


def sent_by(profile: DeviceProfile, model: DeviceModel) -> list[Metric]:
    return [metric for metric in profile.metrics if metric.key not in model.missing]


def value_of(metric: Metric) -> st.SearchStrategy[float | bool]:
    if metric.kind is Kind.FLAG:
        return st.booleans()
    if metric.kind is Kind.COUNT:
        return st.integers(round(metric.low), round(metric.high))
    return st.floats(metric.low, metric.high)


@each_model
@given(data=st.data())
def test_what_a_model_sends_is_what_was_meant(profile: DeviceProfile, model: DeviceModel, data: Any) -> None:
    metrics = sent_by(profile, model)
    chosen = data.draw(st.lists(st.sampled_from(metrics), min_size=1, max_size=5, unique=True))
    meant = {metric.key: data.draw(value_of(metric), label=metric.key) for metric in chosen}
    border = Normaliser(profile, model)
    message = Reading(ts=1, boot=1, seq=1, values=border.to_native(meant))
    (received,), units = decode_telemetry(encode(message))
    found = border.normalise(received.values, units)
    assert found.unknown == {}
    assert found.values == pytest.approx(meant, rel=1e-6, abs=1e-6)
    for metric in chosen:
        assert isinstance(found.values[metric.key], {Kind.FLAG: bool, Kind.COUNT: int, Kind.NUMBER: float}[metric.kind])


@each_model
def test_both_ends_of_every_range_survive(profile: DeviceProfile, model: DeviceModel) -> None:
    border = Normaliser(profile, model)
    for metric in sent_by(profile, model):
        for end in (metric.low, metric.high):
            meant = bool(end) if metric.kind is Kind.FLAG else end
            found = border.normalise(border.to_native({metric.key: meant}), {}).values
            assert found == pytest.approx({metric.key: meant}), metric.key


@each_model
def test_what_was_not_measured_is_never_a_value(profile: DeviceProfile, model: DeviceModel) -> None:
    border = Normaliser(profile, model)
    nothing = border.to_native(dict.fromkeys((metric.key for metric in sent_by(profile, model)), None))
    assert border.normalise(nothing, {}).values == {}


# 0xFFFF is the standard's own sign of a failed weighing, and in steps of 0.01 lb it is also 297.26 kg (domain 5.1).
SENTINELS_WITHIN_THEIR_RANGE = {("wss-pounds", "body.weight")}


@each_model
def test_a_sentinel_taken_for_a_number_would_be_no_plausible_value(profile: DeviceProfile, model: DeviceModel) -> None:
    for key, conversion in model.conversions.items():
        metric = profile.metrics_by_key[key]
        for sentinel in conversion.sentinels:
            naive = sentinel * conversion.scale + conversion.offset
            known = (model.key, key) in SENTINELS_WITHIN_THEIR_RANGE
            assert (metric.low < naive < metric.high) == known, f"{key}: {sentinel} also means {naive} {metric.unit}"


@each_model
def test_beyond_either_end_of_a_range_is_refused(profile: DeviceProfile, model: DeviceModel) -> None:
    border = Normaliser(profile, model)
    for metric in sent_by(profile, model):
        if metric.kind is Kind.FLAG:
            continue
        span = metric.high - metric.low
        for beyond in (metric.low - 0.01 * span, metric.high + 0.01 * span):
            native = border.to_native({metric.key: beyond})
            conversion = model.conversions.get(metric.key)
            (sent,) = native.values()
            if conversion is not None and conversion.is_sentinel(float(sent or 0)):
                continue
            with pytest.raises(RejectedMessageError, match="outside"):
                border.normalise(native, {})


@each_model
def test_new_names_do_not_shadow_metrics(profile: DeviceProfile, model: DeviceModel) -> None:
    assert set(model.renamed).isdisjoint(profile.metrics_by_key)
    assert len(set(model.renamed.values())) == len(model.renamed)
    assert model.missing.isdisjoint(model.renamed.values())
    assert model.missing.isdisjoint(model.conversions)
