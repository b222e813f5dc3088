"""Alarms through a live system: the canary's flight, the watch over what dies or stands still, other classes."""

import asyncio
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import psycopg
import pytest
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from fjarrkoll.alarm_run.judging import FAULTY_SECONDS
from fjarrkoll.alarm_run.sink import Sink, sink
from fjarrkoll.chain.site import scraped
from fjarrkoll.local.part import Part
from fjarrkoll.local.system import LocalSystem
from fjarrkoll.services.process import free_port
from fjarrkoll.watch.canary import fly
from fleet.clock import to_milliseconds
from fleet.codec import encode
from fleet.messages import Occurrence, Reading
from fleet.plumbing.settings import Settings
from fleet.plumbing.store.register import Enrolled, NewDevice, NewLoan, enroll_devices
from fleet.registry import load_registry
from fleet.topics import Verb, topic
from tests.integration.diagnostics.receiver import Receiver, receiving

SECRET = "the-secret-both-sides-know"
PANEL = "canary-panel"
PATIENCE = 60.0
pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True)
class Live:
    """A system that runs, and where its alarms arrive."""

    system: LocalSystem
    heard: Sink
    chair: Enrolled
    mask: Enrolled
    canary: Enrolled
    dispenser: Enrolled

    def settings(self, **more: Any) -> Settings:
        return Settings(
            _env_file=None,
            worker_database_url=SecretStr(self.system.urls.worker),
            mqtt_host=self.system.broker.host,
            mqtt_port=self.system.broker.port,
            **more,
        )

    async def says(self, device: Enrolled, verb: Verb, message: Occurrence | Reading) -> None:
        async with self._client(device.device_id, device.password) as client:
            await client.publish(topic(device.device_id, verb), encode(message), qos=1)

    @asynccontextmanager
    async def panel(self) -> AsyncIterator[aiomqtt.Client]:
        async with self._client(PANEL, SECRET) as client:
            await client.subscribe(f"fk/panel/{PANEL}/+", qos=1)
            yield client

    def _client(self, name: str, password: str) -> aiomqtt.Client:
        broker = self.system.broker
        return aiomqtt.Client(
            broker.host, broker.port, username=name, password=password, protocol=aiomqtt.ProtocolVersion.V5, timeout=20
        )


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not in a folder of pytest's: the servers' own account must get through."""
    made = Path(tempfile.mkdtemp(prefix="fjarrkoll-live-", dir="/var/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def live(folder: Path) -> Iterator[Live]:
    with sink() as heard, LocalSystem(folder, load_registry(), device_passwords={}, webhook_url=heard.url) as system:
        devices = _enroll(system)
        known = {device.device_id: device.password for device in devices}
        system.broker.add_credentials({**known, PANEL: SECRET})
        system.start_parts("ingest", "worker")
        system.parts["worker"].stop()
        with system.parts["worker"].twin("worker-with-panels", panels="true") as worker:
            system.parts["worker"] = worker
            yield Live(system, heard, *devices)


def _enroll(system: LocalSystem) -> list[Enrolled]:
    now = datetime.now(UTC)
    with psycopg.connect(system.urls.owner) as connection:
        row = connection.execute(
            "INSERT INTO payer (code, name, kind) VALUES ('kommun', 'Kommun', 'municipality') RETURNING payer_id"
        ).fetchone()
        assert row is not None
        loan = NewLoan(payer_id=row[0], legal_frame="SoL", started_at=now - timedelta(days=9))
        wanted = [
            NewDevice(
                device_class=name,
                model_key=load_registry()[name].models[0].key,
                individual_number=f"L-{place}",
                loan=on_loan,
            )
            for place, (name, on_loan) in enumerate(
                (("wheelchair", loan), ("apap", loan), ("dispenser", None), ("dispenser", loan))
            )
        ]
        made = enroll_devices(connection, wanted, now)
        connection.execute("INSERT INTO canary_device VALUES (%s)", [made[2].device_no])
        recipient = connection.execute(
            "INSERT INTO recipient (code, role, canary) VALUES ('canary-watch', 'carer', true) RETURNING recipient_id"
        ).fetchone()
        assert recipient is not None
        connection.execute("INSERT INTO recipient_address VALUES (%s, 'panel', %s, 0)", [recipient[0], PANEL])
        document = {"code": "canary", "last_resort": ["canary-watch"], "steps": []}
        connection.execute(
            "INSERT INTO ladder (code, document, set_by) VALUES ('canary', %s, 'test')", [Jsonb(document)]
        )
        connection.execute("INSERT INTO ladder_use (ladder, device_no) VALUES ('canary', %s)", [made[2].device_no])
    return made


async def told(heard: Sink, device: Enrolled, kind: str = "raised") -> None:
    async with asyncio.timeout(PATIENCE):
        while device.device_id not in heard.first_of(kind):  # noqa: ASYNC110 - another process tells
            await asyncio.sleep(0.1)


async def test_the_canary_flies_from_its_broker_account_to_its_own_panel_and_to_nobody_else(live: Live) -> None:
    settings = live.settings(canary_device_id=live.canary.device_id, canary_password=SecretStr(live.canary.password))
    async with live.panel() as panel:
        journey = await fly(settings, timedelta(seconds=PATIENCE))
        assert journey.arrived
        async with asyncio.timeout(PATIENCE):
            message = await anext(aiter(panel.messages))
    shown = json.loads(bytes(message.payload))
    assert live.canary.device_id not in str(message.topic)
    assert shown["kind"] == "raised"
    with psycopg.connect(live.system.urls.owner) as connection:
        row = connection.execute(
            "SELECT outcome, sent_at > jammed_at, cleared_at IS NOT NULL FROM canary_run"
        ).fetchone()
    assert row == ("arrived", True, True)
    assert journey.to_sent is not None
    assert live.canary.device_id not in live.heard.first_of("raised"), "the installation's people heard of a canary"


async def test_a_wheelchair_that_tips_and_a_mask_that_leaks_reach_people(live: Live) -> None:
    now = to_milliseconds(datetime.now(UTC))  # the mask's machine measures in litres a second
    await live.says(live.chair, Verb.EVENT, Occurrence(ts=now, boot=1, seq=1, event="tip_or_impact", data={}))
    await live.says(live.mask, Verb.TELEMETRY, Reading(ts=now, boot=1, seq=1, values={"leak.p95": 0.52}))
    await told(live.heard, live.chair)
    await told(live.heard, live.mask)
    with psycopg.connect(live.system.urls.owner) as connection:
        rows = connection.execute(
            "SELECT device_class, rule, safety, a.audience FROM alarm a JOIN device USING (device_no)"
        )
        found = set(rows.fetchall())
    assert {("wheelchair", "tipped", True, "care"), ("apap", "high_leak", False, "technical")} <= found
    later = to_milliseconds(datetime.now(UTC)) + 1
    await live.says(live.mask, Verb.TELEMETRY, Reading(ts=later, boot=1, seq=2, values={"leak.p95": 0.18}))
    await told(live.heard, live.mask, "cleared")


@asynccontextmanager
async def watched(live: Live, tmp_path: Path) -> AsyncIterator[Receiver]:
    """`fjarrkoll watch run` beside the system, with short limits; what the operator hears."""
    async with receiving() as operator:
        variables = {
            "worker_database_url": live.system.urls.worker,
            "mqtt_host": live.system.broker.host,
            "mqtt_port": str(live.system.broker.port),
            "watch_webhook_url": operator.url,
            "watch_webhook_secret": SECRET,
            "watch_allow_private": "true",
            "watch_stale_seconds": "6",
            "watch_look_seconds": "0.5",
        }
        part = Part("watch", ["watch", "run"], variables, tmp_path)
        await asyncio.to_thread(part.start)
        try:
            yield operator
        finally:
            await asyncio.to_thread(part.stop)


async def hears(operator: Receiver, when: str, trouble: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not any(trouble in json.loads(request.body)[when] for request in operator.got):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_a_worker_that_is_killed_is_told_of_by_the_watch_and_so_is_its_return(live: Live, tmp_path: Path) -> None:
    worker = live.system.parts["worker"]
    async with watched(live, tmp_path) as operator:
        await asyncio.sleep(2)
        assert operator.got == [], "nothing was wrong yet"
        os.kill(worker.pid, signal.SIGKILL)
        await hears(operator, "begun", "engine_dead")
        await hears(operator, "begun", "notifier_dead")
        await asyncio.to_thread(worker.stop)
        await asyncio.to_thread(worker.start)
        await hears(operator, "over", "engine_dead")


async def test_an_ingest_that_stands_still_is_told_of_by_the_watch(live: Live, tmp_path: Path) -> None:
    pid = live.system.parts["ingest"].pid
    async with watched(live, tmp_path) as operator:
        os.kill(pid, signal.SIGSTOP)
        try:
            await hears(operator, "begun", "ingest_stuck")
        finally:
            os.kill(pid, signal.SIGCONT)
        await hears(operator, "over", "ingest_stuck")


@asynccontextmanager
async def standing_by(live: Live) -> AsyncIterator[None]:
    """A second ingest of the same shard beside the one that works; afterwards the first works again, alone."""
    port = free_port()
    first = live.system.parts["ingest"]
    with first.twin("ingest-2", metrics_port=str(port)) as second:
        async with asyncio.timeout(PATIENCE):
            while (await asyncio.to_thread(scraped, port)).get("standing_by") != 1.0:
                second.check()
                await asyncio.sleep(0.1)
        try:
            yield
        finally:
            await asyncio.to_thread(first.kill)
    await asyncio.to_thread(first.start)


async def test_a_jam_that_arrives_while_ingest_stands_still_is_sent_within_ten_seconds(live: Live) -> None:
    async with standing_by(live):
        os.kill(live.system.parts["ingest"].pid, signal.SIGSTOP)
        now = to_milliseconds(datetime.now(UTC))
        jam: dict[str, str | float | bool | None] = {"system": "dispenser-gateway", "code": "JAM", "module": "feed"}
        await live.says(live.dispenser, Verb.EVENT, Occurrence(ts=now, boot=1, seq=1, event="fault_raised", data=jam))
        at = time.monotonic()
        await told(live.heard, live.dispenser)
        assert live.heard.first_of("raised")[live.dispenser.device_id] - at < FAULTY_SECONDS
