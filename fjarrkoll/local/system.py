"""The whole system on this machine: servers and parts in order, and an env file by which a second terminal finds it."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx
import psycopg

from device_sim.regional.accounts import Account, access_list
from device_sim.regional.region_file import Region
from fjarrkoll.local.part import Part
from fjarrkoll.local.secrets import LocalSecrets, load_or_make, write_private
from fjarrkoll.services import REGION, Mosquitto, Postgres, install
from fjarrkoll.services.errors import StartError
from fjarrkoll.services.process import HOST, free_port
from fleet.plumbing.settings import PREFIX
from fleet.plumbing.store.bootstrap import DatabaseUrls, bootstrap
from fleet.plumbing.store.migrate import migrate
from fleet.registry import Registry

DATABASE: Final = "fjarrkoll"
_READY_SECONDS: Final = 90.0
_VERDICT_SECONDS: Final = "15"  # a person who tries the system wants to see verdicts soon
_POLL_SECONDS: Final = 0.1
_LONG_LIST_SECONDS: Final = 300.0
"""The broker reads two lines of its access list for each device behind a gateway before it listens."""


class LocalSystem:
    """Broker and database at once; ingest, worker and API with `start_parts`.

    Args:
        folder: data, logs and secrets; kept, so that a second start finds the same system.
        registry: the device classes.
        device_passwords: device id to password of devices that are enrolled already.
        webhook_url: where alarms go; a receiver on this machine is allowed here, and only here.
        region: simulated devices enrolled by `fjarrkoll enroll region`, behind gateways of their own.
        watched: whether `fjarrkoll watch` runs beside the others.
    """

    def __init__(  # noqa: PLR0913 - what it is made of, by name
        self,
        folder: Path,
        registry: Registry,
        *,
        device_passwords: Mapping[str, str],
        webhook_url: str | None = None,
        region: Region | None = None,
        watched: bool = False,
    ) -> None:
        self.folder = folder
        self._registry = registry
        self._device_passwords = device_passwords
        self._webhook_url = webhook_url
        self._region = region
        self._watched = watched
        self._stack = ExitStack()
        self.secrets: LocalSecrets
        self.urls: DatabaseUrls
        self.postgres: Postgres
        self.broker: Mosquitto
        self.parts: dict[str, Part] = {}
        self.api_port = 0

    def __enter__(self) -> Self:
        """Starts the servers and brings the database to this release; on failure nothing is left running."""
        try:
            self._start_servers()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops everything in reverse order: ingest finishes its batch before the broker and the database go."""
        self._stack.close()
        self.env_file.unlink(missing_ok=True)

    @property
    def env_file(self) -> Path:
        """Variables with which every `fjarrkoll` command reaches this system."""
        return self.folder / "env"

    @property
    def demo_accounts_file(self) -> Path:
        """Accounts that the console's login page shows; only the demo writes it."""
        return self.folder / "console-accounts.json"

    @property
    def mosquitto_sub(self) -> Path:
        """The subscriber that came with the broker."""
        return self._binaries.mosquitto_sub

    @property
    def api_url(self) -> str:
        """Where the API listens."""
        return f"http://{HOST}:{self.api_port}"

    def start_parts(self, *only: str) -> None:
        """Starts ingest, worker and API, and returns when ingest stores and the API answers.

        Args:
            only: names of the parts that are needed, ingest among them; none means all.

        Raises:
            StartError: one of them did not come up; the end of its log is in the message.
        """
        self.api_port = free_port()
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        for name, arguments, variables in self._part_settings():
            if not only or name in only:
                self.parts[name] = self._stack.enter_context(Part(name, arguments, variables, logs))
        if "api" in self.parts:
            self.parts["api"].wait_listening(self.api_port, _READY_SECONDS)
            self._wait(self._api_ready, "the API is not ready")
        self._wait(self._ingest_ready, "ingest does not store")

    def check(self) -> None:
        """Raises if a part has ended by itself."""
        for part in self.parts.values():
            part.check()

    def write_env(self, token: str) -> None:
        """Writes the env file: what people and the command line need, readable by its owner only."""
        variables = {
            "api_url": self.api_url,
            "api_token": token,
            "mqtt_host": HOST,
            "mqtt_port": str(self.broker.port),
            "observer_password": self.secrets.broker["observer"],
            "diagnostics_password": self.secrets.broker["diagnostics"],
            "owner_database_url": self.urls.owner,
            "grafana_database_url": self.urls.grafana,
        }
        lines = "".join(f"{PREFIX}{name.upper()}={value}\n" for name, value in variables.items())
        write_private(self.env_file, lines.encode())

    def _start_servers(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._binaries = binaries = install()
        self.secrets = load_or_make(self.folder / "secrets.json")
        database = Postgres(
            binaries, self.folder / "database", durable=True, settings=None if self._region is None else REGION
        )
        self.postgres = self._stack.enter_context(database)
        self.urls = bootstrap(self.postgres.superuser_dsn(), DATABASE, self.secrets.roles)
        migrate(self.urls.owner, self._registry)
        accounts = [] if self._region is None else self._region.accounts
        credentials = {**self.secrets.broker, **self._device_passwords, **_passwords(accounts)}
        broker = Mosquitto(
            binaries,
            self.folder / "broker",
            credentials,
            extra_acl="\n".join(access_list(accounts)),
            start_seconds=_LONG_LIST_SECONDS if accounts else _READY_SECONDS,
        )
        self.broker = self._stack.enter_context(broker)

    def admit(self, region: Region) -> None:
        """Lets a region in that was enrolled meanwhile."""
        self.broker.admit(_passwords(region.accounts), "\n".join(access_list(region.accounts)))

    def _part_settings(self) -> list[tuple[str, list[str], dict[str, str]]]:
        """Name, sub-command and settings of each part; each gets its own database role and broker account only."""
        return [
            ("ingest", ["ingest", "run"], {"ingest_database_url": self.urls.ingest, **self._broker_account("ingest")}),
            ("worker", ["diagnostics", "worker"], self._worker_settings()),
            (
                "api",
                ["diagnostics", "api"],
                self._api_settings(),
            ),
            ("keep", ["keep", "run", "--every", "60"], {"owner_database_url": self.urls.owner}),
            *([("watch", ["watch", "run"], self._watch_settings())] if self._watched else []),
        ]

    def _api_settings(self) -> dict[str, str]:
        settings = {"api_database_url": self.urls.api, "api_host": HOST, "api_port": str(self.api_port)}
        if self.demo_accounts_file.is_file():
            settings["console_demo_file"] = str(self.demo_accounts_file)
        return settings

    def _broker_account(self, name: str) -> dict[str, str]:
        return {
            "mqtt_host": HOST,
            "mqtt_port": str(self.broker.port),
            "mqtt_username": name,
            "mqtt_password": self.secrets.broker[name],
            "metrics_port": str(free_port()),
        }

    def _worker_settings(self) -> dict[str, str]:
        settings = {
            "worker_database_url": self.urls.worker,
            "api_url": self.api_url,
            "verdict_seconds": _VERDICT_SECONDS,
            **self._broker_account("diagnostics"),
        }
        if self._webhook_url:
            receiver = {"webhook_url": self._webhook_url, "webhook_secret": self.secrets.webhook}
            settings |= {**receiver, "webhook_allow_private": "true"}
        return settings

    def _watch_settings(self) -> dict[str, str]:
        settings = {"worker_database_url": self.urls.worker, "mqtt_host": HOST, "mqtt_port": str(self.broker.port)}
        if self._webhook_url:
            receiver = {"watch_webhook_url": self._webhook_url, "watch_webhook_secret": self.secrets.webhook}
            settings |= {**receiver, "watch_allow_private": "true"}
        return settings

    def _wait(self, ready: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise StartError(f"{complaint} after {_READY_SECONDS:.0f} s: see the logs in {self.folder / 'logs'}")
            time.sleep(_POLL_SECONDS)

    def _api_ready(self) -> bool:
        try:
            return httpx.get(f"{self.api_url}/readyz", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def _ingest_ready(self) -> bool:
        with psycopg.connect(self.urls.owner) as connection:
            return (
                connection.execute("SELECT FROM ingest_watermark WHERE at > now() - interval '30 seconds'").rowcount > 0
            )


def _passwords(accounts: Iterable[Account]) -> dict[str, str]:
    return {account.name: account.password for account in accounts}
