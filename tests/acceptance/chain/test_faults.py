"""Every other fault once, under traffic: nothing lost, nothing twice, and proof that the fault was felt."""

from pathlib import Path

import pytest

from fjarrkoll.chain.campaign import endure
from fjarrkoll.chain.disk import may_mount
from fjarrkoll.chain.faults import FAULTS
from fjarrkoll.chain.report import Report

pytestmark = pytest.mark.timeout(420)


async def felt_and_survived(name: str, folder: Path, seconds: float, rate: float = 300.0) -> Report:
    report = await endure(FAULTS[name], folder, seconds=seconds, rate=rate)
    assert report.problems == [], report.as_json().decode()
    assert report.state.exact
    return report


async def test_connection_dropped_during_commit_before_and_after_it_takes_effect(server_folder: Path) -> None:
    report = await felt_and_survived("commit-cut", server_folder, 6)
    assert report.evidence["commits_cut"] == 20
    assert report.evidence["suppressed"] > 0  # those that had taken effect were found and not stored again


@pytest.mark.skipif(not may_mount(), reason="a disk that can be filled is a tmpfs, and only root may mount one")
async def test_full_disk_of_the_database_is_waited_out(server_folder: Path) -> None:
    report = await felt_and_survived("full-disk", server_folder, 8)
    assert report.evidence["held_while_full"] > 0


async def test_session_lost_at_the_broker_is_told_and_made_good_by_the_outboxes(server_folder: Path) -> None:
    report = await felt_and_survived("session-lost", server_folder, 10)
    assert report.evidence["sessions_lost"] == 1


async def test_overflow_while_ingest_is_away_is_noticed_and_made_good_by_the_outboxes(server_folder: Path) -> None:
    report = await felt_and_survived("overflow", server_folder, 8, rate=400)
    assert report.evidence["dropped_by_broker"] > 0
    assert report.evidence["noticed_in_log"] > 0
    assert report.evidence["noticed_after_seconds"] < 60


async def test_slow_database_does_not_make_ingest_grow(server_folder: Path) -> None:
    report = await felt_and_survived("slow-database", server_folder, 15, rate=1500)
    assert report.evidence["memory_growth_megabytes"] <= 50
