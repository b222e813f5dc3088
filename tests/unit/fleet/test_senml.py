"""SenML packs (RFC 8428): base fields, times, units, and what a pack may not say."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet import senml
from fleet.errors import RejectedMessageError, RejectionReason
from fleet.messages import Reading, SenmlRecord

START = 1_777_896_000


def pack(*records: dict[str, Any], boot: int | None = 1, seq: int | None = 5) -> list[SenmlRecord]:
    first, *others = records
    whole = [{"bt": START, "fk_boot": boot, "fk_seq": seq} | first, *others]
    return senml.PACK.decode(msgspec.json.encode(whole))


def read(records: list[SenmlRecord]) -> tuple[list[Reading], dict[str, str]]:
    return senml.readings(records), senml.units(records)


def refused(records: list[SenmlRecord]) -> str:
    with pytest.raises(RejectedMessageError) as caught:
        read(records)
    assert caught.value.reason is RejectionReason.WRONG_SHAPE
    return caught.value.advice


def test_records_of_one_time_are_one_reading() -> None:
    found = senml.readings(pack({"n": "a", "v": 1}, {"n": "b", "vb": True}))
    assert found == [Reading(ts=START * 1000, boot=1, seq=5, values={"a": 1.0, "b": True})]


def test_records_of_several_times_are_numbered_upwards_in_time() -> None:
    found = senml.readings(pack({"n": "a", "v": 1, "t": 60}, {"n": "a", "v": 2, "t": -60}, {"n": "a", "v": 3}))
    assert [(reading.seq, reading.ts - START * 1000, reading.values["a"]) for reading in found] == [
        (5, -60_000, 2.0),
        (6, 0, 3.0),
        (7, 60_000, 1.0),
    ]


def test_base_fields_hold_onwards_and_an_empty_one_resets() -> None:
    records = pack(
        {"bn": "battery.", "bu": "V", "bv": 20, "n": "voltage", "v": 4.5},
        {"n": "other", "v": 1},
        {"bn": "", "bu": "", "bv": 0, "n": "plain", "v": 1},
    )
    assert senml.readings(records)[0].values == {"battery.voltage": 24.5, "battery.other": 21.0, "plain": 1.0}
    assert senml.units(records) == {"battery.voltage": "V", "battery.other": "V"}


def test_a_record_of_base_fields_only_carries_no_value() -> None:
    found = senml.readings(pack({"bn": "battery."}, {"n": "soc", "v": 80}))
    assert found[0].values == {"battery.soc": 80.0}


def test_milliseconds_survive() -> None:
    assert senml.readings(pack({"n": "a", "v": 1, "t": 0.25}))[0].ts == START * 1000 + 250


@given(st.integers(2**28, 2**43))
def test_whole_seconds_are_exact(seconds: int) -> None:
    assert senml.readings(pack({"bt": seconds, "n": "a", "v": 1}))[0].ts == seconds * 1000


@pytest.mark.parametrize(
    ("symbol", "ucum"), [("%EL", "%"), ("%RH", "%"), ("1/min", "/min"), ("count", "{count}"), ("/", "1"), ("kg", "kg")]
)
def test_units_read_as_ucum(symbol: str, ucum: str) -> None:
    assert senml.units(pack({"n": "a", "u": symbol, "v": 1})) == {"a": ucum}


def test_a_unit_is_stated_only_where_it_is_stated() -> None:
    assert senml.units(pack({"n": "a", "v": 1}, {"n": "b", "u": "kg", "v": 1})) == {"b": "kg"}


@pytest.mark.parametrize(
    ("records", "word"),
    [
        ([], "fk_boot"),
        (pack({"n": "a", "v": 1}, boot=None), "fk_boot"),
        (pack({"n": "a", "v": 1}, seq=None), "fk_seq"),
        (pack({"v": 1}), "name"),
        (pack({"n": "a" * 81, "v": 1}), "name"),
        (pack({"bt": 0, "n": "a", "v": 1, "t": -10}), "absolute time"),
        (pack({"bt": 1e308, "n": "a", "v": 1, "t": 1e308}), "absolute time"),
        (pack({"bt": 1e15, "n": "a", "v": 1}), "absolute time"),
        (pack({"n": "a", "vs": "text"}), "number"),
        (pack({"n": "a", "bv": 1e308, "v": 1e308}), "number"),
        (pack({"bn": "battery."}), "values"),
        (pack({"n": "a", "v": 1}, {"n": "a", "v": 1, "t": 1}, seq=2**53), "split"),
        (pack(*({"n": f"m{number}", "v": 1} for number in range(201))), "split"),
        (pack({"bver": 11, "n": "a", "v": 1}), "version"),
        (pack({"n": "a", "u": "lb", "v": 144}, {"n": "a", "u": "kg", "v": 65, "t": 1}), "two units"),
    ],
)
def test_what_a_pack_may_not_say(records: list[SenmlRecord], word: str) -> None:
    assert word in refused(records)
