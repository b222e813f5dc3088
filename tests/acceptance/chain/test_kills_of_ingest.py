"""Kills of ingest, without outboxes, so that acknowledging after commit must hold alone; two negative controls."""

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
async def test_thirty_kills_of_ingest(server_folder: Path) -> None:
    order = Order(name="ingest", messages=MESSAGES, kills=KILLS, parts=("ingest",), outbox=False)
    report = await run(order, server_folder)
    assert report.state.exact
    assert report.state.produced == MESSAGES
    assert report.evidence["ingest_killed"] == KILLS
    assert report.evidence["redelivered"] > 0  # kills fell between delivery and acknowledgement
    assert report.evidence["suppressed"] > 0  # and between commit and acknowledgement


@pytest.mark.timeout(240)
async def test_acknowledging_on_receipt_loses_messages_under_the_same_kills(server_folder: Path) -> None:
    order = Order(
        name="acknowledge on receipt",
        messages=3_000,
        kills=5,
        parts=("ingest",),
        outbox=False,
        control=Control.ACKNOWLEDGE_ON_RECEIPT,
    )
    report = await run(order, server_folder)
    assert report.state.lost > 0


@pytest.mark.timeout(240)
async def test_without_the_key_messages_are_stored_twice_under_the_same_kills(server_folder: Path) -> None:
    order = Order(name="no identity", messages=3_000, kills=4, control=Control.NO_IDENTITY)
    report = await run(order, server_folder)
    assert report.state.duplicated > 0
