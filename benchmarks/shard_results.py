"""What one shard and two gave for the same load, and how it compares. Pure."""

from typing import Final

import msgspec

from benchmarks.results import Costs

CORES: Final = 2
_ELSEWHERE: Final = "elsewhere"


class Shards(msgspec.Struct, frozen=True, kw_only=True):
    """One load through so many shards.

    Attributes:
        seconds: from the first publish to the last commit, by the server's own record.
        costs: CPU seconds by part; "elsewhere" is what other programs took of the machine.
        ingest_peak_mebibytes: of each shard's ingest.
        lost: readings produced and not found; doubled: rows beyond the first of their identity.
    """

    shards: int
    messages: int
    seconds: float
    costs: Costs
    ingest_peak_mebibytes: list[float]
    lost: int
    doubled: int

    @property
    def per_second(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def microseconds(self) -> float:
        """CPU of a message, in all parts of the platform together."""
        own = sum(seconds for name, seconds in self.costs.seconds.items() if name not in {_ELSEWHERE, "generators"})
        return own / self.messages * 1e6

    @property
    def limit_per_second(self) -> float:
        """What the busiest single-threaded part would allow, had it a core for itself."""
        single = [seconds for name, seconds in self.costs.seconds.items() if name.startswith(("ingest", "broker"))]
        return self.messages / max(single)


class ShardRun(msgspec.Struct, frozen=True, kw_only=True):
    """One shard and two, one after the other on the same machine."""

    database_delay_seconds: float
    one: Shards
    two: Shards

    @property
    def gain(self) -> float:
        """How many times as fast two were; on two cores that do everything never two."""
        return self.two.per_second / self.one.per_second

    def told(self) -> dict[str, object]:
        """Everything with what follows from it, for JSON."""
        names = ("per_second", "microseconds", "limit_per_second")
        measured = {
            name: {**msgspec.to_builtins(entry), **{key: round(getattr(entry, key), 1) for key in names}}
            for name, entry in (("one", self.one), ("two", self.two))
        }
        return {
            "database_delay_seconds": self.database_delay_seconds,
            **measured,
            "gain": round(self.gain, 3),
            "cost_of_a_message": round(self.two.microseconds / self.one.microseconds, 3),
            "gain_of_the_limit": round(self.two.limit_per_second / self.one.limit_per_second, 3),
        }

    def complaints(self) -> list[str]:
        """What was lost or doubled; how fast it was is not judged here."""
        return [
            f"{count} {what} with {entry.shards} shards"
            for entry in (self.one, self.two)
            for count, what in ((entry.lost, "lost"), (entry.doubled, "stored twice"))
            if count
        ]
