"""Rules for docker-compose.yml that need no engine: what the specification asks, and what we ask of ourselves."""

import importlib
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import typer

from fjarrkoll.main import COMMANDS

Service = Mapping[str, Any]

_CONDITIONS: Final = {"service_started", "service_healthy", "service_completed_successfully"}
_RESTARTS: Final = {"no", "always", "on-failure", "unless-stopped"}
_SERVICE_KEYS: Final = {
    "image", "build", "user", "command", "entrypoint", "environment", "volumes", "ports", "networks", "network_mode",
    "depends_on", "healthcheck", "restart", "profiles", "security_opt", "cap_drop", "cap_add", "read_only", "tmpfs",
    "init", "logging", "stop_grace_period", "shm_size",
}  # fmt: skip
_TOP_KEYS: Final = {"name", "services", "networks", "volumes"}
_SECRET_NAME: Final = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY$|DATABASE_URL$")
_REFERENCE: Final = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<default>:?[-?][^}]*)?\}|(?<!\$)\$(?P<bare>[A-Za-z_]\w*)")
_PINNED: Final = re.compile(r"[\w./-]+:(?!latest$|stable$|edge$)[\w.-]*\d+\.\d+[\w.-]*")
_OWN: Final = "fjarrkoll:"


def problems(compose: Mapping[str, Any], given: Iterable[str]) -> list[str]:
    """What is wrong, each as a sentence that names the service; empty when all is well.

    Args:
        compose: the file, anchors resolved.
        given: variables that the env file of scripts/make-env holds.
    """
    found = [f"unknown top-level key {key}" for key in compose if key not in _TOP_KEYS and not key.startswith("x-")]
    known = set(given)
    for name, service in compose["services"].items():
        checks = (
            _shape(service), _image(service), _dependencies(name, compose["services"]), _health(service),
            _mounts(service, compose), _ports(service, compose), _secrets(service), _variables(service, known),
            _hardening(service), _command(service),
        )  # fmt: skip
        found += [f"{name}: {problem}" for check in checks for problem in check]
    return [*found, *_unused(compose), *_cycles(compose["services"])]


def commands(service: Service) -> list[list[str]]:
    """The `fjarrkoll` command lines of a service, also those within a shell line, without the program's name."""
    entry, given = service.get("entrypoint", ["fjarrkoll"]), service.get("command", [])
    if entry[0] == "fjarrkoll":
        return [[*entry[1:], *given]]
    words = shlex.split(given[0], comments=False) if given else []
    lines: list[list[str]] = []
    for place, word in enumerate(words):
        if word == "fjarrkoll":
            rest = words[place + 1 :]
            end = next((n for n, text in enumerate(rest) if text in {"&&", "||", ";", "}", "};"}), len(rest))
            lines.append(rest[:end])
    return lines


def refused(arguments: list[str]) -> str | None:
    """Why our program would refuse these arguments, or None if it takes them; nothing is run."""
    name, *rest = arguments
    if name not in COMMANDS:
        return f"there is no command {name!r}"
    command: Any = typer.main.get_command(importlib.import_module(COMMANDS[name][0]).app)
    while (members := getattr(command, "commands", None)) and rest and not rest[0].startswith("-"):
        if rest[0] not in members:
            return f"{name} has no command {rest[0]!r}"
        name, command, rest = rest[0], members[rest[0]], rest[1:]
    try:
        command.make_context(name, list(rest))
    except typer.Exit:
        return None  # --help
    except typer.TyperException as error:
        return str(error)
    return None


def _shape(service: Service) -> Iterator[str]:
    for key in service.keys() - _SERVICE_KEYS:
        yield f"unknown key {key}"
    if service.get("restart") not in _RESTARTS:
        yield f"restart is {service.get('restart')!r}; say one of {sorted(_RESTARTS)}"
    if "networks" in service and "network_mode" in service:
        yield "networks and network_mode exclude each other"


def _image(service: Service) -> Iterator[str]:
    if not _PINNED.fullmatch(service.get("image", "")):
        yield f"image {service.get('image')!r} is not pinned to a version"


def _dependencies(name: str, services: Mapping[str, Service]) -> Iterator[str]:
    for other, wanted in services[name].get("depends_on", {}).items():
        if other not in services:
            yield f"depends on {other}, which is no service"
            continue
        condition = wanted.get("condition") if isinstance(wanted, dict) else None
        if condition not in _CONDITIONS:
            yield f"depends on {other} without a condition"
        elif condition == "service_healthy" and "healthcheck" not in services[other]:
            yield f"waits for {other} to be healthy, but {other} has no health check"
        elif (condition == "service_completed_successfully") != (services[other].get("restart") == "no"):
            yield f"waits for {other} in a way that does not fit whether it ends"
        switched = set(services[other].get("profiles", [])) - set(services[name].get("profiles", []))
        if switched and wanted.get("required", True):
            yield f"depends on {other}, whose profile may be off; say required: false"


