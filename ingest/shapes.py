"""What a device told of some metrics, as JSON, and a number that says which metrics those are. Pure."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray


def shapes(keys: tuple[str, ...], there: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A number for the keys that each device told: `there` has a row for each key."""
    if there.all():
        return np.full(there.shape[1], shape_of(keys), dtype=np.int64)
    kinds, places = np.unique(there, axis=1, return_inverse=True)
    found = [shape_of(tuple(key for key, told in zip(keys, kind, strict=True) if told)) for kind in kinds.T.tolist()]
    return np.array(found, dtype=np.int64)[places.reshape(-1)]


@cache
def shape_of(keys: tuple[str, ...]) -> int:
    """The first 64 bits of a digest: it outlives the process and the release."""
    return int.from_bytes(sha256("\n".join(sorted(keys)).encode()).digest()[:8], "big", signed=True)


@cache
def form_of(keys: tuple[str, ...]) -> Callable[..., msgspec.Struct]:
    """Makes what a device told of some metrics, in their order; what is None is left out of its JSON."""
    pair: Any = tuple[float | bool, int] | None
    fields = [(f"m{place}", pair, msgspec.field(default=None, name=key)) for place, key in enumerate(keys)]
    return msgspec.defstruct("Told", fields, omit_defaults=True, gc=False)
