"""What may be stored already is remembered as far as memory reaches; two in one batch are seen without any memory."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.columns import Runs
from ingest.hints import Hints
from ingest.receipts import Receipts

Identity = tuple[int, int, int]
IDENTITIES = st.tuples(st.integers(0, 4), st.integers(1, 2), st.integers(1, 12))


def columns(identities: list[Identity]) -> tuple[np.ndarray, ...]:
    return tuple(np.array(column, dtype=np.int64) for column in zip(*identities, strict=True))


def run(number: int, boot: int, first: int, last: int) -> Runs:
    return Runs(*(np.array([part], dtype=np.int64) for part in (number, boot, first, last)))


@given(st.lists(IDENTITIES, max_size=60), st.lists(IDENTITIES, min_size=1, unique=True, max_size=40))
def test_exactly_what_is_noted_as_stored_is_held(stored: list[Identity], asked: list[Identity]) -> None:
    known = Receipts()
    known.stored(stored)
    assert known.hold(*columns(asked)).tolist() == [identity in stored for identity in asked]


@given(st.lists(IDENTITIES, max_size=60), st.lists(IDENTITIES, min_size=1, max_size=40))
def test_devices_with_something_stored_or_twice_are_suspected_and_no_others(
    stored: list[Identity], asked: list[Identity]
) -> None:
    known = Receipts()
    known.stored(stored)
    expected = {one[0] for one in asked if one in stored or asked.count(one) > 1}
    assert Hints(known).suspects(*columns(asked)) == expected


def test_what_is_on_its_way_is_suspected_until_it_has_arrived_and_then_remembered() -> None:
    known = Receipts()
    hints, sent = Hints(known), [run(7, 1, 3, 5)]
    hints.sent(sent)
    asked = [(7, 1, 5), (8, 1, 5), (6, 1, 5)]
    assert hints.suspects(*columns(asked)) == {7}
    assert hints.suspects(*columns([(7, 1, 6), (7, 2, 5)])) == set()
    for runs in sent:
        known.stored_runs(runs.singly())
    hints.arrived(sent)
    assert hints.suspects(*columns(asked)) == {7}


def test_what_never_arrived_is_forgotten_again() -> None:
    hints, sent = Hints(Receipts()), [run(7, 1, 3, 5)]
    hints.sent(sent)
    hints.arrived(sent)
    assert hints.suspects(*columns([(7, 1, 4)])) == set()


def test_no_readings_on_their_way_suspect_nobody() -> None:
    hints = Hints(Receipts())
    hints.sent([Runs(*(np.array([], dtype=np.int64) for _ in range(4)))])
    assert hints.suspects(*columns([(7, 1, 4)])) == set()
