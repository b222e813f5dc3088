"""Commands from the API over the worker and the real broker to a device, and back."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiomqtt
import pytest
from pydantic import SecretStr

from diagnostics.commands.broker import connected
from diagnostics.commands.dispatch import Dispatcher
from diagnostics.commands.repository import COMMAND_CHANNEL
from diagnostics.resources import Resources, server_clock
from diagnostics.wakeups import Wakeups, wait_for
from fjarrkoll.services import Mosquitto
from fleet.clock import to_milliseconds
from fleet.commands import Command, Level
from fleet.messages import CommandMessage, Reply
from fleet.plumbing.database import Pool, database_pool
from fleet.plumbing.settings import Settings
from fleet.registry import Registry, load_registry
from fleet.text import Text
from tests.fixtures.database import Database, MakeDevice
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town
from tests.integration.diagnostics.tiny_device import Answering, TinyDevice, storing_replies, succeeding, tiny_device

QUICK = Command(name="read_quickly", level=Level.READ, title=Text("Läs fort", "Read fast"), expires_seconds=1)
FAULT = load_registry()["wheelchair"].faults[0]
FAULTS = {"faults": [{"system": FAULT.native[0].system, "code": FAULT.native[0].code, "count": 1}]}
keys = iter(f"key-number-{number}" for number in range(10_000))


@pytest.fixture
def short_lived(resources: Resources) -> None:
    """The chair gets a reading command that expires after a second."""
    chair = load_registry()["wheelchair"]
    changed = {**load_registry().by_name, "wheelchair": dataclasses.replace(chair, commands=(*chair.commands, QUICK))}
    resources.registry = Registry(changed)


@pytest.fixture
async def worker_pool(database: Database) -> AsyncIterator[Pool]:
    async with database_pool(database.worker, "test-worker", largest=4) as pool:
        yield pool


def settings_of(broker: Mosquitto, credentials: Mapping[str, str]) -> Settings:
    return Settings(
        mqtt_host=broker.host,
        mqtt_port=broker.port,
        mqtt_username="diagnostics",
        mqtt_password=SecretStr(credentials["diagnostics"]),
    )


@dataclass(frozen=True)
class Chain:
    """The way between database and devices."""

    database: Database
    pool: Pool
    broker: Mosquitto
    credentials: Mapping[str, str]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Dispatching, expiring and storing of answers, for the length of a block."""
        async with (
            Wakeups(self.database.worker, [COMMAND_CHANNEL]).running() as wakeups,
            storing_replies(self.broker, self.credentials["ingest"], self.database.ingest),
        ):
            task = asyncio.create_task(serve(self.pool, wakeups, settings_of(self.broker, self.credentials)))
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def device(self, device_id: str, answering: Answering | None = None) -> AbstractAsyncContextManager[TinyDevice]:
        """A connected device for the length of a block."""
        return tiny_device(self.broker, device_id, answering)


@pytest.fixture
def chain(database: Database, worker_pool: Pool, broker: Mosquitto, broker_credentials: Mapping[str, str]) -> Chain:
    return Chain(database, worker_pool, broker, broker_credentials)


async def serve(pool: Pool, wakeups: Wakeups, settings: Settings) -> None:
    dispatcher = Dispatcher(pool, server_clock)
    async with connected(settings) as publisher, wakeups.expecting(COMMAND_CHANNEL) as woken:
        while True:
            await dispatcher.send_queued(publisher)
            await dispatcher.expire()
            await wait_for(woken, 0.2)


async def ask(
    api: Api, token: str, device_id: str, name: str = "read_faults", *, wait: int = 10, key: str = "", **more: Any
) -> Any:
    headers = {"idempotency-key": key or next(keys), **more.pop("headers", {})}
    return await api.post(f"devices/{device_id}/commands?wait={wait}", token, {"name": name, **more}, headers=headers)


async def bursts(api: Api, token: str, device_id: str, seconds: int) -> Any:
    """A wish that differs from the others, since the same one is not queued twice."""
    return await ask(api, token, device_id, "read_live", wait=0, parameters={"seconds": seconds})


