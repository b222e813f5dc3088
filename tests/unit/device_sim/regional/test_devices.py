"""Outboxes of a region as columns of numbers: nothing forgotten before its receipt, and little sent again."""

from random import Random

import pytest

from device_sim.regional.devices import LONGEST_PATIENCE, RECEIPT_WITHIN, WINDOW, Devices, Limits
from device_sim.regional.plan import RegionalPlan
from ingest.receipts import Receipts


def made(devices: int = 3, limits: Limits | None = None, **changes: int) -> Devices:
    return Devices(RegionalPlan(devices=devices, **changes), limits)


def spoke(devices: Devices, device: int, times: int, now: int = 1000) -> list[int | None]:
    asked = []
    for _ in range(times):
        _, last = devices.produce(device)
        asked.append(devices.asks(device, last, now, closing=False))
    return asked


def test_numbers_rise_by_one_and_one_question_is_open_at_a_time() -> None:
    devices = made(limits=Limits(ask_every=5))
    assert spoke(devices, 0, 12) == [None] * 4 + [1] + [None] * 7
    devices.heard(0, 5, 2000)
    assert spoke(devices, 0, 3) == [None, None, 6]
    assert devices.unconfirmed().tolist() == [10, 0, 0]


def test_neighbours_do_not_ask_in_step() -> None:
    devices = made(5, limits=Limits(ask_every=5))
    first_asked = [next(n for n, asks in enumerate(spoke(devices, device, 5)) if asks) for device in range(5)]
    assert sorted(first_asked) == [0, 1, 2, 3, 4]


def test_a_receipt_never_makes_a_device_forget_more_than_it_says() -> None:
    devices = made()
    spoke(devices, 1, 10)
    devices.heard(1, 4, 2000)
    assert devices.unconfirmed().tolist() == [0, 6, 0]
    devices.heard(1, 2, 2000)
    assert devices.unconfirmed().tolist() == [0, 6, 0]
    devices.heard(1, 10**6, 2000)
    assert devices.unconfirmed().tolist() == [0, 0, 0]


def test_a_receipt_may_name_more_than_was_ever_produced_and_numbers_still_go_on() -> None:
    devices = made()
    devices.heard(0, 99, 2000)
    assert devices.produce(0) == (1, 1)
    assert devices.unconfirmed().tolist() == [1, 0, 0]


def test_silence_is_answered_with_one_question_and_growing_patience() -> None:
    devices = made(limits=Limits(ask_every=1))
    spoke(devices, 0, 500)
    asked_at, waits = 1000, []
    for now in range(1000, 200_000, 100):
        for device, waited, _ in devices.overdue(now, 0):
            assert device == 0
            waits.append(waited)
            window = devices.next_window(0, now, 100)
            assert window is not None
            assert window.messages == ((1, 40),)
            asked_at = now
    assert asked_at > 1000
    assert waits == sorted(waits)
    assert waits[0] < 1.3 * RECEIPT_WITHIN
    assert waits[-1] > 0.8 * LONGEST_PATIENCE


def test_nothing_is_overdue_while_receipts_in_general_take_long() -> None:
    devices = made(limits=Limits(ask_every=1))
    spoke(devices, 0, 1)
    assert list(devices.overdue(1000 + 2 * RECEIPT_WITHIN, 5_000)) == []
    assert [device for device, _, _ in devices.overdue(1000 + 20_000, 5_000)] == [0]


def test_memory_that_is_full_gives_up_the_oldest_and_counts_it() -> None:
    devices = made(limits=Limits(kept=10))
    spoke(devices, 2, 25)
    assert devices.unconfirmed().tolist() == [0, 0, 10]
    assert list(devices.given_up) == [0, 0, 15]


def test_a_returning_device_goes_on_in_windows_that_double() -> None:
    devices = made(stored_up=4000, returning=1)
    devices.start_over(0)
    sizes, now = [], 1000
    while (window := devices.next_window(0, now, 100)) is not None:
        sizes.append(len(window.messages))
        now += 50
        assert devices.heard(0, window.messages[-1][1], now) == (50, sizes[-1])
    assert sizes[:5] == [1, 2, 4, WINDOW, WINDOW]
    assert sum(sizes) == 100
    assert devices.unconfirmed().tolist() == [0, 0, 0]


def test_a_device_takes_fewer_than_fifty_bytes() -> None:
    assert made(10_000).bytes < 50 * 10_000


@pytest.mark.parametrize("seed", range(30))
def test_on_a_line_that_loses_a_third_of_it_all_is_stored_in_the_end(  # noqa: C901 - a small world
    seed: int,
) -> None:
    """The real receipts of ingest on the other side, which forgets what it knew; messages and receipts get lost."""
    random, count = Random(seed), 6
    devices = made(count, Limits(ask_every=3, in_array=4), stored_up=20, returning=2)
    stored: set[tuple[int, int]] = set()
    platform, now = Receipts(), 1000

    def arrive(device: int, first: int, last: int, asks: int | None) -> None:
        if random.random() < 0.3 and now < 400_000:
            return
        identities = [(device, 1, seq) for seq in range(first, last + 1)]
        stored.update((device, seq) for _, _, seq in identities)
        platform.stored(identities)
        through = None if asks is None else platform.through(device, 1, asks)
        if through is not None and (random.random() < 0.7 or now >= 400_000):
            devices.heard(device, through, now)

    for device in range(count):
        devices.start_over(device)
    while now < 1_000_000 and (now < 400_000 or devices.unconfirmed().any()):
        now += 500
        for device in range(count):
            if now < 200_000 and random.random() < 0.05:
                first, last = devices.produce(device)
                arrive(device, first, last, devices.asks(device, last, now, closing=False))
            if (window := devices.next_window(device, now, 3)) is not None:
                for first, last in window.messages:
                    arrive(device, first, last, window.outbox_from if last == window.messages[-1][1] else None)
            if now >= 400_000 and not devices.waiting(device) and not devices.behind(device):
                devices.start_over(device)
        if random.random() < 0.02:
            platform = Receipts()
        list(devices.overdue(now, 0))
    assert not devices.unconfirmed().any()
    wanted = {(d, s) for d in range(count) for s in range(devices.plan.first_kept(d), devices.latest[d] + 1)}
    assert stored >= wanted
