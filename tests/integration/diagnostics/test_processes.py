"""The worker and the API as processes: killed at the worst moment, ended politely, started without settings."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from fjarrkoll.services import Mosquitto
from fleet.registry import load_registry
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import Store, Town
from tests.integration.diagnostics.receiver import OK, receiving

Start = Callable[..., subprocess.Popen[bytes]]


@contextmanager
def started(name: str, settings: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`fjarrkoll diagnostics NAME` for the length of the block."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FJARRKOLL_")}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "fjarrkoll", "diagnostics", name],
            env={**clean, "FJARRKOLL_ENV_FILE": "/nonexistent", "FJARRKOLL_LOG_FORMAT": "json", **settings},
            stdout=output,
            stderr=output,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(30)


@pytest.fixture
def worker_settings(database: Database, broker: Mosquitto, broker_credentials: Mapping[str, str]) -> dict[str, str]:
    return {
        "FJARRKOLL_WORKER_DATABASE_URL": database.worker,
        "FJARRKOLL_MQTT_HOST": broker.host,
        "FJARRKOLL_MQTT_PORT": str(broker.port),
        "FJARRKOLL_MQTT_USERNAME": "diagnostics",
        "FJARRKOLL_MQTT_PASSWORD": broker_credentials["diagnostics"],
        "FJARRKOLL_WEBHOOK_SECRET": "the-secret-both-sides-know",
        "FJARRKOLL_WEBHOOK_ALLOW_PRIVATE": "true",
    }


async def until(condition: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.05)


async def test_a_worker_killed_between_saving_and_sending_is_followed_by_one_that_sends_with_the_same_key(
    worker_settings: dict[str, str], store: Store, town: Town, tmp_path: Path
) -> None:
    rule = next(rule for rule in load_registry()["wheelchair"].rules if rule.name == "joystick_fault")
    store.heard(town.chair.device_no)
    store.fault(town.chair.device_no, "vr2", "7", min(rule.fault_codes()))
    # The first request hangs: the alarm is saved, the notification claimed, and nobody knows whether it arrived.
    async with receiving(lambda n: None if n == 1 else OK) as receiver:
        settings = {**worker_settings, "FJARRKOLL_WEBHOOK_URL": receiver.url}
        with started("worker", settings, tmp_path / "log") as first:
            await until(lambda: len(receiver.got) == 1, 30)
            first.send_signal(signal.SIGKILL)
            first.wait(10)
        assert store.all("SELECT state, attempts FROM notification") == [("pending", 1)]
        with started("worker", settings, tmp_path / "log"):
            await until(lambda: store.all("SELECT state FROM notification") == [("sent",)], 30)
    assert len(receiver.got) == 2
    assert len(set(receiver.keys)) == 1
    assert store.all("SELECT count(*) FROM alarm") == [(1,)]


async def test_new_data_raises_an_alarm_within_a_second_and_sigterm_ends_the_worker(
    worker_settings: dict[str, str], store: Store, town: Town, tmp_path: Path
) -> None:
    rule = next(rule for rule in load_registry()["wheelchair"].rules if rule.name == "joystick_fault")
    async with receiving() as receiver:
        settings = {
            **worker_settings,
            "FJARRKOLL_WEBHOOK_URL": receiver.url,
            "FJARRKOLL_METRICS_PORT": "0",
        }
        log = tmp_path / "log"
        with started("worker", settings, log) as worker:
            await until(lambda: b"worker_started" in log.read_bytes(), 30)
            await asyncio.sleep(1.5)  # past the first sweep
            store.heard(town.chair.device_no)
            store.fault(town.chair.device_no, "vr2", "7", min(rule.fault_codes()))
            began = time.monotonic()
            store.due(town.chair.device_no)
            await until(lambda: len(receiver.got) == 1, 10)
            assert time.monotonic() - began < 2
            metrics = await asyncio.to_thread(fetch, f"http://127.0.0.1:{metrics_port(log)}/metrics")
            assert b'fjarrkoll_worker_alarms_total{action="raise"} 1.0' in metrics
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(worker.wait, 15) == 0
    assert b"the-secret-both-sides-know" not in log.read_bytes()


def metrics_port(log: Path) -> int:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return int(next(line["metrics_port"] for line in lines if line.get("event_name") == "worker_started"))


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own process
        body: bytes = answer.read()
        return body


async def test_the_api_serves_until_sigterm(database: Database, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"FJARRKOLL_API_DATABASE_URL": database.api, "FJARRKOLL_API_PORT": str(port)}
    with started("api", settings, tmp_path / "log") as api:
        await until(lambda: ready(port), 30)
        api.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(api.wait, 15) in {0, -signal.SIGTERM}


def ready(port: int) -> bool:
    try:
        return b'"ready":true' in fetch(f"http://127.0.0.1:{port}/readyz")
    except (urllib.error.URLError, ConnectionError):
        return False


@pytest.mark.parametrize(
    ("name", "variable"), [("api", b"FJARRKOLL_API_DATABASE_URL"), ("worker", b"FJARRKOLL_WORKER_DATABASE_URL")]
)
def test_what_is_not_set_is_named(name: str, variable: bytes, tmp_path: Path) -> None:
    with started(name, {}, tmp_path / "log") as process:
        assert process.wait(30) == 1
    assert variable in (tmp_path / "log").read_bytes()
    assert b"Traceback" not in (tmp_path / "log").read_bytes()