async def test_round_trip_reads_the_faults_of_the_device_itself(
    api: Api, make_token: MakeToken, town: Town, store: Store, chain: Chain
) -> None:
    token = make_token("technician", name="anna")
    async with chain.running(), chain.device(town.chair.device_id, succeeding(FAULTS)) as device:
        began = time.monotonic()
        headers = {"idempotency-key": next(keys)}
        answer = await api.post(f"devices/{town.chair.device_id}/faults/read", token, headers=headers)
        seconds = time.monotonic() - began
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["state"], body["requested_by"], body["name"]) == ("succeeded", "anna", "read_faults")
    [fault] = body["result"]["faults"]
    assert (fault["fault_code"], fault["title"]["sv"]) == (FAULT.code, FAULT.title.sv)
    assert seconds < 5
    [command], [message] = device.heard, device.raw
    assert command.counter == 1
    assert command.not_after - command.issued_at <= 30_000
    assert not message.retain
    assert message.properties is not None
    assert 0 < getattr(message.properties, "MessageExpiryInterval") <= 31  # noqa: B009 - paho types it nowhere
    steps = store.all("SELECT state, reason FROM command_transition ORDER BY at")
    assert steps == [("queued", "asked"), ("sent", "handed_over")]


@pytest.mark.usefixtures("short_lived")
async def test_a_silent_device_gives_504_that_says_what_it_means(
    api: Api, make_token: MakeToken, town: Town, store: Store, chain: Chain
) -> None:
    store.heard(town.chair.device_no)
    token = make_token("technician")
    async with chain.running(), chain.device(town.chair.device_id) as device:
        answer = await ask(api, token, town.chair.device_id, QUICK.name, headers={"accept-language": "sv"})
    assert answer.status_code == 504
    problem = answer.json()
    assert problem["code"] == "device_silent"
    assert "svarade inte inom 1 sekunder" in problem["detail"]
    assert "inte är detsamma som att allt är väl" in problem["detail"]
    assert len(device.heard) == 1
    shown = (await api.get(answer.headers["location"], token)).json()
    assert (shown["state"], shown["reason"]) == ("expired", "no_answer")


@pytest.mark.usefixtures("short_lived")
async def test_without_a_worker_the_caller_is_told_that_nothing_was_sent(
    api: Api, make_token: MakeToken, town: Town
) -> None:
    answer = await ask(api, make_token("technician"), town.chair.device_id, QUICK.name)
    assert (answer.status_code, answer.json()["code"]) == (504, "not_sent")


