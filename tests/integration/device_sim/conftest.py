"""Fixtures of the simulator's tests: the stand-in for ingest, and a broker that a test may kill."""

import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from fjarrkoll.services import Binaries, Mosquitto
from tests.integration.device_sim.stand_in import StandIn


@pytest.fixture(scope="module")
def broker(binaries: Binaries, services_folder: Path, broker_credentials: Mapping[str, str]) -> Iterator[Mosquitto]:
    """A broker of these tests alone: the retained births of some hundred devices would surprise other tests."""
    with Mosquitto(binaries, services_folder / f"simulator-{secrets.token_hex(4)}", broker_credentials) as server:
        yield server


@pytest.fixture
async def stand_in(broker: Mosquitto, broker_credentials: Mapping[str, str]) -> AsyncIterator[StandIn]:
    """Listens from the first moment of the test to its last."""
    async with StandIn(broker, broker_credentials["ingest"]).listening() as listening:
        yield listening


@pytest.fixture
def own_broker(binaries: Binaries, server_folder: Path, broker_credentials: Mapping[str, str]) -> Iterator[Mosquitto]:
    """A broker with the shipped configuration, default persistence included, that a test may kill."""
    with Mosquitto(binaries, server_folder, broker_credentials) as server:
        yield server
