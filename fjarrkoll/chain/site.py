"""What the harness strikes at: durable PostgreSQL, the shipped broker, ingest behind two fault proxies, devices."""

import asyncio
import os
import re
import signal
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import psycopg

from fjarrkoll.chain.device import DEVICE_CLASS, MODEL
from fjarrkoll.chain.proxy import FaultProxy
from fjarrkoll.local.part import Part
from fjarrkoll.local.secrets import BROKER_SERVICES
from fjarrkoll.services import Mosquitto, Postgres, install
from fjarrkoll.services.process import HOST, free_port
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, bootstrap
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.register import NewDevice, NewLoan, enroll_devices
from fleet.registry import Registry, load_registry
from ingest.consumer import ConsumerSettings

SHARD: Final = "chain"
GATEWAY: Final = "chain-gateway"
SHARE_FROM: Final = 20
"""Messages from which on a batch goes over several lanes: most of a run's do, so that faults fall between them."""
PASSWORD: Final = "chain"  # noqa: S105 - of a broker on this machine that lives as long as the run
_DATABASE: Final = "chain"
# One account of the harness speaks for many devices.
_ACL: Final = f"user {GATEWAY}\ntopic write fk/v1/+/telemetry\ntopic read fk/v1/+/stored\n"
_ON_LOAN_SINCE: Final = timedelta(days=600)
_READY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """How the chain is built.

    Attributes:
        devices: how many are enrolled.
        wrong: options of `fjarrkoll.chain.wrong_ingest`; none for the real ingest.
        batch, linger_seconds, share_from: of ingest.
        broker: settings of mosquitto.conf that replace the shipped ones.
        database: settings of postgresql.conf, likewise.
    """

    devices: int = 40
    wrong: Sequence[str] = ()
    batch: int = 200
    linger_seconds: float = 0.02
    share_from: int = SHARE_FROM
    broker: Mapping[str, str] = field(default_factory=dict)
    database: Mapping[str, str] = field(default_factory=dict)


