"""One shard and two: what is compared, and what makes the run bad."""

import pytest

from benchmarks.results import Costs
from benchmarks.shard_results import ShardRun, Shards


def shards(number: int, seconds: float, lost: int = 0, doubled: int = 0) -> Shards:
    costs = {f"ingest-{place}": 2.0 / number for place in range(number)} | {"database": 2.0, "elsewhere": 9.0}
    return Shards(
        shards=number, messages=100_000, seconds=seconds, costs=Costs(costs), ingest_peak_mebibytes=[90.0] * number,
        lost=lost, doubled=doubled,
    )  # fmt: skip


def test_two_are_compared_with_one_by_rate_by_cost_and_by_what_one_worker_allows() -> None:
    told = ShardRun(database_delay_seconds=0.0, one=shards(1, 5.0), two=shards(2, 4.0)).told()
    assert told["gain"] == 1.25
    assert told["cost_of_a_message"] == 1.0
    assert told["gain_of_the_limit"] == 2.0


@pytest.mark.parametrize("harm", ["lost", "doubled"])
def test_a_reading_lost_or_doubled_with_either_number_is_told(harm: str) -> None:
    sound, harmed = shards(1, 5.0), shards(2, 4.0, **{harm: 3})
    assert ShardRun(database_delay_seconds=0.0, one=sound, two=sound).complaints() == []
    (complaint,) = ShardRun(database_delay_seconds=0.0, one=sound, two=harmed).complaints()
    assert complaint.startswith("3 ")
    assert complaint.endswith("with 2 shards")
