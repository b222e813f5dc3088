"""The image's recipe and the systemd units, read as text: nothing here needs an engine or a running systemd."""

import importlib
import re
import runpy
import shutil
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from fleet.plumbing.settings import PREFIX, Settings
from tests.unit.deploy.compose_rules import refused

ROOT = Path(__file__).resolve().parents[3]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
HARDENED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}


def directives(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in unit.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name].append(value)
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_real_command_as_its_own_user_with_its_own_secrets(unit: Path) -> None:
    said = directives(unit)
    program, *arguments = said["ExecStart"][0].split()
    assert program == "/opt/fjarrkoll/bin/fjarrkoll"
    assert refused([word.replace("%i", "ingest-0") for word in arguments]) is None
    service = unit.name.removeprefix("fjarrkoll-").removesuffix(".service").removesuffix("@")
    assert said["User"] == [f"fjarrkoll-{service}"]
    assert said["EnvironmentFile"] == [f"/etc/fjarrkoll/{service}.env"]
    assert not any("PASSWORD" in value or "URL" in value for value in said["Environment"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_hardened_and_comes_back(unit: Path) -> None:
    said = directives(unit)
    assert {name: said[name][0] for name in HARDENED} == HARDENED
    assert "@system-service" in said["SystemCallFilter"]
    assert said["Restart"] == ["always"] or said["Type"] == ["oneshot"]


def test_the_target_wants_every_unit_and_the_guide_names_real_settings() -> None:
    target = (ROOT / "deploy" / "systemd" / "fjarrkoll.target").read_text(encoding="utf-8")
    assert all(unit.name.replace("@", "@ingest-0") in target for unit in UNITS)
    guide = (ROOT / "deploy" / "systemd" / "README.md").read_text(encoding="utf-8")
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{PREFIX}SUPERUSER_DATABASE_URL"}
    assert set(re.findall(rf"`({PREFIX}\w+)(?:=\w+)?`", guide)) <= known


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_itself_understands_every_unit(tmp_path: Path) -> None:
    program = tmp_path / "fjarrkoll"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    for unit in [*UNITS, ROOT / "deploy" / "systemd" / "fjarrkoll.target"]:
        text = unit.read_text(encoding="utf-8").replace("/opt/fjarrkoll/bin/fjarrkoll", str(program))
        (tmp_path / unit.name.replace("@", "@ingest-0")).write_text(text, encoding="utf-8")
    units = sorted(str(path) for path in tmp_path.iterdir() if path.suffix in {".service", ".target"})
    command = ["systemd-analyze", "verify", "--man=no", *units]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_image_is_pinned_hashed_and_not_run_by_root() -> None:
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["python:3.11.14-slim-bookworm"] * 2
    assert "--require-hashes --only-binary :all: --requirement /tmp/runtime.txt" in DOCKERFILE
    assert re.findall(r"^USER (.*)", DOCKERFILE, re.MULTILINE) == ["1883:1883"]
    assert not re.search(r"PASSWORD|SECRET|TOKEN", DOCKERFILE)


def test_what_is_copied_is_there_and_let_through_and_holds_every_room() -> None:
    copied = re.findall(r"^COPY (?!--)(\S+) ", DOCKERFILE, re.MULTILINE)
    ignore = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignore[1] == "*", "everything is kept out but what is named"
    assert {line.removeprefix("!") for line in ignore if line.startswith("!")} == set(copied)
    assert all((ROOT / path).exists() for path in copied)
    wheel = re.search(r"packages = (\[.*\])", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert wheel is not None
    assert set(re.findall(r'"(\w+)"', wheel[1])) <= set(copied)


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/well" else 503)
        self.end_headers()
        self.wfile.write(b"a 1.0\nb 2.0\n")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_health_check_tells_well_from_ill(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    main = runpy.run_path(str(ROOT / "deploy" / "healthcheck.py"))["main"]
    assert main(f"{address}/well") == 0
    assert main(f"{address}/well", "b 2.0") == 0
    assert main(f"{address}/well", "b 2") == 1
    assert main(f"{address}/ill") == 1
    assert main("http://127.0.0.1:1/") == 1
    assert "does not answer" in capsys.readouterr().err


def test_the_line_that_ingest_is_asked_for_is_one_it_says() -> None:
    figures = importlib.import_module("ingest.figures")
    consumer = importlib.import_module("ingest.consumer")
    counted = figures.Figures()
    counted.lines["its only line"] = True
    names = {
        (sample.name, sample.value)
        for family in figures.FiguresCollector(counted, consumer.ConsumerStatistics).collect()
        for sample in family.samples
    }
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert '"fjarrkoll_ingest_connected 1.0"' in compose
    assert ("fjarrkoll_ingest_connected", 1.0) in names
