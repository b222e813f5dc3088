"""What follows from plain readings, as parameters of the same statements that the long way uses: pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.columns import Columns, Doubles, Grown, Numbers
from ingest.register import Device
from ingest.write.arrays import (
    BigintArray,
    BooleanArray,
    DateArray,
    DoubleArray,
    IntegerArray,
    TimeArray,
    encoded_texts,
    of_numbers,
    postgres_microseconds,
    repeated_texts,
)


class Amounts(NamedTuple):
    """Amounts of use in one statement, in the order of their keys.

    Attributes:
        maximum: whether they are maxima and not sums.
        judges: whether they may make a day count as used.
        columns: the parameters of `grow_usage.sql`.
    """

    maximum: bool
    judges: bool
    columns: dict[str, object]


def state_parameters(plain: Sequence[Columns], strangers: Sequence[int]) -> dict[str, object]:
    """The parameters of `update_told.sql` and `begin_states.sql` but the time of arrival.

    Args:
        plain: readings, one entry for each class.
        strangers: numbers of devices without a row of current state.
    """
    found = [columns.presents() for columns in plain]
    numbers = np.concatenate([entry.numbers for entry in found])
    order = np.argsort(numbers)
    values = [text for entry in found for text in entry.values]

    def sorted_of(*columns: Numbers) -> Numbers:
        return np.concatenate(columns)[order]

    return {
        "device_no": of_numbers(IntegerArray, numbers[order]),
        "boot": of_numbers(IntegerArray, sorted_of(*(entry.boots for entry in found))),
        "oldest": of_numbers(TimeArray, postgres_microseconds(sorted_of(*(entry.oldest for entry in found)))),
        "newest": of_numbers(TimeArray, postgres_microseconds(sorted_of(*(entry.newest for entry in found)))),
        "told": encoded_texts([values[place] for place in order.tolist()]),
        "told_keys": of_numbers(BigintArray, sorted_of(*(entry.shapes for entry in found))),
        "stranger": of_numbers(BooleanArray, np.isin(numbers[order], strangers)),
    }


class _Part(NamedTuple):
    """Amounts of one measure that go into one statement."""

    name: str
    numbers: Numbers
    days: Numbers
    amounts: Doubles


def usage_amounts(plain: Sequence[Columns]) -> tuple[list[Amounts], dict[int, Device]]:
    """What use grows by, and the devices of which a day may turn out to be used."""
    parts: dict[tuple[bool, bool], list[_Part]] = {}
    judged: dict[int, Device] = {}
    for columns in plain:
        grown = columns.grown()
        if grown is None:
            continue
        is_open = _open(columns, grown)
        judged |= {number: columns.devices[number] for number in set(grown.numbers[is_open].tolist())}
        for measure in grown.measures:
            decides = is_open[measure.groups] & measure.decides
            for judges in (False, True):
                groups, amounts = measure.groups[decides == judges], measure.amounts[decides == judges]
                if len(groups):
                    part = _Part(measure.name, grown.numbers[groups], grown.days[groups], amounts)
                    parts.setdefault((measure.maximum, judges), []).append(part)
    return [Amounts(maximum, judges, _usage_columns(found)) for (maximum, judges), found in parts.items()], judged


def _open(columns: Columns, grown: Grown) -> NDArray[np.bool_]:
    """Which device-days are later than the last that is known to be used."""
    used = [columns.devices[number].used_day for number in grown.numbers.tolist()]
    return grown.days > np.array(used, dtype=np.int64)


def _usage_columns(parts: Sequence[_Part]) -> dict[str, object]:
    names = sorted({part.name for part in parts})
    numbers = np.concatenate([part.numbers for part in parts])
    days = np.concatenate([part.days for part in parts])
    kinds = np.concatenate([np.full(len(part.numbers), names.index(part.name)) for part in parts])
    order = np.lexsort((kinds, days, numbers))
    amounts = np.concatenate([part.amounts for part in parts])
    return {
        "device_no": of_numbers(IntegerArray, numbers[order]),
        "local_day": of_numbers(DateArray, days[order]),
        "measure": repeated_texts(names, kinds[order].tolist()),
        "amount": of_numbers(DoubleArray, amounts[order]),
    }
