"""What ingest's tests share: a running service, devices that speak through other code, questions to the database."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any, Self

import aiomqtt
import psycopg
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from prometheus_client import CollectorRegistry

from fjarrkoll.services import Mosquitto
from fleet.registry import load_registry
from fleet.topics import parts
from ingest.consumer import Consumer, ConsumerSettings, Delivery, ThinConsumer
from ingest.figures import Timings
from ingest.hints import Hints
from ingest.receipts import Receipts
from ingest.register import Register
from ingest.service import URGENT, Service, ServiceSettings, utc_now
from ingest.write.side import Side
from ingest.write.transaction import Stored
from ingest.write.writer import Prepared, Writer

SECONDS = 20.0
PLAIN_SCALE = "mi-body-composition-2"
"""A model that sends kilograms and percent as they are stored."""


def now_milliseconds() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Site:
    """A broker and a database that belong together, with the passwords of both."""

    broker: Mosquitto
    passwords: Mapping[str, str]
    ingest_url: str
    superuser_url: str
    shard: str

    def consumer(self, **overrides: Any) -> Consumer:
        return ThinConsumer(
            ConsumerSettings(
                host=self.broker.host,
                port=self.broker.port,
                username="ingest",
                password=self.passwords["ingest"],
                **{"client_id": self.shard, **overrides},
            )
        )

    def service(
        self,
        *,
        batch: int = 100,
        now: Callable[[], datetime] = utc_now,
        make_consumer: Callable[[], Consumer] | None = None,
        apart: bool = True,
    ) -> Service:
        """Ingest as it ships; with `apart` off answers to commands come in one session with all else."""
        settings = ServiceSettings(
            shard=self.shard, database=self.ingest_url, batch=batch, linger_seconds=0.02, now=now
        )
        replies = partial(self.consumer, client_id=f"{self.shard}{URGENT}") if apart else None
        timings = Timings(CollectorRegistry())
        return Service(settings, load_registry(), make_consumer or self.consumer, timings, replies)

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows, as the superuser sees them: row security does not stand between a test and the truth."""
        with psycopg.connect(self.superuser_url) as connection:
            return connection.execute(question.encode(), values).fetchall()

    def command(self, statement: str, *values: object) -> None:
        """Changes the database as the superuser."""
        with psycopg.connect(self.superuser_url) as connection:
            connection.execute(statement.encode(), values)

    def change(self, statement: str, *values: object) -> Any:
        """Changes the database as the superuser and returns the first column of the row that came of it."""
        with psycopg.connect(self.superuser_url) as connection:
            row = connection.execute(statement.encode(), values).fetchone()
        assert row is not None
        return row[0]

    def one(self, question: str, *values: object) -> Any:
        """The first column of the only row."""
        (row,) = self.ask(question, *values)
        return row[0]

    async def until(self, question: str, *values: object, equals: object, seconds: float = SECONDS) -> None:
        """Waits for an answer; fails with what it was instead."""
        found: object = None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = (await asyncio.to_thread(self.ask, question, *values))[0][0]
            if found == equals:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{question!r} answers {found!r}, not {equals!r}, after {seconds:g} s")


class Desk:
    """Hands batches to the database as the service does, but the test decides what comes together and when.

    Args:
        site: whose database.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.register = Register(load_registry())
        self.side = Side(site.ingest_url, "test")
        self.receipts = Receipts()
        self.hints = Hints(self.receipts)
        self.writer = Writer(site.ingest_url, "test", load_registry(), self.register, self.held.append, self.hints)

    @cached_property
    def held(self) -> list[str]:
        """Why batches had to wait."""
        return []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.writer.close()
        await self.side.close()

    async def take(self, *deliveries: Delivery, received_at: datetime | None = None) -> list[Stored]:
        """Stores one batch that arrived then (now where not said), and remembers what is stored."""
        prepared = await self.prepare(*deliveries, received_at=received_at)
        return await self.finish(prepared)

    async def prepare(self, *deliveries: Delivery, received_at: datetime | None = None) -> Prepared:
        """Decides a batch."""
        spoken_of = {device_id for device_id, _ in (parts(entry.topic) for entry in deliveries)}
        unknown = self.register.to_look_up(spoken_of, time.monotonic())
        self.register.add(await self.side.look_up(unknown))
        prepared = await self.writer.prepare(deliveries, received_at or datetime.now(UTC))
        self.hints.sent(prepared.runs)
        return prepared

    async def finish(self, prepared: Prepared) -> list[Stored]:
        """Stores a decided batch."""
        stored = await self.writer.write(prepared)
        self.receipts.stored(prepared.safe)
        for runs in prepared.runs:
            self.receipts.stored_runs(runs.singly())
        self.hints.arrived(prepared.runs)
        return stored


def delivery(
    device_id: str,
    body: bytes | Mapping[str, object] | list[Any],
    verb: str = "telemetry",
    *,
    redelivered: bool = False,
) -> Delivery:
    """A message as the consumer would hand it over."""
    return Delivery(f"fk/v1/{device_id}/{verb}", as_bytes(body), None, redelivered, False, 1, 1)


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[Service]:
    """Serves in the background, subscribed from the start, until the block ends; its failure fails the test."""
    serving = asyncio.create_task(service.serve())
    try:
        async with asyncio.timeout(SECONDS):
            while not service.figures.connected and not serving.done():  # noqa: ASYNC110 - figures have no event
                await asyncio.sleep(0.01)
        yield service
    finally:
        service.stop()
        async with asyncio.timeout(SECONDS):
            await serving


def device_client(site: Site, device_id: str, **options: Any) -> aiomqtt.Client:
    """A device's own connection, with a library ingest does not use."""
    return aiomqtt.Client(
        site.broker.host,
        site.broker.port,
        username=device_id,
        password=site.passwords[device_id],
        protocol=aiomqtt.ProtocolVersion.V5,
        identifier=options.pop("identifier", f"{device_id}-{secrets.token_hex(3)}"),
        **options,
    )


async def publish(
    site: Site,
    device_id: str,
    payloads: Sequence[bytes | Mapping[str, object] | list[Any]],
    *,
    verb: str = "telemetry",
    retain: bool = False,
    content_type: str | None = None,
) -> None:
    """Publishes at QoS 1 and returns when the broker has taken everything."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho annotates no result here
    if content_type is not None:
        properties.ContentType = content_type
    async with device_client(site, device_id) as client:
        client.pending_calls_threshold = 1000
        for start in range(0, len(payloads), 200):
            await asyncio.gather(
                *(
                    client.publish(
                        f"fk/v1/{device_id}/{verb}", as_bytes(payload), qos=1, retain=retain, properties=properties
                    )
                    for payload in payloads[start : start + 200]
                )
            )


def as_bytes(payload: bytes | Mapping[str, object] | list[Any]) -> bytes:
    return payload if isinstance(payload, bytes) else json.dumps(payload).encode()


def reading(
    seq: int, values: Mapping[str, object], *, ts: int | None = None, boot: int = 1, **more: object
) -> dict[str, object]:
    return {"ts": now_milliseconds() if ts is None else ts, "boot": boot, "seq": seq, "values": dict(values), **more}


def event(
    seq: int, name: str, data: Mapping[str, object] | None = None, *, ts: int | None = None, boot: int = 1
) -> dict[str, object]:
    return {
        "ts": now_milliseconds() if ts is None else ts,
        "boot": boot,
        "seq": seq,
        "event": name,
        "data": dict(data or {}),
    }


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def at(text: str) -> datetime:
    """A moment written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
