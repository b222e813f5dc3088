"""The script people write themselves, as it stands in many tutorials: aiomqtt, json, executemany. It shows the scale.

It acknowledges on receipt, so it loses what it holds when it dies, and a message delivered twice stops it: what ingest
is there to avoid.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Any, Final

import aiomqtt
import msgspec
import psycopg

BATCH: Final = 500


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to do.

    Attributes:
        table: a hypertable of readings.
        metrics: names on the wire, in the order of `columns`.
        columns: of the table, after device_no, ts, received_at, boot, seq.
        device_numbers: device id to device_no.
        messages: when so many have come, the work is done.
        seconds: when to give up.
    """

    host: str
    port: int
    username: str
    password: str
    database_url: str
    table: str
    metrics: list[str]
    columns: list[str]
    device_numbers: dict[str, int]
    messages: int
    seconds: float = 120.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came."""

    received: int


async def run(order: Order) -> Report:
    """Subscribes, says "ready" and stores until everything has come."""
    async with (
        asyncio.timeout(order.seconds),
        aiomqtt.Client(order.host, order.port, username=order.username, password=order.password) as client,
        await psycopg.AsyncConnection.connect(order.database_url) as connection,
    ):
        await client.subscribe("fk/v1/+/telemetry", qos=1)
        print("ready", flush=True)
        received, rows = 0, []
        async for message in client.messages:
            received += 1
            rows += _rows(order, message)
            if len(rows) >= BATCH or received == order.messages:
                await _store(connection, order, rows)
                rows = []
            if received == order.messages:
                break
    return Report(received=received)


def _rows(order: Order, message: aiomqtt.Message) -> list[tuple[Any, ...]]:
    document = json.loads(message.payload)
    device_no = order.device_numbers[str(message.topic).split("/")[2]]
    return [
        (
            device_no,
            datetime.fromtimestamp(reading["ts"] / 1000, UTC),
            datetime.now(UTC),
            reading["boot"],
            reading["seq"],
            *(reading["values"].get(metric) for metric in order.metrics),
        )
        for reading in (document if isinstance(document, list) else [document])
    ]


async def _store(connection: psycopg.AsyncConnection, order: Order, rows: list[tuple[Any, ...]]) -> None:
    names = ["device_no", "ts", "received_at", "boot", "seq", *order.columns]
    statement = f"INSERT INTO {order.table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"  # noqa: S608 - ours
    async with connection.cursor() as cursor:
        await cursor.executemany(statement.encode(), rows)
    await connection.commit()


def main() -> None:
    """One order from standard input, one report to standard output."""
    order = msgspec.json.decode(sys.stdin.readline(), type=Order)
    print(msgspec.json.encode(asyncio.run(run(order))).decode(), flush=True)


if __name__ == "__main__":
    main()
