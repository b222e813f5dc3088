"""Kills of the whole chain in turn lose nothing and store nothing twice; without outboxes they do lose."""

from pathlib import Path

import pytest

from fjarrkoll.chain.campaign import Order, campaign
from fjarrkoll.chain.report import Control, Report

KILLS = 30
MESSAGES = 20_000


async def run(order: Order, folder: Path) -> Report:
    report = await campaign(order, folder)
    assert report.problems == [], report.as_json().decode()
    return report


@pytest.mark.timeout(420)
async def test_thirty_kills_of_the_whole_chain_in_turn(server_folder: Path) -> None:
    report = await run(Order(name="chain", messages=MESSAGES, kills=KILLS), server_folder)
    assert report.state.exact
    assert report.state.produced == MESSAGES
    assert [report.evidence[f"{part}_killed"] for part in ("ingest", "broker", "database")] == [10, 10, 10]
    assert report.evidence["sessions_lost"] > 0  # the broker did forget what it held


@pytest.mark.timeout(240)
async def test_without_outbox_the_same_kills_of_the_broker_lose_messages(server_folder: Path) -> None:
    order = Order(name="no outbox", messages=3_000, kills=4, parts=("broker",), outbox=False, control=Control.NO_OUTBOX)
    report = await run(order, server_folder)
    assert report.state.lost > 0
