"""Fixtures of ingest's tests: a site of one's own, with devices that may speak."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest

from fjarrkoll.services import Binaries, Mosquitto
from fleet.plumbing.store.register import Enrolled
from tests.fixtures.database import Database, MakeDevice
from tests.integration.ingest.support import Desk, Site

AddDevice = Callable[..., Enrolled]


@pytest.fixture(scope="module")
def broker(binaries: Binaries, services_folder: Path, broker_credentials: Mapping[str, str]) -> Iterator[Mosquitto]:
    """A broker of this file's own: what devices of other tests left retained would be strangers in quarantine here."""
    folder = services_folder / f"ingest-broker-{secrets.token_hex(4)}"
    with Mosquitto(binaries, folder, broker_credentials) as server:
        yield server


@pytest.fixture
def site(broker: Mosquitto, broker_credentials: dict[str, str], database: Database) -> Site:
    """This file's broker and a database of this test alone; its own shard keeps sessions apart."""
    return Site(broker, dict(broker_credentials), database.ingest, database.superuser, f"ingest-{secrets.token_hex(4)}")


@pytest.fixture
def add_device(site: Site, make_device: MakeDevice) -> AddDevice:
    """Registers a device and lets it into the broker."""

    def add(device_class: str = "scale", *arguments: object, **options: object) -> Enrolled:
        device = make_device(device_class, *arguments, **options)
        site.broker.add_credentials({device.device_id: device.password})
        site.passwords[device.device_id] = device.password  # type: ignore[index]  # the fixture made it a dict
        return device

    return add


@pytest.fixture
async def desk(site: Site) -> AsyncIterator[Desk]:
    """Stores batches without a broker."""
    async with Desk(site) as ready:
        yield ready
