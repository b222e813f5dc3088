"""Fixtures of the consumer's tests: a broker of one's own, and each adapter in turn."""

import base64
import hashlib
import itertools
import json
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import pytest

from fjarrkoll.services import Binaries, Mosquitto
from fjarrkoll.services.places import service_account
from fjarrkoll.services.process import HOST, Program, ServerProcess, free_port
from ingest.consumer.base import ConsumerBase
from tests.integration.consumer.adapters import ADAPTERS
from tests.integration.consumer.support import EXTRA_ACL, PASSWORDS, MakeConsumer, settings_for

_numbers = itertools.count(1)


@pytest.fixture
def own_broker(binaries: Binaries, server_folder: Path) -> Iterator[Mosquitto]:
    """A broker that a test may kill; it starts in a fifth of a second."""
    with Mosquitto(binaries, server_folder, PASSWORDS, extra_acl=EXTRA_ACL) as broker:
        yield broker


@pytest.fixture(params=sorted(ADAPTERS, reverse=True))
def adapter(request: pytest.FixtureRequest) -> str:
    """The name of the adapter under test: every contract test runs once with each."""
    return cast("str", request.param)


@pytest.fixture
def client_id() -> str:
    return f"ingest-{next(_numbers)}"


@pytest.fixture
async def make(adapter: str, own_broker: Mosquitto, client_id: str) -> AsyncIterator[MakeConsumer]:
    """Makes consumers with the same client id; they are closed when the test is over."""
    made: list[ConsumerBase] = []

    def make_one(**overrides: object) -> ConsumerBase:
        made.append(ADAPTERS[adapter](settings_for(own_broker, **{"client_id": client_id, **overrides})))
        return made[-1]

    yield make_one
    for consumer in made:
        await consumer.close()


@pytest.fixture
def server_of_quality_0(binaries: Binaries, server_folder: Path) -> Iterator[Mosquitto]:
    """A broker that grants nothing above QoS 0."""
    folder = server_folder / "quality-0"
    with Mosquitto(binaries, folder, PASSWORDS, extra_acl=EXTRA_ACL, settings={"max_qos": "0"}) as broker:
        yield broker


@pytest.fixture
def forbidding_broker(binaries: Binaries, server_folder: Path) -> Iterator[int]:
    """The port of a broker that judges subscriptions: Mosquitto's access list does not, its plugin does."""
    account, port = service_account(), free_port()
    plugin = binaries.mosquitto.parents[1] / "lib/x86_64-linux-gnu/mosquitto_dynamic_security.so"
    rules, configuration = server_folder / "rules.json", server_folder / "forbidding.conf"
    rules.write_text(json.dumps(_rules()))
    configuration.write_text(f"listener {port} {HOST}\nplugin {plugin}\nplugin_opt_config_file {rules}\n")
    for path in (rules, configuration):
        path.chmod(0o600)
        account.owns_after(path)
    process = ServerProcess(
        Program(
            [str(binaries.mosquitto), "-c", str(configuration)],
            account=account,
            folder=server_folder,
            log_path=server_folder / "forbidding.log",
            orphan_signal=signal.SIGTERM,
        )
    )
    try:
        process.wait_listening(port, 10)
        yield port
    finally:
        process.end([(signal.SIGTERM, 5)])


def _rules() -> dict[str, object]:
    """Format: mosquitto-dynamic-security; a password is PBKDF2-HMAC-SHA512, 64 bytes."""
    salt = b"twelve bytes"  # the plugin takes no other length
    digest = hashlib.pbkdf2_hmac("sha512", PASSWORDS["ingest"].encode(), salt, 101, 64)
    return {
        "defaultACLAccess": {"subscribe": False, "publishClientReceive": True, "unsubscribe": True},
        "clients": [
            {
                "username": "ingest",
                "password": base64.b64encode(digest).decode(),
                "salt": base64.b64encode(salt).decode(),
                "iterations": 101,
                "roles": [{"rolename": "reader"}],
            }
        ],
        "roles": [
            {
                "rolename": "reader",
                "acls": [{"acltype": "subscribePattern", "topic": "test/allowed/#", "allow": True}],
            }
        ],
    }
