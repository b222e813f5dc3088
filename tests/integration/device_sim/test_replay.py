"""Both real machines replayed through a real broker: exactly their nights arrive, once, in their own units."""

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from device_sim.connection import Line
from device_sim.replay import Card, read_card
from device_sim.replay import play as play_module
from device_sim.replay.play import replay_card
from fjarrkoll.services import Mosquitto
from fleet.clock import from_milliseconds, local_day
from fleet.errors import ConfigurationError
from fleet.registry import load_registry
from fleet.topics import Verb
from tests.integration.device_sim.stand_in import Heard, StandIn, entries, retained

DATA = Path(os.environ.get("FJARRKOLL_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
MACHINES = {"airsense10": 17, "airsense11": 76}


@pytest.fixture(params=sorted(MACHINES))
def card(request: pytest.FixtureRequest) -> Card:
    folder = DATA / "apap" / request.param
    if not folder.is_dir():
        pytest.skip(f"no real APAP cards: {folder} is absent; set FJARRKOLL_DATA to the folder that holds apap/")
    return read_card(folder)


def once(heard: Iterable[Heard]) -> list[dict[str, Any]]:
    """Every message by its number, first arrival first."""
    parts = {(part["boot"], part["seq"]): part for message in heard for part in message.parts}
    return [{name: value for name, value in part.items() if name != "outbox_from"} for part in parts.values()]


async def test_exactly_the_nights_of_the_card_arrive(
    broker: Mosquitto, broker_credentials: Mapping[str, str], stand_in: StandIn, card: Card
) -> None:
    made = entries(broker, ("scale", "wss-pounds"), ("apap", card.model), ("apap", card.model))
    sent = await replay_card(card.folder, made, load_registry(), Line(broker.host, broker.port), made[2].device_id)
    assert sent == len(card.nights) == MACHINES[card.folder.name]

    readings = once(stand_in.of(made[2].device_id, Verb.TELEMETRY))
    assert [reading["values"] for reading in readings] == [night.native_values() for night in card.nights]
    days = [local_day(from_milliseconds(reading["ts"]), 12) for reading in readings]
    moved = days[0] - card.nights[0].date
    assert moved.days % 7 == 0
    assert [day - moved for day in days] == [night.date for night in card.nights]
    assert 0 <= (datetime.now(UTC) - from_milliseconds(readings[-1]["ts"])).days <= 7

    events = [event["event"] for event in once(stand_in.of(made[2].device_id, Verb.EVENT))]
    assert events == ["mask_on", "mask_off"] * sum(len(night.sessions) for night in card.nights)
    assert len(stand_in.stored) == len(readings) + len(events)
    assert stand_in.arrivals <= len(stand_in.stored) + 1  # the last message is sent again, to ask for a receipt
    assert stand_in.of(made[0].device_id) == stand_in.of(made[1].device_id) == []
    found = await retained(broker, broker_credentials["observer"], made[2].device_id)
    assert (found[Verb.BIRTH]["model"], found[Verb.STATE]["online"]) == (card.model, False)


async def test_a_card_whose_nights_nobody_confirms_is_not_called_replayed(
    broker: Mosquitto, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(play_module, "_CONFIRMED_WITHIN_SECONDS", 1.0)
    made = entries(broker, ("apap", card.model))
    with pytest.raises(ConfigurationError, match="messages of the card are not confirmed as stored"):
        await replay_card(card.folder, made, load_registry(), Line(broker.host, broker.port))


@pytest.mark.parametrize("device_id", [None, "sim-not-enrolled"])
async def test_a_card_needs_an_enrolled_device_of_its_model(
    broker: Mosquitto, card: Card, device_id: str | None
) -> None:
    other = "resmed-airsense11" if card.model == "resmed-airsense10" else "resmed-airsense10"
    made = entries(broker, ("apap", other if device_id is None else card.model))
    with pytest.raises(ConfigurationError, match=f"is a {card.model}, which plays this card: enroll one"):
        await replay_card(card.folder, made, load_registry(), Line(broker.host, broker.port), device_id)
