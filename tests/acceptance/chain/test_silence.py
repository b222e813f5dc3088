"""Lines that stand and carry nothing, and an ingest that is stopped and wakes: noticed, and nothing lost or doubled."""

from pathlib import Path

import pytest

from fjarrkoll.chain.campaign import endure
from fjarrkoll.chain.faults import FAULTS, PAST_KEEPALIVE_SECONDS
from fjarrkoll.chain.report import Report

pytestmark = pytest.mark.timeout(420)


async def felt_and_survived(name: str, folder: Path, seconds: float) -> Report:
    report = await endure(FAULTS[name], folder, seconds=seconds, rate=200)
    assert report.problems == [], report.as_json().decode()
    assert report.state.exact
    return report


async def test_ingest_stopped_past_the_keepalive_wakes_to_a_line_that_is_gone(server_folder: Path) -> None:
    report = await felt_and_survived("stop-ingest", server_folder, PAST_KEEPALIVE_SECONDS + 2)
    assert report.evidence["redelivered"] > 0


async def test_half_open_line_to_the_broker_is_given_up_in_time(server_folder: Path) -> None:
    report = await felt_and_survived("half-open", server_folder, 12)
    # A quarter over the keep-alive of ten seconds; with the shipped thirty that is below the forty-five of D21.
    assert report.evidence["noticed_after_seconds"] <= 15


async def test_partition_from_broker_and_database(server_folder: Path) -> None:
    report = await felt_and_survived("partition", server_folder, PAST_KEEPALIVE_SECONDS + 2)
    assert report.evidence["lines_given_up"] > 0


async def test_a_transaction_whose_client_vanished_does_not_stop_the_next_one_for_long(server_folder: Path) -> None:
    report = await felt_and_survived("stranded-transaction", server_folder, 6)
    assert report.evidence["stored_again_after_seconds"] <= 45