@pytest.mark.usefixtures("short_lived")
async def test_an_answer_of_our_own_lag_is_not_a_silent_device(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    """While ingest is behind, a command is not called unanswered at its expiry."""
    store.watermark(datetime.now(UTC))
    answer = await ask(api, make_token("technician"), town.chair.device_id, QUICK.name, wait=3)
    assert answer.status_code == 202


async def test_waiting_on_leads_to_the_answer(api: Api, make_token: MakeToken, town: Town, chain: Chain) -> None:
    token = make_token("technician")
    first = await ask(api, token, town.chair.device_id, wait=0)
    assert (first.status_code, first.json()["state"]) == (202, "queued")
    async with chain.device(town.chair.device_id, succeeding(FAULTS)), chain.running():
        for _ in range(100):
            later = await api.get(first.headers["location"], token)
            if later.json()["state"] == "succeeded":
                break
            await asyncio.sleep(0.05)
    assert later.json()["result"]["faults"]


async def test_fifty_at_once_with_one_key_are_one_command(
    api: Api, make_token: MakeToken, town: Town, store: Store, chain: Chain
) -> None:
    token = make_token("technician")
    async with chain.running(), chain.device(town.chair.device_id, succeeding(FAULTS)) as device:
        answers = await asyncio.gather(*(ask(api, token, town.chair.device_id, key="one-and-same") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["command_id"] for answer in answers}) == 1
    assert sorted(answer.headers["idempotency-replayed"] for answer in answers) == ["false"] + ["true"] * 49
    assert store.all("SELECT count(*) FROM command") == [(1,)]
    assert len(device.heard) == 1


async def test_a_key_is_for_one_wish_and_one_caller(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    anna, bo = make_token("technician"), make_token("technician")
    chair, key = town.chair.device_id, "the-same-key"
    assert (await ask(api, anna, chair, wait=0, key=key)).status_code == 202
    for device, name in ((chair, "read_versions"), (town.elsewhere.device_id, "read_faults")):
        answer = await ask(api, anna, device, name, wait=0, key=key)
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")
    assert (await ask(api, bo, chair, wait=0, key=key)).status_code == 202
    assert store.all("SELECT count(*), count(DISTINCT counter) FROM command") == [(2, 2)]


async def test_many_wishes_at_once_get_rising_counters(
    api: Api, make_token: MakeToken, town: Town, store: Store, chain: Chain
) -> None:
    tokens = [make_token("technician") for _ in range(4)]
    async with chain.device(town.chair.device_id, succeeding({})) as device:
        wishes = (
            bursts(api, token, town.chair.device_id, seconds) for seconds, token in enumerate(tokens * 4, start=1)
        )
        answers = await asyncio.gather(*wishes)
        assert {answer.status_code for answer in answers} == {202}
        async with chain.running(), asyncio.timeout(20):
            await device.has_heard(16)
    assert [command.counter for command in device.heard] == list(range(1, 17))


async def test_two_dispatchers_send_each_command_once_and_in_order(
    api: Api, make_token: MakeToken, town: Town, make_device: MakeDevice, worker_pool: Pool
) -> None:
    chairs = [town.chair, *(make_device("wheelchair", loan=(town.payer, "HSL")) for _ in range(5))]
    token = make_token("technician")
    for seconds in range(1, 5):
        for chair in chairs:
            assert (await bursts(api, token, chair.device_id, seconds)).status_code == 202

    class Slow:
        """A broker that takes its time."""

        def __init__(self) -> None:
            self.taken: list[tuple[str, int]] = []

        async def publish(self, device_id: str, message: CommandMessage, seconds_left: float) -> None:
            assert seconds_left > 0
            self.taken.append((device_id, message.counter))
            await asyncio.sleep(0.01)

    broker = Slow()
    dispatchers = [Dispatcher(worker_pool, server_clock) for _ in range(3)]
    for _ in range(6):
        await asyncio.gather(*(dispatcher.send_queued(broker) for dispatcher in dispatchers))
    assert len(broker.taken) == 24
    for chair in chairs:
        assert [counter for device_id, counter in broker.taken if device_id == chair.device_id] == [1, 2, 3, 4]


async def test_a_broker_that_is_away_loses_nothing(
    api: Api, make_token: MakeToken, town: Town, store: Store, worker_pool: Pool
) -> None:
    class Away:
        async def publish(self, *_: object) -> None:
            raise aiomqtt.MqttError("gone")

    assert (await ask(api, make_token("technician"), town.chair.device_id, wait=0)).status_code == 202
    with pytest.raises(aiomqtt.MqttError):
        await Dispatcher(worker_pool, server_clock).send_queued(Away())
    assert store.all("SELECT state FROM command") == [("queued",)]


async def test_a_silent_device_holds_up_nobody(api: Api, make_token: MakeToken, town: Town, chain: Chain) -> None:
    token = make_token("technician")
    silent, lively = town.elsewhere.device_id, town.chair.device_id
    async with chain.running(), chain.device(silent), chain.device(lively, succeeding(FAULTS)):
        for seconds in range(1, 6):
            assert (await bursts(api, token, silent, seconds)).status_code == 202
        answer = await ask(api, token, lively, wait=5)
    assert answer.status_code == 200


async def test_a_silent_device_fills_no_queue(api: Api, make_token: MakeToken, town: Town) -> None:
    tokens = [make_token("technician") for _ in range(3)]
    chair, seconds = town.chair.device_id, range(1, 9)
    statuses = [(await bursts(api, token, chair, burst)).status_code for token in tokens for burst in seconds]
    assert statuses == [202] * 20 + [429] * 4


async def test_the_same_wish_does_not_pile_up_for_a_silent_device(api: Api, make_token: MakeToken, town: Town) -> None:
    anna, bo, chair = make_token("technician"), make_token("technician"), town.chair.device_id
    first = await ask(api, anna, chair, "self_test", wait=0)
    for token in (anna, bo):
        again = await ask(api, token, chair, "self_test", wait=0)
        assert (again.status_code, again.json()["code"]) == (409, "already_waiting")
        assert again.headers["location"] == first.headers["location"]
    statuses = [(await ask(api, token, chair, wait=0)).status_code for token in (anna, bo, anna)]
    assert statuses == [202, 202, 409], "two may read at once; nobody queues the same reading twice"
    assert not first.json()["online"]


async def test_what_may_not_be_asked(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    profile = load_registry()["wheelchair"]
    setting = next(command for command in profile.commands if command.level is Level.SETTING)
    technician, carer = make_token("technician"), make_token("carer")
    device = town.chair.device_id
    for token, name, status, code in (
        (carer, setting.name, 403, "forbidden"),
        (carer, "self_test", 403, "forbidden"),
        (make_token("analyst"), "read_faults", 403, "forbidden"),
        (technician, "drive_forward", 422, "unknown_command"),
    ):
        answer = await ask(api, token, device, name, wait=0)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    store.execute("UPDATE device SET enrolled_at = NULL WHERE device_no = %s", town.chair.device_no)
    answer = await ask(api, technician, device, wait=0)
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_report")
    assert store.all("SELECT count(*) FROM command") == [(0,)]


async def test_a_command_is_not_there_for_others(api: Api, make_token: MakeToken, town: Town) -> None:
    asked = await ask(api, make_token("technician", payers=[town.payer]), town.chair.device_id, wait=0)
    address = asked.headers["location"]
    assert (await api.get(address, make_token("technician", payers=[town.other]))).status_code == 404
    assert (await api.get(address, make_token("technician", payers=[town.payer], frames=("SoL",)))).status_code == 404
    assert (await api.get(address, make_token("carer", payers=[town.payer]))).status_code == 200


async def test_the_server_says_what_the_device_will_probably_refuse_and_sends_it_all_the_same(
    api: Api, make_token: MakeToken, town: Town, store: Store, chain: Chain
) -> None:
    """Advice only: the device is asked, and what it says holds; where nothing is heard, nothing is said."""
    token, chair = make_token("technician"), town.chair
    quiet = (await ask(api, token, chair.device_id, "self_test", wait=0)).json()
    assert quiet["advice"] is None
    store.execute("UPDATE command SET state = 'expired'")
    store.heard(chair.device_no, at=NOW, events={"drive_started": NOW - timedelta(minutes=2)})
    reading = (await ask(api, token, chair.device_id, "read_versions", wait=0)).json()
    assert (reading["state"], reading["advice"]) == ("queued", None), "reading is never refused"
    store.execute("UPDATE command SET state = 'expired'")
    warned = (await ask(api, token, chair.device_id, "self_test", wait=0)).json()
    assert "Körning började" in warned["advice"]["sv"]
    async with chain.running(), chain.device(chair.device_id, succeeding({})):
        answer = await ask(api, token, chair.device_id, "locate_beep")
    assert (answer.json()["state"], answer.json()["advice"]) == ("succeeded", None), "it decides itself"


async def test_a_refusal_is_an_answer(api: Api, make_token: MakeToken, town: Town, chain: Chain) -> None:
    def refuse(command: CommandMessage) -> Reply:
        now = to_milliseconds(datetime.now(UTC))
        return Reply(ts=now, boot=1, seq=1, command_id=command.command_id, status="refused", reason="not while driving")

    async with chain.running(), chain.device(town.chair.device_id, refuse):
        answer = await ask(api, make_token("technician"), town.chair.device_id, "self_test")
    assert (answer.status_code, answer.json()["state"]) == (200, "refused")
    assert answer.json()["reason"] == "not while driving"
