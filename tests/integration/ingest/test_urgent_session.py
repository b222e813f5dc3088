"""Events and answers to commands have a session of their own: none waits behind readings, none is lost or doubled."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fleet.topics import Verb, mark_topic, upward_filters
from ingest.consumer import ConsumerSettings, Delivery, ThinConsumer
from ingest.service import OVERTAKING, URGENT
from ingest.write import faults, transaction
from ingest.write.statements import statement
from tests.integration.ingest import test_kills
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import (
    PLAIN_SCALE,
    Desk,
    Site,
    delivery,
    event,
    now_milliseconds,
    publish,
    reading,
    running,
)
from tests.integration.ingest.test_answers import answer, asked
from tests.integration.ingest.test_kills import COUNT, SPEAKERS, Victims

own_site = test_kills.own_site  # a fixture
MARKED = "SELECT count(*) FROM ingest_watermark WHERE at IS NOT NULL"
EVENTS = "SELECT count(*) FROM device_event"
FAULT = {"system": "own", "code": "3"}
EACH, KILLS, KILLS_OF_THE_CONTROL = 150, 5, 3
ANSWERS = "SELECT count(*) FROM command_reply"
ENDED = "SELECT count(*) FROM command WHERE state = 'succeeded'"
ASKED = """
    INSERT INTO command (device_no, counter, name, level, state, requested_by, idempotency_key, expires_at)
    SELECT device_no, n, 'read_versions', 'read', 'sent', 'test', gen_random_uuid()::text, now() + interval '10 minutes'
      FROM device CROSS JOIN generate_series(1, %s) n RETURNING command_id::text, device_no
