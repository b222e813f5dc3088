"""`fjarrkoll ingest`: run the consumer that stores what devices send."""

import asyncio
import gc
import signal
import ssl
from dataclasses import replace
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry, start_http_server

from fleet.plumbing.logs import configure_logs, get_logger
from fleet.plumbing.memory import settle
from fleet.plumbing.settings import Settings, load_settings
from fleet.registry import load_registry
from fleet.topics import Verb
from ingest.consumer import Consumer, ConsumerSettings, ThinConsumer
from ingest.figures import FiguresCollector, Timings
from ingest.service import URGENT, Service, ServiceSettings

app = typer.Typer(
    invoke_without_command=True,
    help="Run the consumer that stores what devices send. Example: fjarrkoll ingest run --shard ingest-0",
)

# In hand and unacknowledged: one batch being committed, one arriving or being decided.
BATCHES_IN_HAND = 2
# The same as a limit to memory, where messages are arrays of stored-up readings.
BYTES_IN_HAND = 20 * 1024 * 1024
# A batch of those is small enough that others arrive and are decided while it is being stored.
BYTES_IN_BATCH = 5 * 1024 * 1024
# A batch makes some ten thousand short-lived objects; at Python's default of 700 they are searched for cycles all the
# time.
_COLLECT_AFTER = 50_000


@app.callback()
def entrance(context: typer.Context) -> None:
    """Run the consumer that stores what devices send."""
    if context.invoked_subcommand is None:
        run()


@app.command("run")
def run(
    shard: Annotated[
        str | None, typer.Option(help="Name of this consumer; two with the same name throw each other out.")
    ] = None,
) -> None:
    """Run until SIGTERM or Ctrl-C; the batch in hand is then committed and acknowledged."""
    settings = load_settings()
    if shard is not None:
        settings = settings.model_copy(update={"ingest_shard": shard})
    configure_logs(settings)
    gc.set_threshold(_COLLECT_AFTER, 20, 20)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    metrics = CollectorRegistry()
    consumer = consumer_settings(settings)
    service = Service(
        ServiceSettings(
            shard=settings.ingest_shard,
            database=settings.need("ingest_database_url"),
            batch=settings.ingest_batch,
            linger_seconds=settings.ingest_linger_seconds,
            share_from=settings.ingest_share_from,
        ),
        load_registry(),
        lambda: ThinConsumer(consumer),
        Timings(metrics),
        lambda: ThinConsumer(for_urgent(consumer)),
    )
    metrics.register(FiguresCollector(service.figures, service.counted))
    if settings.metrics_port is not None:
        server, _ = start_http_server(settings.metrics_port, settings.metrics_host, metrics)
        get_logger(room="ingest").info("Metrics are served.", event_name="metrics", port=server.server_port)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, service.stop)
    settle()
    await service.serve()


def for_urgent(consumer: ConsumerSettings) -> ConsumerSettings:
    """The same broker under another client id: what somebody waits for has a session, and so a queue, of its own."""
    return replace(consumer, client_id=f"{consumer.client_id}{URGENT}")


def consumer_settings(settings: Settings) -> ConsumerSettings:
    """How ingest meets the broker.

    Raises:
        ConfigurationError: a setting is missing.
    """
    return ConsumerSettings(
        host=settings.mqtt_host,
        port=settings.mqtt_port,
        client_id=settings.ingest_shard,
        username=settings.need("mqtt_username"),
        password=settings.need("mqtt_password"),
        tls=None if settings.mqtt_tls_ca is None else ssl.create_default_context(cafile=str(settings.mqtt_tls_ca)),
        receive_maximum=min(BATCHES_IN_HAND * settings.ingest_batch, 65_535),
        urgent=f"/{Verb.REPLY}",  # a technician waits for it; an event may linger for the usual few milliseconds
        buffer_bytes=BYTES_IN_HAND,
        batch_bytes=BYTES_IN_BATCH,
    )


__all__ = ["Consumer", "app", "consumer_settings", "for_urgent"]
