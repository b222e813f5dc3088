"""What ingest counts: read by Prometheus, and written beside the watermark, so that the database alone shows it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest.consumer import ConsumerStatistics
from ingest.write.transaction import Stored

PREFIX: Final = "fjarrkoll_ingest"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_MESSAGES: Final = (1, 5, 20, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 20_000)


@dataclass(slots=True)
class Figures:
    """Counts since this process started.

    Attributes:
        readings: rows per device class.
        repeated: messages that were stored already and were suppressed.
        quarantined: refused messages by reason.
        held: attempts after which a batch had to wait, by cause.
        lag_seconds: age of the watermark: how far behind the devices the database is.
        broker_dropped: messages the broker says it threw away since it started; None while it has not said.
        broker_queued: messages the broker says it keeps, for us and anyone else; None while it has not said.
        outbox_reports: times that a device asked for a receipt; outbox_messages: stored messages it still kept then.
        outbox_most: most of these of one device, since the figures were last written down.
        started: when this process began, in milliseconds since 1970: counts are of one process.
        lines: each session at the broker, and whether its line stands.
        devices: in the register in memory.
        standing_by: another process serves the shard and this one waits for its turn.
    """

    messages: int = 0
    batches: int = 0
    readings: Counter[str] = field(default_factory=Counter)
    events: int = 0
    replies: int = 0
    repeated: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    receipts: int = 0
    taken_apart: int = 0
    held: Counter[str] = field(default_factory=Counter)
    connections_lost: int = 0
    sessions_lost: int = 0
    lines: dict[str, bool] = field(default_factory=dict)
    lag_seconds: float | None = None
    broker_dropped: int | None = None
    broker_queued: int | None = None
    outbox_reports: int = 0
    outbox_messages: int = 0
    outbox_most: int = 0
    started: int = 0
    devices: int = 0
    standing_by: bool = False

    @property
    def connected(self) -> bool:
        """Whether every line to the broker stands."""
        return bool(self.lines) and all(self.lines.values())

    def stored(self, messages: int, shares: Sequence[Sequence[Stored]]) -> None:
        """Counts a committed batch; a share of it that had to be taken apart has several entries."""
        self.messages += messages
        self.batches += 1
        self.taken_apart += any(len(share) > 1 for share in shares)
        for part in chain.from_iterable(shares):
            self.readings.update(part.readings)
            self.events += part.events
            self.replies += part.replies
            self.repeated += part.repeated
            self.quarantined.update({reason.value: times for reason, times in part.rejected.items()})

    def asked(self, kept: Sequence[int]) -> None:
        """Counts devices that asked for a receipt, each with how many stored messages it still kept."""
        self.outbox_reports += len(kept)
        self.outbox_messages += sum(kept)
        self.outbox_most = max(self.outbox_most, *kept, 0)

    def as_json(self, consumer: ConsumerStatistics) -> dict[str, object]:
        """The figures for `ingest_watermark.statistics`."""
        return {
            "messages": self.messages,
            "batches": self.batches,
            "stored": sum(self.readings.values()) + self.events + self.replies,
            "readings": dict(self.readings),
            "events": self.events,
            "replies": self.replies,
            "duplicates": self.repeated,
            "quarantined": dict(self.quarantined),
            "receipts": self.receipts,
            "held": dict(self.held),
            "received": consumer.received,
            "redelivered": consumer.redelivered,
            "connections_lost": self.connections_lost,
            "sessions_lost": self.sessions_lost,
            "lag_seconds": self.lag_seconds,
            "broker_dropped": self.broker_dropped,
            "broker_queued": self.broker_queued,
            "outbox_reports": self.outbox_reports,
            "outbox_messages": self.outbox_messages,
            "started": self.started,
        }


class FiguresCollector(Collector):
    """Shows figures to Prometheus when it asks; counting costs nothing more.

    Args:
        figures: of this process.
        counted: gives the consumer's counts.
    """

    def __init__(self, figures: Figures, counted: Callable[[], ConsumerStatistics]) -> None:
        self._figures = figures
        self._counted = counted

    def collect(self) -> Iterator[Metric]:
        """Every figure as a metric."""
        figures, consumer = self._figures, self._counted()
        yield _counter("messages", "Messages stored, suppressed or quarantined.", figures.messages)
        yield _counter("batches", "Committed batches.", figures.batches)
        yield _by("readings", "Readings stored.", "device_class", figures.readings)
        yield _counter("events", "Events stored.", figures.events)
        yield _counter("replies", "Answers to commands stored.", figures.replies)
        yield _counter("duplicates", "Messages that were stored already.", figures.repeated)
        yield _by("quarantined", "Messages refused and kept in quarantine.", "reason", figures.quarantined)
        yield _counter("receipts", "Receipts sent to devices.", figures.receipts)
        yield _counter("batches_taken_apart", "Batches with a message the database refused.", figures.taken_apart)
        yield _by("held", "Attempts after which a batch had to wait for the database.", "cause", figures.held)
        yield _counter("connections_lost", "Lines to the broker that broke.", figures.connections_lost)
        yield _counter("sessions_lost", "Sessions the broker forgot.", figures.sessions_lost)
        yield _counter("received", "Messages received, redelivered ones included.", consumer.received)
        yield _counter("redelivered", "Messages received again.", consumer.redelivered)
        yield _counter("acknowledged", "Messages acknowledged to the broker.", consumer.acknowledged)
        yield GaugeMetricFamily(
            f"{PREFIX}_connected", "1 while every line to the broker stands.", float(figures.connected)
        )
        yield GaugeMetricFamily(
            f"{PREFIX}_standing_by", "1 while another process serves the shard.", float(figures.standing_by)
        )
        yield GaugeMetricFamily(f"{PREFIX}_devices", "Devices in the register in memory.", figures.devices)
        if figures.lag_seconds is not None:
            yield GaugeMetricFamily(f"{PREFIX}_lag_seconds", "How far the database is behind.", figures.lag_seconds)
        if figures.broker_dropped is not None:
            yield GaugeMetricFamily(f"{PREFIX}_broker_dropped", "Messages the broker dropped.", figures.broker_dropped)
        if figures.broker_queued is not None:
            yield GaugeMetricFamily(f"{PREFIX}_broker_queued", "Messages the broker keeps.", figures.broker_queued)


class Timings:
    """How long batches took, how large they were, and how full the devices' outboxes.

    Args:
        registry: where Prometheus finds them.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.commit = Histogram(
            f"{PREFIX}_commit_seconds", "From receiving a batch to its commit.", buckets=_SECONDS, registry=registry
        )
        self.outbox = Histogram(
            f"{PREFIX}_outbox_messages",
            "Stored messages that a device still kept when it asked for a receipt.",
            buckets=_MESSAGES,
            registry=registry,
        )
        self.batch = Histogram(f"{PREFIX}_batch_messages", "Messages per batch.", buckets=_MESSAGES, registry=registry)


def _counter(name: str, help_text: str, value: float) -> Metric:
    return CounterMetricFamily(f"{PREFIX}_{name}", help_text, value)


def _by(name: str, help_text: str, label: str, values: Counter[str]) -> Metric:
    family = CounterMetricFamily(f"{PREFIX}_{name}", help_text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