"""


class Backlog(ThinConsumer):
    """A session that nobody gets any further with until it is let go."""

    def __init__(self, settings: ConsumerSettings, let_go: asyncio.Event) -> None:
        super().__init__(settings)
        self.let_go = let_go

    async def next_batch(self, limit: int, linger: float) -> list[Delivery]:
        waiting = asyncio.ensure_future(self.let_go.wait())
        try:
            async with asyncio.timeout(20):
                await waiting
        finally:
            waiting.cancel()
        return await super().next_batch(limit, linger)


async def behind_a_backlog(site: Site, device: Any, *, apart: bool) -> tuple[int, int, int, int]:
    """Events, answers, readings and watermarks that are stored while readings wait; all of them come in the end."""
    let_go = asyncio.Event()
    settings = ConsumerSettings(
        host=site.broker.host,
        port=site.broker.port,
        client_id=site.shard,
        username="ingest",
        password=site.passwords["ingest"],
    )
    command_id = asked(site, device.device_no)
    async with running(site.service(make_consumer=lambda: Backlog(settings, let_go), apart=apart)):
        await publish(site, device.device_id, [reading(1, {"body.weight": 80})])
        await publish(site, device.device_id, [event(2, "fault_raised", FAULT)], verb="event")
        await publish(site, device.device_id, [answer(3, command_id, "succeeded", result={"faults": []})], verb="reply")
        if apart:
            await site.until(EVENTS, equals=1)
            await site.until(ENDED, equals=1)
        await asyncio.sleep(0.5)
        found = (site.one(EVENTS), site.one(ENDED), site.one(COUNT), site.one(MARKED))
        due = site.one("SELECT count(*) FROM evaluation_due")
        let_go.set()
        for count in (EVENTS, ENDED, COUNT, MARKED):
            await site.until(count, equals=1)
    assert due == found[0], "the worker judges the device as soon as its event is stored"
    return found


async def test_an_alarm_and_an_answer_overtake_readings_and_the_watermark_does_not(
    site: Site, add_device: AddDevice
) -> None:
    found = await behind_a_backlog(site, add_device("scale", PLAIN_SCALE), apart=True)
    assert found == (1, 1, 0, 0), "what waits is not stored, so silence must not be judged"


async def test_in_one_session_they_wait(site: Site, add_device: AddDevice) -> None:
    """The negative control."""
    assert await behind_a_backlog(site, add_device("scale", PLAIN_SCALE), apart=False) == (0, 0, 0, 0)


async def test_a_birth_that_came_with_the_readings_changes_how_events_are_read(
    site: Site, add_device: AddDevice
) -> None:
    device = add_device("wheelchair", "pg-vr2")
    async with running(site.service()) as service:
        await publish(site, device.device_id, [event(1, "charge_started")], verb="event")
        await site.until(EVENTS, equals=1)
        urgent = service._feeds[1].loop.register.find(device.device_id)
        assert urgent is not None
        assert urgent.handling.model_key == "pg-vr2"
        told = {"ts": now_milliseconds(), "boot": 1, "device_class": "wheelchair", "model": "dynamic-dx"}
        await publish(site, device.device_id, [{**told, "firmware": "9.9", "metrics": []}], verb="birth")
        async with asyncio.timeout(10):
            while urgent.firmware != "9.9":  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        assert urgent.handling.model_key == "dynamic-dx"


async def test_a_session_of_an_earlier_release_that_still_takes_answers_stores_none_twice(
    site: Site, add_device: AddDevice
) -> None:
    device = add_device("wheelchair", "pg-vr2")
    async with site.consumer() as earlier:
        await earlier.subscribe([*upward_filters(), mark_topic(site.shard)])
    commands = [asked(site, device.device_no) for _ in range(20)]
    async with running(site.service()) as service:
        said = [answer(seq, command, "succeeded") for seq, command in enumerate(commands, 1)]
        await publish(site, device.device_id, said, verb="reply")
        await site.until(ENDED, equals=20)
        async with asyncio.timeout(10):
            while service.figures.replies + service.figures.repeated < 40:  # noqa: ASYNC110 - figures have no event
                await asyncio.sleep(0.02)
    assert (service.figures.replies, service.figures.repeated) == (20, 20)
    assert site.one("SELECT count(*) FROM command_transition") == 20


Storing = Callable[..., Awaitable[None]]


def side_by_side(monkeypatch: pytest.MonkeyPatch, storing: Storing, patience: float) -> None:
    """Two transactions have their messages in before either tells faults, and tell them before either ends.

    The second holds for `patience` seconds at most: one that takes turns never meets the other there.
    """
    begun, told = asyncio.Barrier(2), asyncio.Barrier(2)

    async def meet(connection: Any, *said: Any) -> None:
        await begun.wait()
        await storing(connection, *said)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await told.wait()

    monkeypatch.setattr(transaction, "store_faults", meet)


async def told_at_once(desk: Desk, devices: Sequence[Any]) -> list[Any]:
    """A fault of each device, and a read a second later without it, stored at once over two connections."""
    site, now = desk.site, now_milliseconds()
    raised = [
        delivery(d.device_id, event(1, "fault_raised", {"system": "vr2", "code": "3"}, ts=now - 2000), "event")
        for d in devices
    ]
    said = [
        delivery(
            d.device_id, answer(2, asked(site, d.device_no), "succeeded", ts=now - 1000, result={"faults": []}), "reply"
        )
        for d in devices
    ]
    async with Desk(site) as other, asyncio.timeout(20):
        await asyncio.gather(desk.take(*raised), other.take(*said))
    return [row[0] for row in site.ask("SELECT cleared_by FROM device_fault")]


async def test_an_answer_and_an_event_stored_at_once_agree_on_the_faults(
    site: Site, add_device: AddDevice, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = [add_device("wheelchair", "pg-vr2") for _ in range(3)]
    side_by_side(monkeypatch, faults.store_faults, 0.7)
    assert await told_at_once(desk, devices) == ["absent_at_read"] * 3


async def test_without_taking_turns_they_do_not_agree(
    site: Site, add_device: AddDevice, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    devices = [add_device("wheelchair", "pg-vr2") for _ in range(3)]
    nobody_waits = b"SELECT count(*) FROM unnest(%b) AS told (turn)"

    def without_turns(name: str) -> bytes:
        return nobody_waits if name == "take_turns" else statement(name)

    monkeypatch.setattr("ingest.write.faults.statement", without_turns)
    side_by_side(monkeypatch, faults.store_faults, 10)
    assert await told_at_once(desk, devices) == [None] * 3


async def answers_through_kills(site: Site, speakers: list[str], folder: Path, when: str, kills: int) -> Victims:
    """Readings and answers of the same devices, numbered together, while ingest is killed again and again."""
    async with site.consumer() as readings, site.consumer(client_id=f"{site.shard}{URGENT}") as urgent:
        await readings.subscribe([upward_filters([Verb.TELEMETRY])[0], mark_topic(site.shard)])
        await urgent.subscribe([*upward_filters(OVERTAKING), mark_topic(f"{site.shard}{URGENT}")])
    numbers = dict(site.ask("SELECT device_id, device_no FROM device"))
    commands = site.ask(ASKED, EACH)
    for device_id in speakers:
        own = [command for command, number in commands if number == numbers[device_id]]
        said = [answer(2 * place, command, "succeeded") for place, command in enumerate(own, 1)]
        await publish(site, device_id, said, verb="reply")
        await publish(site, device_id, [reading(2 * place - 1, {"body.weight": 80}) for place in range(1, EACH + 1)])
    victims, lot = Victims(site, folder, when), random.Random(11)
    for _ in range(kills):
        left = len(commands) - site.one(ANSWERS)
        await victims.kill_in_the_middle(lot, ANSWERS, min(20, left))
    assert victims.kills == kills
    return victims


@pytest.mark.timeout(180)
async def test_no_answer_is_lost_or_counted_twice_however_ingest_is_killed(
    own_site: tuple[Site, list[str]], tmp_path: Path
) -> None:
    site, speakers = own_site
    victims = await answers_through_kills(site, speakers, tmp_path, "after-commit", KILLS)
    answers, last = SPEAKERS * EACH, await victims.start()
    await site.until(ENDED, equals=answers, seconds=60)
    await site.until(COUNT, equals=answers, seconds=60)
    # Those before may have left nothing: it must be far enough to know what SIGTERM asks of it.
    while not victims.figures[-1].exists():  # noqa: ASYNC110 - a file tells nobody that it is there
        await asyncio.sleep(0.05)
    last.send_signal(signal.SIGTERM)
    assert await last.wait() == 0
    assert site.one(ANSWERS) == answers
    assert site.one("SELECT count(*) FROM command_transition") == answers, "each command was moved once"
    assert site.one("SELECT sum(amount) FROM usage_day") == answers, "and each reading beside them counted once"
    assert victims.total("redelivered") > 0, "no kill hit messages in hand: the test proves nothing"


@pytest.mark.timeout(180)
async def test_acknowledged_on_receipt_answers_are_lost(own_site: tuple[Site, list[str]], tmp_path: Path) -> None:
    """The negative control."""
    site, speakers = own_site
    victims = await answers_through_kills(site, speakers, tmp_path, "on-receipt", KILLS_OF_THE_CONTROL)
    await victims.finish()
    assert site.one(ENDED) < SPEAKERS * EACH
