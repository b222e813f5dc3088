"""Where the real cards lie, for the tests that read them."""

import os
from pathlib import Path

import pytest

from device_sim.replay import Card, read_card

ROOT = Path(__file__).resolve().parents[4]
MACHINES = ("airsense10", "airsense11")


@pytest.fixture(scope="session")
def real_cards() -> Path:
    data = Path(os.environ.get("FJARRKOLL_DATA", ROOT.parent / "shared" / "data"))
    cards = data / "apap"
    if not cards.is_dir():
        pytest.skip(f"no real APAP cards: {cards} is absent; set FJARRKOLL_DATA to the folder that holds apap/")
    return cards


@pytest.fixture(scope="session")
def airsense10(real_cards: Path) -> Card:
    return read_card(real_cards / "airsense10")


@pytest.fixture(scope="session")
def airsense11(real_cards: Path) -> Card:
    return read_card(real_cards / "airsense11")


@pytest.fixture(scope="session", params=MACHINES)
def real_card(request: pytest.FixtureRequest, real_cards: Path) -> Card:
    return read_card(real_cards / request.param)
