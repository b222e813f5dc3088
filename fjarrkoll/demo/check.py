"""The unattended demo: reads back from database and API what happened, and says if a part of the main job did not."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from device_sim.connection import Line
from device_sim.ledger import Ledger
from device_sim.replay.play import replay_card
from fjarrkoll.demo.analyst import walk_a_case
from fjarrkoll.demo.client import DemoClient
from fjarrkoll.demo.observe import Counts
from fjarrkoll.demo.population import Population
from fjarrkoll.demo.receiver import Received
from fjarrkoll.demo.story import Cast
from fleet.registry import Registry

CARDS: Final = Path(__file__).resolve().parents[3] / "shared" / "data" / "apap"
NO_CARDS: Final = "the real cards are not on this machine (../shared/data/apap), so no night was replayed"
_PATIENCE_SECONDS: Final = 20.0
# Here the worker judges use a quarter of a minute after it last did; later where the machine is busy.
_VERDICT_SECONDS: Final = 180.0

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was observed; printed as the check's last line.

    Attributes:
        published … quarantined: see `fjarrkoll.demo.observe.Counts`.
        faults_read: faults that devices answered when asked through the API.
        alarms: open alarms, as the API tells a carer.
        jam_alarm: whether the jammed dispenser's is among them.
        notified: webhooks that reached the receiver.
        idle_found: devices proven unused whose return is proposed.
        recalls_proposed: recall cases begun for them.
        answers_taken: answers taken from the list that a prescriber unit sent back.
        recall_state: where the case that was followed ended.
        passport_advice: what its passport advised on its return.
        nights_replayed: nights of real cards found in the database.
        seconds: from the first device's connection to the last observation.
        missing: parts of the main job that did not happen; empty when all is well.
    """

    published: int
    stored: int
    lost: int
    duplicated: int
    quarantined: int
    faults_read: int
    alarms: int
    jam_alarm: bool
    notified: int
    idle_found: int
    recalls_proposed: int
    answers_taken: int
    recall_state: str
    passport_advice: str
    nights_replayed: int
    seconds: float
    note: str
    missing: list[str]

    def as_json(self) -> dict[str, Any]:
        """For the last line."""
        return asdict(self)


def missing_parts(counts: Counts, observed: dict[str, Any], *, cards_here: bool) -> list[str]:
    """Which parts of the main job did not happen; pure, so that each can be shown to be noticed."""
    demands = {
        "devices published nothing": counts.published > 0,
        "messages were lost": counts.lost == 0,
        "messages were stored twice": counts.duplicated == 0,
        "not everything published is stored": counts.stored == counts.published,
        "malformed messages are not in quarantine": counts.quarantined > 0,
        "no hidden fault was read from a device": observed["faults_read"] > 0,
        "the jammed dispenser raised no alarm": observed["jam_alarm"],
        "no alarm reached the webhook": observed["notified"] > 0,
        "no idle device was found": observed["idle_found"] > 0,
        "no recall was proposed": observed["recalls_proposed"] > 0,
        "the recall case did not end in stock": observed["recall_state"] == "in_stock",
        "no answer was taken from the returned list": observed["answers_taken"] > 0,
        "no night of the real cards was stored": observed["nights_replayed"] > 0 or not cards_here,
    }
    return [complaint for complaint, well in demands.items() if not well]


async def replay_cards(population: Population, registry: Registry, line: Line, ledger: Ledger) -> bool:
    """Replays every card that is on this machine; False where there is none."""
    cards = sorted(CARDS.glob("*/STR.edf"))
    for card in cards:
        await replay_card(card.parent, population.replaying, registry, line, ledger=ledger)
    return bool(cards)


async def observe(client: DemoClient, roles: Cast, received: Received) -> dict[str, Any]:
    """Asks the API, patiently where something takes its time."""
    hidden = [fault for device_id in roles.read for fault in await client.read_faults(device_id)]
    jam = await _until(lambda: _jam_alarm(client, roles.jammed))
    alarms = await client.open_alarms()
    idle = await _until(lambda: _proposed(client), _VERDICT_SECONDS)
    recall = await walk_when_judged(client)
    await _until(lambda: _given(received.bodies))
    return {
        "faults_read": len(hidden),
        "alarms": len(alarms),
        "jam_alarm": bool(jam),
        "notified": len(received.bodies),
        "idle_found": len(idle),
        **recall,
    }


def report(counts: Counts, observed: dict[str, Any], started: float, *, cards_here: bool) -> Report:
    """Puts what the database and the API said together."""
    return Report(
        **asdict(counts),
        **observed,
        seconds=round(time.monotonic() - started, 1),
        note="" if cards_here else NO_CARDS,
        missing=missing_parts(counts, observed, cards_here=cards_here),
    )


async def _jam_alarm(client: DemoClient, device_id: str) -> list[dict[str, Any]]:
    return [alarm for alarm in await client.open_alarms() if alarm["device_id"] == device_id and alarm["safety"]]


async def _proposed(client: DemoClient) -> list[dict[str, Any]]:
    items, _ = await client.idle_devices()
    return [item for item in items if item["use"]["verdict"] == "unused" and item["use"]["step"] == "propose"]


async def walk_when_judged(client: DemoClient) -> dict[str, Any]:
    """The analyst's story, once the worker has judged what was just stored."""
    walked: dict[str, Any] = {}

    async def tried() -> list[str]:
        walked.update(await walk_a_case(client))
        return [walked["recall_state"]] if walked["recalls_proposed"] else []

    await _until(tried, _VERDICT_SECONDS)
    return walked


async def _given(found: list[Found]) -> list[Found]:
    return found


async def _until(ask: Callable[[], Awaitable[list[Found]]], seconds: float = _PATIENCE_SECONDS) -> list[Found]:
    """Asks again until there is an answer or patience ends."""
    deadline = time.monotonic() + seconds
    while not (found := await ask()) and time.monotonic() < deadline:  # noqa: ASYNC110 - the API is asked, not an event
        await asyncio.sleep(0.5)
    return found
