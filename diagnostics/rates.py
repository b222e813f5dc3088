"""How often a caller may ask: a token bucket per caller, as a value with the time given from outside."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MOST_CALLERS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` requests at once, refilled at `per_second`."""

    burst: int
    per_second: float


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Limiter:
    """One bucket per key. Keeps the MOST_CALLERS latest keys, so that made-up keys cannot fill the memory."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_seconds(self, key: str, now: float) -> float:
        """Takes one from the bucket of `key` and answers 0, or takes nothing and answers how long until there is one.

        Args:
            key: who asks.
            now: a monotonic clock in seconds.
        """
        bucket = self._filled(key, now)
        wait = self._wait(bucket)
        if not wait:
            bucket.level -= 1
        return wait

    def would_wait(self, key: str, now: float) -> float:
        """How long `key` would have to wait; takes nothing."""
        return self._wait(self._filled(key, now)) if key in self._buckets else 0.0

    def _filled(self, key: str, now: float) -> _Bucket:
        bucket = self._buckets.pop(key, None) or _Bucket(self._rate.burst, now)
        self._buckets[key] = bucket
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        bucket.level = min(self._rate.burst, bucket.level + max(0.0, now - bucket.at) * self._rate.per_second)
        bucket.at = now
        return bucket

    def _wait(self, bucket: _Bucket) -> float:
        return 0.0 if bucket.level >= 1 else (1 - bucket.level) / self._rate.per_second