class Site:
    """Servers and ingest, running while entered; everything it starts ends with it.

    Args:
        folder: for data and logs; on a disk of its own where a full disk is to be shown.
        settings: see there.
    """

    def __init__(self, folder: Path, settings: SiteSettings) -> None:
        self.folder = folder
        self.settings = settings
        self.registry: Registry = load_registry()
        self.starts = 0
        self._ended: Counter[str] = Counter()
        self._servers = ExitStack()
        self._proxies = AsyncExitStack()
        self.device_ids: list[str] = []
        self.postgres: Postgres
        self.broker: Mosquitto
        self.urls: DatabaseUrls
        self.ingest: Part
        self._standby: Part
        self.standby_port = 0
        self.to_broker = FaultProxy(lambda: self.broker.port)
        self.to_database = FaultProxy(lambda: self.postgres.port)
        self._metrics_port = free_port()

    async def __aenter__(self) -> Self:
        """Starts the servers, enrols the devices, starts ingest and waits until it is subscribed."""
        try:
            await asyncio.to_thread(self._start_servers)
            await self._proxies.enter_async_context(self.to_broker)
            await self._proxies.enter_async_context(self.to_database)
            self.ingest = self._servers.enter_context(self._part())
            self.starts = 1
            await self.ingest_ready()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops everything, the lines last, so that ingest can finish its batch."""
        self.to_broker.release()
        self.to_database.release()
        self.to_broker.delay_seconds = self.to_database.delay_seconds = 0.0
        await asyncio.to_thread(self._servers.close)
        await self._proxies.aclose()

    # -- for those who strike -----------------------------------------------------------------------------------------

    async def start_ingest(self) -> None:
        """Starts it again, as its supervisor would."""
        self.starts += 1
        await asyncio.to_thread(self.ingest.start)

    def standby(self) -> Part:
        """A second ingest of the same shard, with a metrics port of its own; ended with the site."""
        self.standby_port = free_port()
        self._standby = self._servers.enter_context(self._part("standby", self.standby_port))
        return self._standby

    async def handed_over(self) -> None:
        """Returns once the standby serves; from here on it is the site's ingest."""
        self.ingest, self._standby = self._standby, self.ingest
        self._metrics_port, self.standby_port = self.standby_port, self._metrics_port
        await self.ingest_ready()

    async def kill_ingest(self) -> None:
        """SIGKILL; what it had counted until then is kept for `totals`."""
        self._ended.update(await self.figures())
        await asyncio.to_thread(self.ingest.kill)

    async def totals(self) -> Counter[str]:
        """What ingest has counted over all its processes; what a killed one counted in its last instants is missing."""
        return self._ended + Counter(await self.figures())

    def signal_ingest(self, number: signal.Signals) -> None:
        """Sends SIGSTOP or SIGCONT."""
        os.kill(self.ingest.pid, number)

    async def ingest_ready(self) -> None:
        """Returns once this process of ingest is connected to the broker and subscribed."""
        async with asyncio.timeout(_READY_SECONDS):
            while (await self.figures()).get("connected") != 1.0:
                self.ingest.check()
                await asyncio.sleep(0.05)

    async def figures(self) -> dict[str, float]:
        """What the running ingest counts, by its metric's name without prefix; nothing where it does not answer."""
        return await asyncio.to_thread(scraped, self._metrics_port)

    def ingest_memory(self, *, peak: bool = False) -> int:
        """Resident bytes of ingest now, or the most that this process of it has ever held (proc(5), VmRSS, VmHWM)."""
        text = Path(f"/proc/{self.ingest.pid}/status").read_text(encoding="ascii")
        found = re.search(rf"^{'VmHWM' if peak else 'VmRSS'}:\s+(\d+) kB$", text, re.MULTILINE)
        return int(found[1]) * 1024 if found else 0

    def ask(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """Rows, straight from the server, with the owner's rights."""
        with psycopg.connect(self.urls.owner, connect_timeout=10) as connection:
            return connection.execute(question.encode(), values).fetchall()

    def execute(self, statement: str) -> None:
        """Carries out a statement of the owner."""
        with psycopg.connect(self.urls.owner) as connection:
            connection.execute(statement.encode())

    def gateway_settings(self, number: int) -> ConsumerSettings:
        """How the n-th gateway meets the broker: directly, not through the proxy."""
        return ConsumerSettings(
            host=HOST,
            port=self.broker.port,
            client_id=f"{GATEWAY}-{number}",
            username=GATEWAY,
            password=PASSWORD,
            receive_maximum=1000,
            connect_timeout_seconds=3.0,
        )

    # -- building -----------------------------------------------------------------------------------------------------

    def _start_servers(self) -> None:
        binaries = install()
        self.folder.mkdir(parents=True, exist_ok=True)
        postgres = Postgres(binaries, self.folder / "database", durable=True, settings=self.settings.database)
        self.postgres = self._servers.enter_context(postgres)
        self.urls = bootstrap(self.postgres.superuser_dsn(), _DATABASE, Passwords.generate())
        migrate(self.urls.owner, self.registry)
        self._enroll()
        credentials = dict.fromkeys((*BROKER_SERVICES, GATEWAY), PASSWORD)
        broker = Mosquitto(binaries, self.folder / "broker", credentials, extra_acl=_ACL, settings=self.settings.broker)
        self.broker = self._servers.enter_context(broker)

    def _enroll(self) -> None:
        now = datetime.now(UTC)
        with psycopg.connect(self.urls.owner) as connection:
            row = connection.execute(
                "INSERT INTO payer (code, name, kind) VALUES ('chain', 'Chain', 'municipality') RETURNING payer_id"
            ).fetchone()
            if row is None:
                msg = "the payer was not made"
                raise RuntimeError(msg)
            loan = NewLoan(payer_id=row[0], legal_frame="HSL", started_at=now - _ON_LOAN_SINCE)
            new = [
                NewDevice(device_class=DEVICE_CLASS, model_key=MODEL, individual_number=f"C{number}", loan=loan)
                for number in range(self.settings.devices)
            ]
            self.device_ids = [device.device_id for device in enroll_devices(connection, new, now)]

    def _part(self, name: str = "ingest", metrics_port: int = 0) -> Part:
        variables = {
            "ingest_database_url": _at_port(self.urls.ingest, self.to_database.port),
            "mqtt_host": HOST,
            "mqtt_port": str(self.to_broker.port),
            "mqtt_username": "ingest",
            "mqtt_password": PASSWORD,
            "ingest_shard": SHARD,
            "ingest_batch": str(self.settings.batch),
            "ingest_linger_seconds": str(self.settings.linger_seconds),
            "ingest_share_from": str(self.settings.share_from),
            "metrics_port": str(metrics_port or self._metrics_port),
        }
        if self.settings.wrong:
            return Part("ingest", self.settings.wrong, variables, self.folder, module="fjarrkoll.chain.wrong_ingest")
        return Part(name, ["ingest", "run"], variables, self.folder)


def scraped(port: int) -> dict[str, float]:
    """Prometheus metrics of a process on this machine, labels summed up; empty where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/metrics", timeout=2) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    found: dict[str, float] = {}
    for line in text.splitlines():
        match = re.fullmatch(r"fjarrkoll_ingest_(\w+?)(?:_total)?(?:\{[^}]*\})? (\S+)", line)
        if match:
            found[match[1]] = found.get(match[1], 0.0) + float(match[2])
    return found


def _at_port(url: str, port: int) -> str:
    """The same database through the proxy."""
    real = urlsplit(url).port
    return url.replace(f":{real}/", f":{port}/")
