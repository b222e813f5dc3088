import copy
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet.plumbing.settings import PREFIX, Settings
from tests.unit.deploy.compose_rules import commands, problems, refused

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]


def harmed(change: Callable[[dict[str, Any]], None], given: set[str]) -> list[str]:
    compose = copy.deepcopy(COMPOSE)
    change(compose["services"])
    return problems(compose, given)


def test_the_file_is_sound(made_variables: set[str]) -> None:
    assert problems(COMPOSE, made_variables) == []


def test_everything_the_platform_needs_is_there() -> None:
    assert {"broker", "database", "migrate", "ingest", "api", "worker", "simulator", "grafana"} <= SERVICES.keys()
    assert SERVICES["simulator"]["profiles"] == ["demo"]


def test_only_three_ports_are_published_and_the_brokers_is_the_tls_one() -> None:
    ports = {name: service["ports"][0].rpartition(":")[2] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"broker": "8883", "api": "8080", "grafana": "3000"}
    assert SERVICES["database"]["networks"] == ["store"]
    assert COMPOSE["networks"]["store"] == {"internal": True}


def test_every_variable_of_ours_is_a_setting_or_named_by_grafanas_files() -> None:
    provisioning = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "deploy" / "grafana" / "provisioning").rglob("*.yaml")
    )
    wanted = set(re.findall(r"\$(\w+)", provisioning))
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{PREFIX}SUPERUSER_DATABASE_URL"}
    grafana = {name for name in SERVICES["grafana"]["environment"] if name.startswith(PREFIX)}
    assert grafana == wanted
    for name, service in SERVICES.items():
        if name != "grafana":
            ours = {key for key in service.get("environment", {}) if key.startswith(PREFIX)}
            assert ours <= settings, name


def test_every_file_mounted_from_the_project_is_there_or_made_by_make_env() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("./") and not source.startswith("./deploy/secrets"):
                assert (ROOT / source).exists(), source


def test_each_role_gets_its_own_database_address_and_no_other() -> None:
    for name, role in (("ingest", "ingest"), ("api", "api"), ("worker", "worker"), ("enroll", "owner")):
        urls = [value for key, value in SERVICES[name]["environment"].items() if key.endswith("DATABASE_URL")]
        assert len(urls) == 1
        assert urls[0].startswith(f"postgresql://fjarrkoll_{role}:${{{role.upper()}_DATABASE_PASSWORD")


def drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(services: dict[str, Any]) -> None:
        place = services
        for part in path[:-1]:
            place = place[part]
        del place[path[-1]]

    return change


def put(value: object, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(services: dict[str, Any]) -> None:
        place = services
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (put("grafana/grafana:latest", "grafana", "image"), "not pinned"),
        (put("grafana/grafana", "grafana", "image"), "not pinned"),
        (drop("ingest", "healthcheck"), "no health check"),
        (drop("ingest", "healthcheck", "start_period"), "to chance"),
        (put(["ingest", "runs"], "ingest", "command"), "'runs'"),
        (put(["ingest", "run", "--shards", "x"], "ingest", "command"), "No such option"),
        (put(["ingests"], "ingest", "command"), "no command 'ingests'"),
        (put(["fjarrkoll simulate jump"], "demo-history", "command"), "'jump'"),
        (put("hunter2", "broker", "environment", "OBSERVER_MQTT_PASSWORD"), "literal secret"),
        (put("postgresql://u:hunter2@h/d", "ingest", "environment", "FJARRKOLL_INGEST_DATABASE_URL"), "literal secret"),
        (put("${POSTGRES_PASSWORD:-postgres}", "database", "environment", "POSTGRES_PASSWORD"), "default"),
        (put("${POSTGRES_PASSWORD}", "database", "environment", "POSTGRES_PASSWORD"), "may be empty"),
        (put("${NOBODY:?x}", "grafana", "environment", "GF_SECURITY_SECRET_KEY"), "not made by scripts/make-env"),
        (put(["8883:8883"], "broker", "ports"), "beyond this machine"),
        (put(["${A:-127.0.0.1}:5432:5432"], "database", "ports"), "only services may reach"),
        (put(["store:/x"], "api", "volumes"), "volume store is not declared"),
        (put(["./deploy:/x"], "api", "volumes"), "mounted writable"),
        (put(["stores"], "api", "networks"), "network stores is not declared"),
        (put({"nobody": {"condition": "service_started"}}, "api", "depends_on"), "no service"),
        (put({"migrate": {}}, "api", "depends_on"), "without a condition"),
        (put({"migrate": {"condition": "service_healthy"}}, "api", "depends_on"), "no health check"),
        (put({"database": {"condition": "service_completed_successfully"}}, "api", "depends_on"), "whether it ends"),
        (put({"api": {"condition": "service_healthy"}}, "database", "depends_on"), "wait for each other"),
        (put({"simulator": {"condition": "service_healthy"}}, "api", "depends_on"), "required: false"),
        (drop("ingest", "cap_drop"), "capabilities"),
        (drop("ingest", "security_opt"), "privileges"),
        (drop("ingest", "read_only"), "own image"),
        (put("sometimes", "ingest", "restart"), "restart is 'sometimes'"),
        (put(True, "ingest", "privilege"), "unknown key"),
    ],
)
def test_each_harm_is_found(change: Callable[[dict[str, Any]], None], complaint: str, made_variables: set[str]) -> None:
    found = harmed(change, made_variables)
    assert any(complaint in problem for problem in found), found


def test_command_lines_are_found_in_shell_lines_too() -> None:
    assert commands({"command": ["a"], "entrypoint": ["fjarrkoll", "enroll"]}) == [["enroll", "a"]]
    shell = {"entrypoint": ["/bin/sh", "-c"], "command": ["test -e x || { fjarrkoll migrate --json && touch x; }"]}
    assert commands(shell) == [["migrate", "--json"]]
    assert refused(["migrate", "--json"]) is None
    assert refused(["diagnostics", "api"]) is None
    assert refused(["diagnostics", "--help"]) is None


@pytest.mark.skipif(
    shutil.which("docker") is None
    or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0,  # noqa: S607
    reason="Docker's compose plugin is not installed; the rules above have checked the file",
)
def test_docker_compose_itself_reads_the_file(made_env: Path) -> None:
    command = [
        "docker",
        "compose",
        "--profile",
        "demo",
        "--profile",
        "tools",
        "-f",
        str(FILE),
        "--env-file",
        str(made_env),
    ]
    done = subprocess.run([*command, "config", "--quiet"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    nothing = subprocess.run(
        [*command[:-1], "/dev/null", "config", "--quiet"], capture_output=True, text=True, check=False
    )
    assert nothing.returncode != 0
    assert "run scripts/make-env" in nothing.stderr
