"""A receipt may be late or missing, but it never promises more than is stored."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ingest import receipts
from ingest.receipts import Receipts, Runs


def test_a_receipt_reaches_to_the_end_of_the_unbroken_run() -> None:
    known = Receipts()
    known.stored((7, 1, seq) for seq in (1, 2, 3, 5, 6))
    assert known.through(7, 1, 1) == 3
    known.stored([(7, 1, 4)])
    assert known.through(7, 1, 1) == 6


def test_what_was_stored_before_this_process_started_is_not_promised() -> None:
    known = Receipts()
    known.stored([(7, 1, 40), (7, 1, 41)])
    assert known.through(7, 1, 38) is None
    known.stored([(7, 1, 38), (7, 1, 39)])
    assert known.through(7, 1, 38) == 41


def test_the_starts_of_a_device_are_kept_apart() -> None:
    known = Receipts()
    known.stored([(7, 1, 1), (7, 1, 2), (7, 2, 1), (7, 1, 3), (7, 2, 2)])
    assert known.through(7, 1, 1) == 3
    assert known.through(7, 2, 1) == 2
    assert known.through(7, 3, 1) is None


def test_devices_are_kept_apart_however_high_their_number() -> None:
    known = Receipts()
    known.stored([(7, 1, 1), (100_000, 1, 2)])
    assert known.through(100_000, 1, 1) is None
    assert known.through(7, 1, 1) == 1
    assert known.through(2_000_000, 1, 1) is None


def test_a_seq_beyond_what_is_known_is_not_promised() -> None:
    known = Receipts()
    known.stored([(7, 1, 5)])
    assert known.through(7, 1, 6) is None


def test_memory_is_bounded_and_forgetting_only_shortens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "MOST_BROKEN", 10)
    known = Receipts()
    known.stored((number, 1, seq) for number in range(100) for seq in (1, 3))
    assert len(known._broken) == 10
    assert known.through(0, 1, 1) is None
    assert known.through(99, 1, 1) == 1


@given(st.lists(st.one_of(st.integers(1, 40), st.integers(-40, -1)), max_size=80))
def test_runs_are_a_set_of_integers(steps: list[int]) -> None:
    """A positive step adds, a negative one trims."""
    runs, model = Runs(), set[int]()
    for step in steps:
        if step > 0:
            runs.add(step)
            model.add(step)
        else:
            runs.trim(-step)
            model = {seq for seq in model if seq >= -step}
        edges = runs.edges
        assert {s for low, high in zip(edges[::2], edges[1::2], strict=True) for s in range(low, high + 1)} == model
        assert all(edges[place] + 1 < edges[place + 1] for place in range(1, len(edges) - 1, 2))


def test_too_many_runs_lose_the_lowest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "MOST_RUNS", 3)
    runs = Runs()
    for seq in (1, 3, 5, 7):
        runs.add(seq)
    assert runs.edges == (3, 3, 5, 5, 7, 7)


class DeviceAndPlatform(RuleBasedStateMachine):
    """A device with an outbox, a network that loses, repeats and reorders, an ingest that forgets at restart.

    The invariant is the promise: what the device has forgotten is in the database.
    """

    def __init__(self) -> None:
        super().__init__()
        self.database: set[tuple[int, int]] = set()
        self.known = Receipts()
        self.boot, self.next_seq = 1, 1
        self.outbox: list[tuple[int, int]] = []
        self.produced: set[tuple[int, int]] = set()
        self.on_the_way: list[tuple[int, int, int]] = []
        self.receipts: list[tuple[int, int]] = []

    @rule()
    def produce(self) -> None:
        message = (self.boot, self.next_seq)
        self.next_seq += 1
        self.outbox.append(message)
        self.produced.add(message)

    @rule()
    def restart_device(self) -> None:
        self.boot, self.next_seq = self.boot + 1, 1

    @precondition(lambda self: self.outbox)
    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        """Any kept message, asking for a receipt, as often as it likes."""
        boot, seq = data.draw(st.sampled_from(self.outbox))
        lowest = min(kept for kept_boot, kept in self.outbox if kept_boot == boot)
        self.on_the_way.append((boot, seq, lowest))

    @precondition(lambda self: self.on_the_way)
    @rule(data=st.data(), keep=st.booleans())
    def arrive(self, data: st.DataObject, keep: bool) -> None:
        """In any order, again and again; committed first, then noted, then answered."""
        place = data.draw(st.integers(0, len(self.on_the_way) - 1))
        boot, seq, outbox_from = self.on_the_way[place]
        if not keep:
            del self.on_the_way[place]
        self.database.add((boot, seq))
        self.known.stored([(1, boot, seq)])
        through = self.known.through(1, boot, outbox_from)
        if through is not None:
            self.receipts.append((boot, through))

    @precondition(lambda self: self.on_the_way)
    @rule()
    def lose_what_is_on_the_way(self) -> None:
        self.on_the_way.pop()

    @rule()
    def restart_ingest(self) -> None:
        self.known = Receipts()

    @precondition(lambda self: self.receipts)
    @rule(data=st.data())
    def receipt_arrives(self, data: st.DataObject) -> None:
        boot, through = data.draw(st.sampled_from(self.receipts))
        self.outbox = [(kept, seq) for kept, seq in self.outbox if kept != boot or seq > through]

    @invariant()
    def what_the_device_forgot_is_stored(self) -> None:
        assert self.produced - set(self.outbox) <= self.database


TestDeviceAndPlatform = DeviceAndPlatform.TestCase
TestDeviceAndPlatform.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
