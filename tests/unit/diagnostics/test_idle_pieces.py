"""Devices are judged in pieces of whole blocks: all of them once, in their order, and few in one go."""

import numpy as np
import pytest

from diagnostics.idle.bits import Bits
from diagnostics.idle.days import BLOCK
from diagnostics.idle.judging import pieces_of


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([3], [3]),
        ([14] * 102, [14 * 102]),
        ([BLOCK, BLOCK, 7], [BLOCK, BLOCK, 7]),
        ([BLOCK - 5, 5, 1, BLOCK], [BLOCK, 1, BLOCK]),
        ([3000, 2000, 2000, 97], [3000, 4000, 97]),
    ],
)
def test_pieces_are_whole_blocks_together_up_to_a_block_of_devices(sizes: list[int], expected: list[int]) -> None:
    block = np.repeat(np.arange(len(sizes)) * 3 + 1, sizes)
    pieces = pieces_of(block)
    assert [len(piece) for piece in pieces] == expected
    assert np.array_equal(np.concatenate([np.zeros(0, np.int64), *pieces]), np.arange(len(block)))


def test_the_days_of_devices_of_several_blocks_lie_side_by_side() -> None:
    chance = np.random.default_rng(3)
    kept = [{block: chance.integers(0, 256, (20, BLOCK // 8), dtype=np.uint8) for block in (1, 4)} for _ in range(2)]
    bits = Bits(0, 20, *kept)
    devices = np.array([BLOCK + 1, BLOCK + 900, 2 * BLOCK + 5, 4 * BLOCK, 5 * BLOCK - 1], np.int64)
    for found, place in zip(bits.of_all(devices), (0, 1), strict=True):
        whole = {block: bits.flags(block)[place] for block in (1, 2, 4)}
        assert np.array_equal(found, np.stack([whole[n // BLOCK][:, n % BLOCK] for n in devices.tolist()], axis=1))
    every = np.arange(BLOCK, 2 * BLOCK, dtype=np.int64)
    assert all(np.array_equal(*pair) for pair in zip(bits.of_all(every), bits.flags(1), strict=True))
