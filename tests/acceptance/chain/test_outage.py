"""Ingest away with a queue behind it; every tenth message poison: worked off, and nothing stands still."""

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from fjarrkoll.chain.campaign import flowing
from fjarrkoll.chain.checking import stored_rows
from fjarrkoll.chain.outage import Outage, endure_outage
from fjarrkoll.chain.site import Site, SiteSettings
from fleet.topics import Verb, topic
from ingest.consumer import Outgoing, ThinConsumer

pytestmark = pytest.mark.timeout(300)
# A minute at 200 messages a second, sent in a third of the time: what counts is what waits at the broker.
MESSAGES = 12_000
RATE = 600.0
POISONED = 20_000
POISON = (
    b'{"boot": %d',
    b'{"ts": "yesterday", "boot": 1, "seq": %d, "values": {"body.weight": 80}}',
    b'{"ts": 1, "boot": 1, "seq": %d}',
    b"\xff\xfe %d",
    b'{"ts": 1, "boot": -1, "seq": %d, "values": {"body.weight": 80}}',
)


async def test_backlog_of_an_outage_is_drained_within_a_minute_and_the_broker_dropped_nothing(
    server_folder: Path,
) -> None:
    report = await endure_outage(Outage(messages=MESSAGES, rate=RATE), server_folder)
    assert report.problems == [], report.as_json().decode()
    assert report.state.exact
    assert report.evidence["waiting_on_return"] >= MESSAGES
    assert report.evidence["drained_after_seconds"] <= 60
    assert report.evidence["dropped_by_broker"] == 0
    assert report.evidence["memory_growth_megabytes"] <= 50


async def test_every_tenth_message_is_poison_and_the_stream_does_not_stand_still(server_folder: Path) -> None:
    async with Site(server_folder, SiteSettings(batch=500)) as site:
        good = 0
        messages = []
        now = time.time_ns() // 1_000_000
        for number in range(POISONED):
            device = topic(site.device_ids[number % len(site.device_ids)], Verb.TELEMETRY)
            if number % 10 == 3:
                messages.append(Outgoing(device, POISON[number // 10 % len(POISON)] % number, qos=1))
            else:
                good += 1
                reading = {"ts": now, "boot": 1, "seq": number + 1, "values": {"body.weight": 80.0}}
                messages.append(Outgoing(device, json.dumps(reading).encode(), qos=1))
        async with ThinConsumer(site.gateway_settings(0)) as line:
            for start in range(0, POISONED, 500):
                await line.publish(messages[start : start + 500])
            began = time.monotonic()
            while stored_rows(site) < good and time.monotonic() - began < 60:
                await flowing(site)
        assert stored_rows(site) == good
        kept = site.ask(
            "SELECT reason, sum(times)::bigint, bool_and(length(payload) > 0) FROM quarantine GROUP BY reason"
        )
        by_reason = Counter({str(reason): int(str(times)) for reason, times, _ in kept})
        assert by_reason.total() == POISONED - good
        assert set(by_reason) == {"not_json", "not_utf8", "wrong_shape"}
        assert all(whole for _, _, whole in kept)