def _health(service: Service) -> Iterator[str]:
    check = service.get("healthcheck")
    if service.get("restart") == "no":
        return
    if check is None:
        yield "runs for long and has no health check"
        return
    if check["test"][0] not in {"CMD", "CMD-SHELL"}:
        yield "health check begins with neither CMD nor CMD-SHELL"
    if not {"interval", "timeout", "retries", "start_period"} <= check.keys():
        yield "health check leaves interval, timeout, retries or start_period to chance"


def _mounts(service: Service, compose: Mapping[str, Any]) -> Iterator[str]:
    for volume in service.get("volumes", []):
        source, _, target = volume.partition(":")
        if source.startswith("."):
            if not target.endswith(":ro"):
                yield f"{source} of the host is mounted writable"
        elif source not in compose["volumes"]:
            yield f"volume {source} is not declared"
    for network in service.get("networks", []):
        if network not in compose["networks"]:
            yield f"network {network} is not declared"


def _ports(service: Service, compose: Mapping[str, Any]) -> Iterator[str]:
    outside = [n for n in service.get("networks", []) if not (compose["networks"].get(n) or {}).get("internal")]
    for port in service.get("ports", []):
        if not re.fullmatch(r"\$\{\w+:-127\.0\.0\.1\}:\d+:\d+", port):
            yield f"port {port} is published beyond this machine by default"
        if port.endswith((":1883", ":5432")):
            yield f"port {port} publishes what only services may reach"
        if not outside:
            yield f"port {port} cannot be published from internal networks"


def _secrets(service: Service) -> Iterator[str]:
    for name, value in _environment(service).items():
        if _SECRET_NAME.search(name) and value is not None:
            bare = _REFERENCE.sub("", str(value))
            if not _REFERENCE.search(str(value)) or re.search(r"://[^@/]*:[^@/]+@", bare):
                yield f"{name} holds a literal secret"
            elif any(not (m["default"] or "").startswith(":?") for m in _REFERENCE.finditer(str(value))):
                yield f"{name} has a default or may be empty; write ${{NAME:?run scripts/make-env}}"


def _variables(service: Service, given: set[str]) -> Iterator[str]:
    for match in _REFERENCE.finditer(str(dict(service))):
        name, default = match["name"] or match["bare"], match["default"] or ""
        if not default.startswith(":-") and name not in given:
            yield f"${name} is not made by scripts/make-env"


def _hardening(service: Service) -> Iterator[str]:
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "may gain privileges"
    if service.get("cap_drop") != ["ALL"]:
        yield "keeps capabilities it was not given by name"
    if service.get("image", "").startswith(_OWN) and not service.get("read_only"):
        yield "can write to its own image"
    if service.get("privileged") or any("docker.sock" in volume for volume in service.get("volumes", [])):
        yield "has the host in its hands"


def _command(service: Service) -> Iterator[str]:
    if service.get("image", "").startswith(_OWN):
        found = commands(service)
        if not found:
            yield "runs no command of ours"
        for arguments in found:
            complaint = refused(arguments)
            if complaint:
                yield f"fjarrkoll {' '.join(arguments)}: {complaint}"


def _unused(compose: Mapping[str, Any]) -> Iterator[str]:
    services = compose["services"].values()
    mounted = {volume.partition(":")[0] for service in services for volume in service.get("volumes", [])}
    joined = {network for service in services for network in service.get("networks", [])}
    for name in compose["volumes"].keys() - mounted:
        yield f"volume {name} is declared and not used"
    for name in compose["networks"].keys() - joined:
        yield f"network {name} is declared and not used"


def _cycles(services: Mapping[str, Service]) -> Iterator[str]:
    """Services are taken away once all they wait for are; what is left waits for itself."""
    left = {name: set(service.get("depends_on", {})) for name, service in services.items()}
    while ready := {name for name, needs in left.items() if not needs & left.keys()}:
        left = {name: needs for name, needs in left.items() if name not in ready}
    if left:
        yield f"{', '.join(sorted(left))} wait for each other"


def _environment(service: Service) -> dict[str, Any]:
    return dict(service.get("environment", {}))
