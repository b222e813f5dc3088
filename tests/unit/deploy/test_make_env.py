import importlib.machinery
import importlib.util
import os
import shutil
import ssl
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from fjarrkoll.services import password_line
from tests.unit.deploy.conftest import MAKE_ENV

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*arguments: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(MAKE_ENV), "--folder", str(tmp_path), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": path})

    return call


def values(folder: Path) -> dict[str, str]:
    lines = (folder / ".env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_long_different_and_readable_by_their_owner_only(run: Run, tmp_path: Path) -> None:
    assert run().returncode == 0
    made = values(tmp_path)
    hidden = [value for name, value in made.items() if name not in {"OPERATIONS_EMAIL", "BROKER_HOSTS"}]
    assert len(set(hidden)) == len(hidden) == 12
    assert all(len(value) >= 43 and not set(value) & set("$'\"\\ #:/@") for value in hidden)
    secret = [tmp_path / ".env", *(p for p in (tmp_path / "deploy/secrets").rglob("*") if p.name != "ca.crt")]
    for path in secret:
        assert mode(path) & 0o077 == 0, path
    assert (tmp_path / "deploy/secrets/.gitignore").read_text(encoding="utf-8") == "*\n"


def test_no_secret_is_printed(run: Run, tmp_path: Path) -> None:
    done = run()
    said = done.stdout + done.stderr
    assert "docker compose up -d" in said
    assert not any(value and value in said for name, value in values(tmp_path).items() if name != "OPERATIONS_EMAIL")


def test_what_is_there_is_kept_unless_forced(run: Run, tmp_path: Path) -> None:
    run("--host", "mqtt.example", "--operations-email", "drift@example.se")
    before, authority = values(tmp_path), (tmp_path / "deploy/secrets/ca.crt").read_bytes()
    refused = run()
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert values(tmp_path) == before
    assert run("--force").returncode == 0
    after = values(tmp_path)
    changed = {name for name in before if before[name] != after[name]}
    lasting = {"POSTGRES_PASSWORD", "GRAFANA_ADMIN_PASSWORD", "GRAFANA_SECRET_KEY", "OPERATIONS_EMAIL", "BROKER_HOSTS"}
    assert changed == before.keys() - lasting
    assert after["BROKER_HOSTS"] == "mqtt.example"
    assert (tmp_path / "deploy/secrets/ca.crt").read_bytes() == authority, "devices would trust the broker no longer"


def test_the_certificate_is_signed_for_every_name_and_strictly_valid(run: Run, tmp_path: Path) -> None:
    run("--host", "mqtt.example", "--host", "192.0.2.7")
    place = tmp_path / "deploy" / "secrets"
    check = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", str(place / "ca.crt")]
    for kind, name in (("hostname", "broker"), ("hostname", "mqtt.example"), ("ip", "127.0.0.1"), ("ip", "192.0.2.7")):
        command = [*check, f"-verify_{kind}", name, str(place / "broker" / "server.crt")]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0, name
    wrong = [*check, "-verify_hostname", "other.example", str(place / "broker" / "server.crt")]
    assert subprocess.run(wrong, capture_output=True, check=False).returncode != 0
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(place / "broker" / "server.crt", place / "broker" / "server.key")


def test_without_openssl_it_says_what_to_install_and_makes_nothing(run: Run, tmp_path: Path) -> None:
    done = run(path=str(tmp_path / "empty"))
    assert done.returncode == 1
    assert "apt-get install openssl" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [("--host", "a,DNS:*"), ("--host", "a\nb"), ("--operations-email", "x"), ("--operations-email", "a@b c")],
)
def test_what_does_not_fit_is_refused(run: Run, tmp_path: Path, arguments: tuple[str, str]) -> None:
    done = run(*arguments)
    assert done.returncode == 1
    assert arguments[0] in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("make_env", str(MAKE_ENV))
    spec = importlib.util.spec_from_loader("make_env", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = writes
    return module


def test_password_lines_are_those_of_the_local_services(script: ModuleType) -> None:
    salt = bytes(range(12))
    assert script.password_line("ingest", "pässword", salt) == password_line("ingest", "pässword", salt)


def test_it_needs_nothing_but_python() -> None:
    command = [sys.executable, "-I", "-S", str(MAKE_ENV), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "--operations-email" in done.stdout
    assert shutil.which("openssl") is not None, "the other tests of this file need it"
