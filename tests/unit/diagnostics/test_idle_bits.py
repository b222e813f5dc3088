"""Days as bits: few devices are picked out as all of them would be unpacked, and each source is counted once."""

from typing import Final

import numpy as np
import pytest

from diagnostics.idle.bits import Bits
from diagnostics.idle.days import BLOCK
from diagnostics.idle.entries import Entries, heard_by_source
from fleet.idle_again import NOT_YET

DAYS: Final = 40


def bits_of(chance: np.random.Generator, blocks: tuple[int, ...]) -> Bits:
    def drawn() -> dict[int, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
        return {block: chance.integers(0, 256, (DAYS, BLOCK // 8), dtype=np.uint8) for block in blocks}

    return Bits(0, DAYS, drawn(), drawn())


@pytest.mark.parametrize("count", [0, 1, 300, 3000])
def test_some_devices_are_picked_out_as_all_are_unpacked(count: int) -> None:
    chance = np.random.default_rng(3)
    bits = bits_of(chance, (3,))
    columns = np.sort(chance.choice(BLOCK, count, replace=False)).astype(np.int64)
    for picked, whole in zip(bits.of(3, columns), bits.flags(3), strict=True):
        assert picked.dtype == bool
        assert np.array_equal(picked, whole[:, columns])
    assert not any(flags.any() for flags in bits.of(4, columns)), "a block that nobody was ever heard in"


@pytest.mark.parametrize("sources", [3, 200])
def test_the_devices_of_a_source_are_counted_day_by_day(sources: int) -> None:
    chance = np.random.default_rng(5)
    bits = bits_of(chance, (1, 2))
    devices = np.sort(chance.choice(np.arange(BLOCK, 3 * BLOCK), 5000, replace=False)).astype(np.int64)
    source = chance.integers(1, sources + 1, len(devices)) * chance.choice([-1, 1], len(devices))
    entries = Entries()
    entries.note(devices, {"source": source, "verdict": np.zeros(len(devices))})
    every, counted = heard_by_source(entries, bits)
    assert sorted(every) == sorted(set(source.tolist()))
    heard = np.concatenate([bits.flags(1)[0], bits.flags(2)[0]], axis=1)
    for place, number in enumerate(every):
        own = heard[:, devices[source == number] - BLOCK]
        assert np.array_equal(counted[:, place], own.sum(axis=1))


def test_who_leaves_is_forgotten_and_only_what_changed_is_written() -> None:
    entries = Entries()
    devices = np.array([7, BLOCK + 9], np.int64)
    entries.note(devices, {"verdict": np.array([1, 2]), "source": np.array([4, 4])})
    assert (entries.devices(), entries.changed) == (2, {0, 1})
    entries.changed.clear()
    entries.note(devices, {"verdict": np.array([1, 2])})
    assert entries.changed == set()
    entries.forget(devices[1:])
    assert (entries.devices(), entries.changed) == (1, {1})
    assert entries.blocks[1]["verdict"][9] == NOT_YET
    assert heard_by_source(entries, bits_of(np.random.default_rng(1), (0, 1)))[0] == [4]
