"""What was measured, as values that can be written as JSON, and the ratios that follow from them. Pure."""

from collections.abc import Mapping
from typing import Self

import msgspec


class Speed(msgspec.Struct, frozen=True):
    """So much in so many seconds."""

    amount: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Messages or rows a second."""
        return self.amount / self.seconds


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was measured.

    Attributes:
        sync_milliseconds: median of writing 8 KiB and making it durable (fdatasync), in the database's file system.
        load_before: processes that ran or wanted to in the minute before the run, from elsewhere.
    """

    cores: int
    processor: str
    memory_gibibytes: float
    kernel: str
    versions: Mapping[str, str]
    file_system: str
    sync_milliseconds: float
    load_before: float


class Costs(msgspec.Struct, frozen=True):
    """CPU seconds by part; "elsewhere" is what other programs took of the machine meanwhile."""

    seconds: Mapping[str, float]

    @classmethod
    def of(cls, took: Mapping[str, float]) -> Self:
        """The costs of a phase, worked out from what each part took and what everything took, named "machine"."""
        parts = {name: seconds for name, seconds in took.items() if name != "machine"}
        return cls({**parts, "elsewhere": max(0.0, took["machine"] - sum(parts.values()))})

    def microseconds_each(self, messages: int) -> dict[str, float]:
        """Per message."""
        return {name: value / messages * 1e6 for name, value in self.seconds.items()}

    def shares(self, elapsed: float, cores: int) -> dict[str, float]:
        """Of everything the cores could have done in that time."""
        return {name: value / (elapsed * cores) for name, value in self.seconds.items()}


class BrokerCeiling(msgspec.Struct, frozen=True, kw_only=True):
    """Generator → broker → `mosquitto_sub -q 1`, from the first publish to the last delivery."""

    speed: Speed
    costs: Costs


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The database compared with what was generated, row by row.

    Attributes:
        expected: readings generated.
        stored: rows found.
        lost: generated and not found.
        duplicated: rows beyond the first of their (device, boot, seq).
        altered: rows found with other values than were generated.
        unexpected: rows that nobody generated.
        quarantined: messages that ingest refused.
        devices_with_state: devices whose current state was kept up to date.
        devices: that sent anything.
        usage_difference: relative difference between the usage kept per day and the sum of what was generated.
    """

    expected: int
    stored: int
    lost: int
    duplicated: int
    altered: int
    unexpected: int
    quarantined: int
    devices: int
    devices_with_state: int
    usage_difference: float

    def complaints(self) -> list[str]:
        """What is wrong, in words; empty where every reading, and what follows from it, is stored exactly once."""
        counts = {
            "lost": self.lost,
            "duplicated": self.duplicated,
            "altered": self.altered,
            "unexpected": self.unexpected,
            "quarantined": self.quarantined,
        }
        found = [f"{count} {name}" for name, count in counts.items() if count]
        if self.stored != self.expected and not found:
            found.append(f"{self.stored} rows stored instead of {self.expected}")
        if self.devices_with_state != self.devices:
            found.append(f"current state of {self.devices_with_state} instead of {self.devices} devices")
        if self.usage_difference > 1e-6:
            found.append(f"usage differs by {self.usage_difference:.1%}")
        return found


class EndToEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Generator → broker → ingest → database, from the first publish to the last commit.

    Attributes:
        messages, rows: the same run in both units.
        publish_seconds: until the broker had acknowledged everything to the generator.
        acknowledged: PUBACKs to the generator by reason.
        ingest_peak_mebibytes: the most memory ingest held.
        ingest_growth_mebibytes: by how much that is more than it held when it was ready and had stored one message.
    """

    messages: Speed
    rows: Speed
    publish_seconds: float
    acknowledged: Mapping[str, int]
    costs: Costs
    ingest_peak_mebibytes: float
    ingest_growth_mebibytes: float
    check: Check


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """Generator → broker → the script that people write themselves → database.

    Attributes:
        stored: rows found afterwards, of `rows.amount` generated.
    """

    messages: Speed
    rows: Speed
    stored: int
    costs: Costs


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One whole run: everything measured one after the other on the same servers."""

    machine: Machine
    messages: int
    readings_per_message: int
    devices: int
    payload_bytes: float
    broker: BrokerCeiling
    copy: Speed
    idempotent_write: Speed
    rows_per_commit: int
    end_to_end: EndToEnd
    peer: Peer

    def ratios(self) -> dict[str, float]:
        """End to end as a part of each ceiling, and as a multiple of the peer."""
        messages, rows = self.end_to_end.messages.per_second, self.end_to_end.rows.per_second
        return {
            "end_to_end_of_broker": messages / self.broker.speed.per_second,
            "rows_of_copy": rows / self.copy.per_second,
            "rows_of_idempotent_write": rows / self.idempotent_write.per_second,
            "end_to_end_of_peer": messages / self.peer.messages.per_second,
        }
