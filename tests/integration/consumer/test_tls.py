"""The same line inside TLS, with a certificate authority of the test's own."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fjarrkoll.services import Binaries, Mosquitto
from fjarrkoll.services.places import service_account
from ingest.consumer import BrokerUnreachable, Outgoing
from tests.integration.consumer.support import EXTRA_ACL, FILTER, PASSWORDS, MakeConsumer, payloads, take

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="makes its certificates with openssl, which is not installed")


@pytest.fixture
def certificate(server_folder: Path) -> Path:
    """A certificate of its own authority for the address 127.0.0.1; the key is beside it."""
    path = server_folder / "certificate.pem"
    command = f"{OPENSSL} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)  # fixed words only
    for made in (path, path.with_suffix(".key")):
        service_account().owns_after(made)
    return path


@pytest.fixture
def own_broker(binaries: Binaries, server_folder: Path, certificate: Path) -> Iterator[Mosquitto]:
    """The broker of this room: it speaks TLS only."""
    settings = {"certfile": str(certificate), "keyfile": str(certificate.with_suffix(".key"))}
    with Mosquitto(binaries, server_folder, PASSWORDS, extra_acl=EXTRA_ACL, settings=settings) as broker:
        yield broker


async def test_messages_of_every_size_pass_through_tls(make: MakeConsumer, certificate: Path) -> None:
    trusted = ssl.create_default_context(cafile=certificate)
    async with make(tls=trusted) as consumer, make(tls=trusted, client_id="feeder-in-tls") as speaker:
        await consumer.subscribe([FILTER])
        sent = [b"small", bytes(300_000), b"last"]
        await speaker.publish([Outgoing("test/a/telemetry", payload, 1) for payload in sent])
        assert payloads(await take(consumer, 3)) == sent


# paho leaves the socket of a failed handshake to the garbage collector, which warns about it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_broker_with_a_certificate_nobody_vouches_for_is_not_spoken_to(make: MakeConsumer) -> None:
    with pytest.raises(BrokerUnreachable, match=r"(?i)certificate verify failed"):
        await make(tls=ssl.create_default_context()).connect()


async def test_a_plain_line_to_a_tls_port_is_unreachable_with_a_hint(make: MakeConsumer) -> None:
    with pytest.raises(BrokerUnreachable, match="expects TLS"):
        await make(connect_timeout_seconds=2).connect()
