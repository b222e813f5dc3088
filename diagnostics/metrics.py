"""What Prometheus may ask of the API and the worker; a value made at start, not a global."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_QUICK_TO_SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(slots=True)
class ApiMetrics:
    """Figures of the API. Labels are our own words only, never an address that a caller made up."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)
    refused_tokens: Counter = field(init=False)

    def __post_init__(self) -> None:
        """Registers the figures."""
        self.requests = Counter(
            "fjarrkoll_api_requests", "Answered requests", ["method", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "fjarrkoll_api_request_seconds", "Time to answer", buckets=_QUICK_TO_SLOW, registry=self.registry
        )
        self.refused_tokens = Counter(
            "fjarrkoll_api_refused_tokens", "Requests without a valid token", registry=self.registry
        )


@dataclass(slots=True)
class WorkerMetrics:
    """Figures of the worker."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    evaluated: Counter = field(init=False)
    alarms: Counter = field(init=False)
    notifications: Counter = field(init=False)
    commands: Counter = field(init=False)
    last_cycle: Gauge = field(init=False)
    watermark_age: Gauge = field(init=False)
    failures: Counter = field(init=False)

    def __post_init__(self) -> None:
        """Registers the figures."""
        registry = self.registry
        self.evaluated = Counter("fjarrkoll_worker_devices_judged", "Devices judged", registry=registry)
        self.alarms = Counter("fjarrkoll_worker_alarms", "Alarms by what was done", ["action"], registry=registry)
        self.notifications = Counter(
            "fjarrkoll_worker_notifications", "Attempts by outcome", ["channel", "outcome"], registry=registry
        )
        self.commands = Counter("fjarrkoll_worker_commands", "Commands by what was done", ["action"], registry=registry)
        self.last_cycle = Gauge(
            "fjarrkoll_worker_last_cycle_timestamp_seconds", "When the alarm engine last finished", registry=registry
        )
        self.watermark_age = Gauge(
            "fjarrkoll_worker_watermark_age_seconds",
            "How far ingest is behind; while it is, silence is not judged",
            registry=registry,
        )
        self.failures = Counter("fjarrkoll_worker_failures", "Failed turns by task", ["task"], registry=registry)
