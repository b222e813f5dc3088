"""Plain readings taken together say exactly what the long way says of them one by one."""

import asyncio
import json
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.registry import load_registry
from ingest.accept import accept
from ingest.accepted import Accepted
from ingest.batch import Plan, plan
from ingest.consumer import Delivery
from ingest.hints import Hints
from ingest.lots import Parted, Parting
from ingest.receipts import Receipts
from ingest.register import Register
from ingest.shapes import shape_of
from ingest.write.writer import Writer
from tests.unit.ingest.support import APAP, CHAIR, NOW, NOW_MS, SCALE, delivery, event, reading, register

MINUTE = 60_000
CHAIR_VALUES: dict[str, Sequence[Any]] = {
    "battery.soc": (45, 80.25, 101, "full", True),
    "battery.voltage": (24.5, None, 0),
    "drive.time": (0, 2.5, 1),
    "drive.bout_longest": (3, 4.5),
    "drive.bouts": (1, 2.5, 3),
    "seat.adjustments": (1,),
    "battery.charging": (True, False, 1),
    "gateway.rssi": (-88,),
    "nobody.knows": (1,),
}


def parted(*deliveries: Delivery, known: Register, stride: int = 500) -> Parted:
    parting = Parting(known, NOW, Hints(Receipts()))
    for start in range(0, len(deliveries), stride):
        parting.take_all(deliveries[start : start + stride])
    return parting.parted()


def rows_of(found: Parted) -> list[tuple[int, int, int, int, dict[str, Any]]]:
    """Readings as the long way shows them."""
    rows = []
    for columns in found.plain:
        for row in range(len(columns)):
            values = {
                columns.metrics[place].key: column[row].item()
                for place, column in columns.values.items()
                if not math.isnan(column[row])
            }
            whole = (columns.numbers[row], columns.at[row], columns.boots[row], columns.seqs[row])
            number, at, boot, seq = (int(value) for value in whole)
            rows.append((number, at, boot, seq, values))
    return rows


def expected_rows(found: Accepted) -> list[tuple[int, int, int, int, dict[str, Any]]]:
    return [
        (record.device.number, record.at, record.reading.boot, record.reading.seq, record.values)
        for record in found.readings
    ]


def in_order(rows: list[tuple[int, int, int, int, dict[str, Any]]]) -> list[Any]:
    return sorted((*row[:4], sorted((key, float(value)) for key, value in row[4].items())) for row in rows)


def usage_of(found: Parted) -> tuple[dict[Any, float], dict[Any, float]]:
    sums: dict[Any, float] = {}
    maxima: dict[Any, float] = {}
    for columns in found.plain:
        grown = columns.grown()
        for measure in grown.measures if grown else ():
            for group, amount in zip(measure.groups.tolist(), measure.amounts.tolist(), strict=True):
                assert grown is not None
                key = (int(grown.numbers[group]), int(grown.days[group]), measure.name)
                (maxima if measure.maximum else sums)[key] = amount
    return sums, maxima


def present_of(found: Parted) -> dict[int, tuple[int, int, int, dict[str, Any]]]:
    present = {}
    for columns in found.plain:
        told = columns.presents()
        for place, number in enumerate(told.numbers.tolist()):
            values = json.loads(told.values[place])
            assert told.shapes[place] == shape_of(tuple(values)), "it says which metrics stand in the JSON"
            moments = told.boots[place], told.oldest[place], told.newest[place]
            present[number] = (*(int(moment) for moment in moments), values)
    return present


def expected_present(rows: Plan) -> dict[int, tuple[int | None, int, int, dict[str, Any]]]:
    return {
        number: (one.boot, one.oldest, one.newest, {key: list(pair) for key, pair in one.values.items()})
        for number, one in rows.present.items()
    }


def check_same(batch: Sequence[Delivery], stride: int = 500) -> Parted:
    """Both ways over the same batch; returns how it was parted."""
    found = parted(*batch, known=register(), stride=stride)
    alone = [message for message in batch if message not in found.others]
    long_way = accept(alone, register(), NOW)
    assert long_way.rejected == []
    assert long_way.doubtful == []
    assert in_order(rows_of(found)) == in_order(expected_rows(long_way))
    expected = plan(long_way)
    assert present_of(found) == expected_present(expected)
    sums, maxima = usage_of(found)
    assert maxima == expected.maxima
    assert sums.keys() == expected.sums.keys()
    assert all(math.isclose(sums[key], amount, abs_tol=1e-9) for key, amount in expected.sums.items())
    assert set().union(*(columns.due() for columns in found.plain)) == expected.due
    assert found.asked == long_way.asked
    devices = {message.topic for message in alone}
    assert not devices.intersection(message.topic for message in found.others), "a device went both ways"
    return found


chair_values = st.dictionaries(st.sampled_from(sorted(CHAIR_VALUES)), st.integers(0, 4), max_size=6).map(
    lambda chosen: {key: CHAIR_VALUES[key][place % len(CHAIR_VALUES[key])] for key, place in chosen.items()}
)
moments = st.integers(0, 3 * 24 * 60).map(lambda minutes: NOW_MS - minutes * MINUTE)


