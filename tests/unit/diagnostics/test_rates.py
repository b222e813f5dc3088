"""The token bucket in virtual time."""

from diagnostics import rates
from diagnostics.rates import Limiter, Rate


def test_burst_then_refill() -> None:
    limiter = Limiter(Rate(burst=3, per_second=2))
    assert [limiter.wait_seconds("a", 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert limiter.wait_seconds("a", 0.0) == 0.5
    assert limiter.wait_seconds("a", 0.5) == 0.0
    assert limiter.wait_seconds("a", 0.5) > 0


def test_looking_takes_nothing() -> None:
    limiter = Limiter(Rate(burst=1, per_second=0.5))
    assert limiter.would_wait("a", 0.0) == 0.0
    assert limiter.wait_seconds("a", 0.0) == 0.0
    assert limiter.would_wait("a", 0.0) == limiter.would_wait("a", 0.0) == 2.0
    assert limiter.would_wait("a", 2.0) == 0.0


def test_callers_do_not_share_and_idle_time_fills_only_to_the_burst() -> None:
    limiter = Limiter(Rate(burst=1, per_second=1))
    assert limiter.wait_seconds("a", 0.0) == 0.0
    assert limiter.wait_seconds("b", 0.0) == 0.0
    assert limiter.wait_seconds("a", 1000.0) == 0.0
    assert limiter.wait_seconds("a", 1000.0) == 1.0


def test_made_up_keys_do_not_fill_the_memory() -> None:
    limiter = Limiter(Rate(burst=1, per_second=1))
    for number in range(rates.MOST_CALLERS + 50):
        limiter.wait_seconds(str(number), 0.0)
    assert len(limiter._buckets) == rates.MOST_CALLERS
