"""Simulated devices inside TLS, with a certificate authority of the test's own."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from device_sim.line import Line, opened, service_packet
from device_sim.wire import LineLostError
from fjarrkoll.services import Binaries, Mosquitto
from fjarrkoll.services.places import service_account

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="makes its certificates with openssl, which is not installed")


def certificate(path: Path) -> Path:
    """A certificate of its own authority for the address 127.0.0.1; the key is beside it."""
    command = f"{OPENSSL} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    for made in (path, path.with_suffix(".key")):
        service_account().owns_after(made)
    return path


async def test_a_line_in_tls_wants_the_right_authority(
    binaries: Binaries, server_folder: Path, broker_credentials: Mapping[str, str]
) -> None:
    own, other = certificate(server_folder / "own.pem"), certificate(server_folder / "other.pem")
    settings = {"certfile": str(own), "keyfile": str(own.with_suffix(".key"))}
    packet = service_packet("observer", broker_credentials["observer"])
    with Mosquitto(binaries, server_folder, broker_credentials, settings=settings) as broker:
        async with opened(Line(broker.host, broker.port, own), packet) as wire:
            await wire.subscribe(["fk/v1/#"])
        with pytest.raises(LineLostError, match=r"(?i)certificate verify failed"):
            async with opened(Line(broker.host, broker.port, other), packet):
                pytest.fail("it trusted a stranger")
        with pytest.raises(LineLostError, match=r"line was|hung up|does not answer"):
            async with opened(Line(broker.host, broker.port), packet):
                pytest.fail("it spoke in the clear")
