"""Records kept by block say of each device what was noted of it last, and of nobody else."""

import numpy as np

from diagnostics.idle.blocks import Blocks, Kind
from diagnostics.idle.days import BLOCK
from diagnostics.idle.facts import KEPT, Facts
from fleet.idle_fleet import NO_DAY


class Days(Blocks):
    KIND = Kind(np.dtype([("verdict", "u1"), ("day", "<i4")]), {"verdict": 255})


def test_each_device_has_what_was_noted_last_in_whatever_order_it_is_asked_for() -> None:
    chance = np.random.default_rng(2)
    blocks, known = Days(), dict[int, int]()
    for _ in range(20):
        devices = np.unique(chance.integers(0, 6 * BLOCK, 300))
        days = chance.integers(1, 1000, len(devices))
        blocks.note(devices, {"verdict": np.ones(len(devices)), "day": days})
        known |= dict(zip(devices.tolist(), days.tolist(), strict=True))
    asked = chance.permutation(np.arange(8 * BLOCK))
    assert blocks.of(asked, "day").tolist() == [known.get(device, 0) for device in asked.tolist()]
    assert set(asked[blocks.of(asked, "verdict") == 255].tolist()) == set(range(8 * BLOCK)) - known.keys()


def test_nobody_is_known_where_nothing_was_noted() -> None:
    blocks = Days()
    blocks.note(np.zeros(0, np.int64), {})
    assert blocks.of(np.array([0, BLOCK, 9 * BLOCK]), "verdict").tolist() == [255] * 3
    assert blocks.of(np.zeros(0, np.int64), "day").tolist() == []
    assert blocks.changed == set()


def test_emptied_blocks_are_all_written_again() -> None:
    blocks = Days()
    blocks.note(np.array([3, 5 * BLOCK]), {"verdict": np.zeros(2)})
    blocks.changed.clear()
    empty = blocks.emptied()
    assert empty.changed == {0, 5}
    assert empty.of(np.array([3, 5 * BLOCK]), "verdict").tolist() == [255, 255]


def test_facts_come_back_as_they_were_read_until_they_are_forgotten() -> None:
    chance = np.random.default_rng(4)
    devices = np.unique(chance.integers(1, 3 * BLOCK, 500))
    read = {name: chance.integers(0, 1000, len(devices)) for name in (*KEPT, "last_seen")}
    read |= {"device_no": devices, "loan_at": chance.integers(0, 2**55, len(devices))}
    read["enrolled"] = chance.integers(0, 2, len(devices))
    read["replaced"][::3] = NO_DAY
    read["loan_day"][::5] = -400
    facts = Facts()
    facts.learn(read)
    some = devices[::2]
    kept = facts.of_heard(some)
    assert all(kept[name].tolist() == read[name][::2].tolist() for name in (*KEPT, "device_no"))
    assert (kept["last_seen"] == NO_DAY).all()
    assert facts.known(devices).all()
    facts.forget(some)
    assert facts.known(devices).tolist() == [place % 2 == 1 for place in range(len(devices))]
    assert (facts.models_of(some) == 0).all()
