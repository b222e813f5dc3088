import itertools
from collections import Counter

import pytest

from benchmarks.workload import ASK_EVERY, DEVICE_CLASS, METRICS, MINUTE_MILLISECONDS, MODEL, Workload, device_id
from fleet import codec
from fleet.errors import ConfigurationError
from fleet.registry import load_registry
from fleet.topics import is_device_id
from ingest.handling import Handlings

NOW = 1_795_000_000_000


def workload(messages: int = 200, readings: int = 1, devices: int = 30, withheld: int = 0) -> Workload:
    return Workload.ending_at(NOW, messages=messages, readings_per_message=readings, devices=devices, withheld=withheld)


@pytest.mark.parametrize("readings", [1, 5])
def test_payloads_carry_exactly_the_rows_and_no_identity_twice(readings: int) -> None:
    load = workload(readings=readings)
    identities = set()
    for message in range(load.produced):
        decoded, _ = codec.decode_telemetry(load.payload(message))
        rows = load.rows_of(message)
        assert [(r.ts, r.seq, tuple(r.values.values())) for r in decoded] == [(w.at, w.seq, w.values) for w in rows]
        assert all(tuple(reading.values) == METRICS for reading in decoded)
        identities |= {(row.device, row.seq) for row in rows}
    assert len(identities) == load.rows == load.produced * readings


def test_a_devices_readings_are_numbered_from_one_and_lie_a_minute_apart() -> None:
    load = workload(readings=5)
    of_first = [row for row in load.all_rows() if row.device == 0]
    assert [row.seq for row in of_first] == list(range(1, len(of_first) + 1))
    assert {after.at - before.at for before, after in itertools.pairwise(of_first)} == {MINUTE_MILLISECONDS}


def test_the_latest_reading_is_older_than_now() -> None:
    assert NOW - 3 * MINUTE_MILLISECONDS < max(row.at for row in workload().all_rows()) < NOW


def test_every_twentieth_message_of_a_device_asks_for_a_receipt() -> None:
    load = workload(messages=2000, readings=5)
    asking = [any(r.outbox_from for r in codec.decode_telemetry(load.payload(m))[0]) for m in range(load.produced)]
    assert sum(asking) == pytest.approx(load.produced / ASK_EVERY, rel=0.1)


def test_values_are_those_of_a_healthy_device_of_that_model() -> None:
    profile = load_registry()[DEVICE_CLASS]
    handling = Handlings(load_registry()).of(DEVICE_CLASS, MODEL, "")
    assert handling is not None
    for row in workload(messages=3000, devices=1000).all_rows():
        values = dict(zip(METRICS, row.values, strict=True))
        assert handling.normaliser.normalise(values, {}).values == values, "no conversion, nothing out of range"
        assert not handling.due(values), "no alarm rule is touched"
    assert {"drive.distance", "drive.time"} <= {measure.metric for measure in profile.usage.measures}, "usage grows"


@pytest.mark.parametrize("devices", [1, 2, 7, 30, 618])
def test_every_device_warms_up_and_then_they_take_turns(devices: int) -> None:
    load = workload(messages=3 * devices, devices=devices)
    assert sorted(map(load.device_of, load.warming)) == list(range(devices))
    turns = Counter(map(load.device_of, load.timed))
    assert set(turns.values()) == {3}
    assert len(turns) == devices


def test_neighbours_do_not_report_one_after_the_other() -> None:
    load = workload(messages=1000, devices=1000)
    steps = {abs(load.device_of(m + 1) - load.device_of(m)) for m in range(999)}
    assert min(steps) > 100


def test_withheld_messages_lie_in_the_middle_and_still_count_as_generated() -> None:
    load = workload(messages=100, withheld=3)
    assert len(load.timed) == 97
    assert (load.timed[0], load.timed[-1]) == (30, 129)
    assert load.rows == 130


def test_device_ids_fit_the_contract() -> None:
    assert all(is_device_id(device_id(index)) for index in (0, 416_999, 2_499_999))


def test_no_more_devices_than_messages() -> None:
    assert workload(messages=10, devices=1000).devices == 10


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"messages": 0}, "at least 1"),
        ({"readings": 0}, "at least 1"),
        ({"messages": 10, "withheld": 10}, "one is sent"),
        ({"messages": 1_000_000, "devices": 1}, "use more devices"),
    ],
)
def test_what_cannot_be_measured_is_refused(numbers: dict[str, int], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        workload(**numbers)
