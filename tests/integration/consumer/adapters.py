"""The adapters that pass the contract suite, by name."""

from ingest.consumer import ThinConsumer
from ingest.consumer.base import ConsumerBase
from ingest.consumer.paho_adapter import PahoConsumer

ADAPTERS: dict[str, type[ConsumerBase]] = {"thin": ThinConsumer, "paho": PahoConsumer}
