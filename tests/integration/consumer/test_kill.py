"""SIGKILL of the consumer's process in the middle of its work: nothing acknowledged that is not stored."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from fjarrkoll.services import Mosquitto
from tests.integration.consumer.adapters import ADAPTERS
from tests.integration.consumer.support import FILTER, feed, numbered, settings_for, until
from tests.integration.consumer.victim import CLIENT_ID

ROOT = Path(__file__).parents[3]
MESSAGES = 2000
KILLS = 5


def stored(file: Path) -> list[tuple[bytes, bool]]:
    """Payload and DUP flag of every line."""
    lines = [line.split() for line in file.read_bytes().splitlines()] if file.exists() else []
    return [(payload, flag == b"1") for payload, flag in lines]


async def start_victim(adapter: str, port: int, file: Path, when: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "tests.integration.consumer.victim", adapter, str(port), str(file), when]
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT)


async def run_with_kills(broker: Mosquitto, adapter: str, file: Path, when: str) -> int:
    """Feed all messages, kill the consumer some times on the way, let the last one finish; returns the kills."""
    async with ADAPTERS[adapter](settings_for(broker, client_id=CLIENT_ID)) as first:
        await first.subscribe([FILTER])
    await feed(broker, numbered(MESSAGES))
    kills = 0
    for _ in range(KILLS):
        before = len(stored(file))
        victim = await start_victim(adapter, broker.port, file, when)
        await until(lambda before=before: len(stored(file)) >= before + 150)  # type: ignore[misc]  # bound on purpose
        victim.send_signal(signal.SIGKILL)
        kills += await victim.wait() == -signal.SIGKILL
    last = await start_victim(adapter, broker.port, file, when)
    assert await last.wait() == 0
    return kills


async def test_every_message_is_stored_although_the_consumer_is_killed(
    adapter: str, own_broker: Mosquitto, tmp_path: Path
) -> None:
    file = tmp_path / "stored"
    assert await run_with_kills(own_broker, adapter, file, "after-commit") == KILLS
    lines = stored(file)
    assert {payload for payload, _ in lines} == set(numbered(MESSAGES))
    assert sum(redelivered for _, redelivered in lines) > 0  # the kills did hit messages in hand


async def test_acknowledging_on_receipt_loses_messages_in_the_same_test(
    adapter: str, own_broker: Mosquitto, tmp_path: Path
) -> None:
    file = tmp_path / "stored"
    assert await run_with_kills(own_broker, adapter, file, "on-receipt") == KILLS
    lost = set(numbered(MESSAGES)) - {payload for payload, _ in stored(file)}
    assert lost, "the negative control lost nothing: the kill test proves nothing"


@pytest.mark.parametrize("adapter", ["thin"], indirect=True)
async def test_a_stopped_consumer_that_was_replaced_acknowledges_nothing_when_it_wakes(
    adapter: str, own_broker: Mosquitto, tmp_path: Path
) -> None:
    file = tmp_path / "stored"
    async with ADAPTERS[adapter](settings_for(own_broker, client_id=CLIENT_ID)) as first:
        await first.subscribe([FILTER])
    await feed(own_broker, numbered(MESSAGES))
    zombie = await start_victim(adapter, own_broker.port, file, "after-commit")
    await until(lambda: len(stored(file)) >= 100)
    zombie.send_signal(signal.SIGSTOP)
    standby = await start_victim(adapter, own_broker.port, file, "after-commit")  # takes the session over
    assert await standby.wait() == 0
    zombie.send_signal(signal.SIGCONT)
    assert await zombie.wait() != 0  # told that it was replaced
    assert {payload for payload, _ in stored(file)} == set(numbered(MESSAGES))
