import json
from dataclasses import dataclass

import msgspec
import pytest

from benchmarks.measuring import BenchmarkFailedError, require_sound
from benchmarks.report import as_json, as_text, medians
from benchmarks.results import BrokerCeiling, Check, Costs, EndToEnd, Machine, Peer, Run, Speed

SOUND = Check(
    expected=1000,
    stored=1000,
    lost=0,
    duplicated=0,
    altered=0,
    unexpected=0,
    quarantined=0,
    devices=10,
    devices_with_state=10,
    usage_difference=0.0,
)
COSTS = Costs.of({"generator": 0.01, "ingest": 0.2, "machine": 0.25})


@dataclass(frozen=True)
class Numbers:
    seconds: float = 0.5
    costs: Costs = COSTS
    check: Check = SOUND


def run(numbers: Numbers = Numbers()) -> Run:
    machine = Machine(
        cores=2,
        processor="P",
        memory_gibibytes=8,
        kernel="6",
        versions={"Python": "3.11"},
        file_system="ext4",
        sync_milliseconds=1.0,
        load_before=0.1,
    )
    return Run(
        machine=machine,
        messages=1000,
        readings_per_message=1,
        devices=10,
        payload_bytes=220,
        broker=BrokerCeiling(speed=Speed(1000, 0.25), costs=COSTS),
        copy=Speed(1000, 0.01),
        idempotent_write=Speed(1000, 0.1),
        rows_per_commit=500,
        end_to_end=EndToEnd(
            messages=Speed(1000, numbers.seconds),
            rows=Speed(1000, numbers.seconds),
            publish_seconds=0.2,
            acknowledged={"SUCCESS": 1000},
            costs=numbers.costs,
            ingest_peak_mebibytes=80,
            ingest_growth_mebibytes=30,
            check=numbers.check,
        ),
        peer=Peer(messages=Speed(100, 0.1), rows=Speed(100, 0.1), stored=100, costs=COSTS),
    )


def test_ratios_are_parts_of_the_ceilings() -> None:
    assert run().ratios() == pytest.approx(
        {"end_to_end_of_broker": 0.5, "rows_of_copy": 0.02, "rows_of_idempotent_write": 0.2, "end_to_end_of_peer": 2.0}
    )


def test_what_nobody_of_ours_took_was_taken_elsewhere() -> None:
    assert COSTS.seconds["elsewhere"] == pytest.approx(0.04)
    assert COSTS.microseconds_each(1000)["ingest"] == pytest.approx(200)
    assert COSTS.shares(0.5, 2)["ingest"] == pytest.approx(0.2)


def test_the_median_of_runs_is_told_with_their_spread() -> None:
    runs = [run(Numbers(seconds)) for seconds in (0.5, 1.0, 0.25)]
    assert medians(runs)["end_to_end_messages_per_second"] == 2000
    assert "2 000 messages/s   1 000 … 4 000" in as_text(runs)


def test_one_run_has_no_spread() -> None:
    assert "…" not in as_text([run()])


def test_a_run_that_others_disturbed_says_so() -> None:
    busy = Costs.of({"generator": 0.01, "ingest": 0.2, "machine": 0.9})
    assert "run 1 was disturbed: others took 69% of the machine" in as_text([run(Numbers(costs=busy))])
    assert "disturbed" not in as_text([run()])


def test_the_document_holds_every_run_and_the_medians() -> None:
    document = json.loads(as_json([run(), run()]))
    assert len(document["runs"]) == 2
    assert document["runs"][0]["ratios"]["end_to_end_of_broker"] == 0.5
    assert document["median"]["ingest_peak_mebibytes"] == 80
    assert document["median"]["ingest_growth_mebibytes"] == 30


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stored": 999, "lost": 1}, "1 lost"),
        ({"stored": 1002, "duplicated": 2}, "2 duplicated"),
        ({"altered": 3}, "3 altered"),
        ({"unexpected": 1, "stored": 1001}, "1 unexpected"),
        ({"quarantined": 1}, "1 quarantined"),
        ({"devices_with_state": 9}, "current state of 9 instead of 10 devices"),
        ({"usage_difference": 0.01}, "usage differs by 1.0%"),
        ({"stored": 999}, "999 rows stored instead of 1000"),
    ],
)
def test_a_run_that_lost_or_changed_anything_is_refused(change: dict[str, float], words: str) -> None:
    harmed = run(Numbers(check=msgspec.structs.replace(SOUND, **change)))
    with pytest.raises(BenchmarkFailedError, match=words):
        require_sound(harmed)
    assert words in as_text([harmed])
    require_sound(run())
