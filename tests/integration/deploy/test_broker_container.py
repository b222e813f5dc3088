"""What the broker's container runs, under this machine's paths: set-up script, both listeners, health check, TLS."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from fjarrkoll.services import Binaries, password_line
from fjarrkoll.services.places import service_account
from fjarrkoll.services.process import Program, ServerProcess, free_port

ROOT = Path(__file__).resolve().parents[3]
SETUP = ROOT / "deploy" / "compose" / "broker-setup.sh"
DEVICE, PASSWORD = "d-testdevice", "a-password-of-a-device"


@dataclass(frozen=True)
class Broker:
    """A running broker: its doors, its secrets, and the env file that its passwords are in."""

    process: ServerProcess
    plain: int
    tls: int
    folder: Path
    binaries: Binaries

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    def variable(self, name: str) -> str:
        lines = (self.folder / ".env").read_text(encoding="utf-8").splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith(f"{name}="))

    def publish(self, port: int, password: str, *tls: str) -> int:
        topic = f"fk/v1/{DEVICE}/telemetry"
        command = [
            str(self.binaries.mosquitto_pub),
            "-h",
            "localhost",
            "-p",
            str(port),
            "-V",
            "mqttv5",
            "-q",
            "1",
            *tls,
        ]
        command += ["-u", DEVICE, "-P", password, "-i", DEVICE, "-t", topic, "-m", "{}"]
        return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode


def set_up(folder: Path) -> None:
    """Runs the set-up script as its container does, for the account that the broker will have."""
    user = str(service_account().uid)
    command = ["/bin/sh", str(SETUP), str(folder / "deploy/secrets/broker"), str(folder / "secrets"), user]
    subprocess.run(command, check=True)


def configure(folder: Path, plain: int, tls: int) -> Path:
    """The files that docker-compose.yml mounts, under this machine's paths and on loopback."""
    (folder / "conf.d").mkdir()
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    places = {
        "/mosquitto/config/conf.d": str(folder / "conf.d"),
        "/mosquitto/config/acl": str(folder / "acl"),
        "/mosquitto/secrets": str(folder / "secrets"),
        "/mosquitto/data": str(folder / "data"),
        "listener 1883": f"listener {plain} 127.0.0.1",
        "listener 8883": f"listener {tls} 127.0.0.1",
    }
    for mount in compose["services"]["broker"]["volumes"]:
        source, target, *_ = mount.split(":")
        if source.startswith("./"):
            text = (ROOT / source).read_text(encoding="utf-8")
            for theirs, ours in places.items():
                text = text.replace(theirs, ours)
            name = target.removeprefix("/mosquitto/config/")
            (folder / name).write_text(text, encoding="utf-8")
    return folder / "mosquitto.conf"


@pytest.fixture
def broker(binaries: Binaries, server_folder: Path) -> Iterator[Broker]:
    account = service_account()
    (server_folder / "secrets").mkdir()
    (server_folder / "data").mkdir()
    account.owns_after(server_folder / "data")
    make_env = [sys.executable, str(ROOT / "scripts" / "make-env"), "--folder", str(server_folder)]
    subprocess.run(make_env, check=True, capture_output=True)
    set_up(server_folder)
    plain, tls = free_port(), free_port()
    process = ServerProcess(
        Program(
            command=[str(binaries.mosquitto), "-c", str(configure(server_folder, plain, tls))],
            account=account,
            folder=server_folder / "data",
            log_path=server_folder / "broker.log",
            orphan_signal=signal.SIGTERM,
        )
    )
    try:
        for port in (plain, tls):
            process.wait_listening(port, 30.0)
        yield Broker(process, plain, tls, server_folder, binaries)
    finally:
        process.end([(signal.SIGTERM, 5.0)])


def test_the_health_check_of_the_compose_file_passes_with_the_made_password_and_no_other(broker: Broker) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    _, line = compose["services"]["broker"]["healthcheck"]["test"]
    line = line.replace("$$", "$").replace("-p 1883", f"-p {broker.plain}")
    line = line.replace("mosquitto_sub", shlex.quote(str(broker.binaries.mosquitto_sub)))
    outcomes = []
    for password in (broker.variable("OBSERVER_MQTT_PASSWORD"), "wrong"):
        environment = {**os.environ, "OBSERVER_MQTT_PASSWORD": password}
        done = subprocess.run(["/bin/sh", "-c", line], env=environment, capture_output=True, check=False)
        outcomes.append(done.returncode)
    assert outcomes[0] == 0
    assert outcomes[1] != 0


def test_a_device_comes_over_tls_with_our_authority_and_its_own_password_only(broker: Broker) -> None:
    authority = ("--cafile", str(broker.folder / "deploy/secrets/ca.crt"))
    assert broker.publish(broker.tls, PASSWORD, *authority) != 0, "it is not enrolled yet"
    with (broker.secrets / "passwords").open("a", encoding="utf-8") as file:
        file.write(password_line(DEVICE, PASSWORD) + "\n")
    broker.process.send(signal.SIGHUP)
    tries = [broker.publish(broker.tls, PASSWORD, *authority) for _ in range(20)]
    assert tries[-1] == 0
    assert broker.publish(broker.tls, "wrong", *authority) != 0
    assert broker.publish(broker.tls, PASSWORD) != 0, "without TLS the TLS door stays shut"
    stranger = broker.folder / "stranger"
    subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make-env"), "--folder", str(stranger)], check=True, capture_output=True
    )
    other = ("--cafile", str(stranger / "deploy/secrets/ca.crt"))
    assert broker.publish(broker.tls, PASSWORD, *other) != 0, "a certificate of another authority is refused"


def test_setting_up_again_keeps_enrolled_devices_and_takes_new_service_passwords(broker: Broker) -> None:
    passwords = broker.secrets / "passwords"
    device = password_line(DEVICE, PASSWORD)
    passwords.write_text(passwords.read_text(encoding="utf-8") + device + "\n", encoding="utf-8")
    before = passwords.read_text(encoding="utf-8").splitlines()
    subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make-env"), "--folder", str(broker.folder), "--force"],
        check=True,
        capture_output=True,
    )
    set_up(broker.folder)
    after = passwords.read_text(encoding="utf-8").splitlines()
    assert device in after
    assert [line.split(":")[0] for line in after] == ["ingest", "diagnostics", "observer", DEVICE]
    assert set(before) & set(after) == {device}
    assert passwords.stat().st_mode & 0o777 == 0o600
    assert passwords.stat().st_uid == service_account().uid
    assert (broker.secrets / "server.key").stat().st_mode & 0o777 == 0o600