@st.composite
def chair_messages(draw: st.DrawFn) -> Delivery:
    """One message of the chair or of the scale: plain, or odd in any of the ways there are."""
    device = draw(st.sampled_from((CHAIR, CHAIR, SCALE)))
    values = chair_values if device == CHAIR else st.just({"body.weight": 80.5})
    readings = [
        reading(draw(st.integers(1, 10**6)), draw(values), ts=draw(moments), boot=draw(st.integers(1, 3)))
        for _ in range(draw(st.integers(1, 3)))
    ]
    if draw(st.booleans()):
        readings[-1]["outbox_from"] = draw(st.integers(1, 9))
    return delivery(device, readings if len(readings) > 1 else readings[0])


@settings(max_examples=80, deadline=None)
@given(st.lists(chair_messages(), max_size=12), st.integers(1, 4))
def test_plain_readings_say_what_the_long_way_says(batch: list[Delivery], stride: int) -> None:
    found = check_same(batch, stride)
    assert all(message in batch for message in found.others)


def test_a_device_goes_one_way_in_a_batch() -> None:
    batch = [
        delivery(CHAIR, reading(1, {"battery.soc": 80})),
        delivery(SCALE, reading(1, {"body.weight": 80})),
        delivery(CHAIR, reading(2, {"battery.soc": "full"})),
    ]
    found = parted(*batch, known=register())
    assert found.others == [batch[0], batch[2]]
    assert [row[0] for row in rows_of(found)] == [1]


def test_what_no_form_takes_goes_the_long_way() -> None:
    odd = [
        delivery(CHAIR, reading(1, {"battery.soc": 101})),
        delivery(CHAIR, reading(1, {"battery.charging": 1})),
        delivery(CHAIR, reading(1, {"nobody.knows": 1})),
        delivery(CHAIR, reading(1, {})),
        delivery(CHAIR, reading(1, {"battery.soc": None})),
        delivery(CHAIR, reading(1, {"battery.soc": 80}, ts=0)),
        delivery(CHAIR, reading(1, {"battery.soc": 80}, boot=-1)),
        delivery(CHAIR, []),
        delivery(CHAIR, b""),
        delivery(CHAIR, b"{"),
        delivery(CHAIR, b" " * 70_000 + json.dumps(reading(1, {"battery.soc": 80})).encode()),
        delivery(CHAIR, reading(1, {"battery.soc": 80}), content_type="application/senml+json"),
        delivery(CHAIR, event(1, "charge_started"), "event"),
        delivery("stranger-1", reading(1, {"battery.soc": 80})),
    ]
    for message in odd:
        assert parted(message, known=register()).others == [message], message.payload[:100]


def test_what_a_model_sends_in_a_unit_of_its_own_goes_the_long_way() -> None:
    apap = delivery(APAP, reading(1, {"humidifier.power": -1}))
    assert accept([apap], register(), NOW).readings[0].values != {"humidifier.power": -1}
    assert parted(apap, known=register()).others == [apap]


def test_a_clock_that_was_corrected_is_looked_at_closely() -> None:
    message = delivery(CHAIR, reading(1, {"battery.soc": 80}))
    assert parted(message, known=register(clock_corrected=True)).others == [message]


def test_a_mistake_of_ours_sends_the_batch_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def trip(*_: object) -> None:
        raise ArithmeticError("a mistake")

    monkeypatch.setattr(Parting, "parted", trip)
    known = register()
    writer = Writer(
        "postgresql://nobody@127.0.0.1:1/none", "test", load_registry(), known, lambda _: None, Hints(Receipts())
    )
    message = delivery(CHAIR, reading(1, {"battery.soc": 80}))
    prepared = asyncio.run(writer.prepare([message], NOW))
    assert prepared.safe == [(2, 1, 1)]
    assert prepared.packed is not None
    assert [entry.rows for entry in prepared.packed.inserts] == [1]


def test_counts_are_whole_before_they_are_added_up() -> None:
    batch = [delivery(CHAIR, reading(seq, {"drive.bouts": 2.5})) for seq in (1, 2)]
    found = parted(*batch, known=register())
    assert list(usage_of(found)[0].values()) == [4]


def test_runs_say_the_same_to_receipts_as_single_messages() -> None:
    seqs = [(1, 1), (1, 2), (1, 3), (1, 7), (2, 1), (2, 2)]
    batch = [delivery(CHAIR, reading(seq, {"battery.soc": 80}, boot=boot)) for boot, seq in seqs]
    (columns,) = parted(*batch, known=register()).plain
    assert list(columns.runs().singly()) == [(2, 1, 1, 3), (2, 1, 7, 7), (2, 2, 1, 2)]
    by_run, singly = Receipts(), Receipts()
    by_run.stored_runs(columns.runs().singly())
    singly.stored((2, boot, seq) for boot, seq in seqs)
    for boot, low in ((1, 1), (1, 7), (2, 1), (1, 4)):
        assert by_run.through(2, boot, low) == singly.through(2, boot, low)
