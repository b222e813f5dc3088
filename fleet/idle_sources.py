"""When a source of data stood still, pure: a maker's feed or a gateway whose devices all fell silent at once."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fleet.idle_policies import Whole

FEWEST: Final = 10
"""A source with fewer devices heard on a usual day cannot be told from its devices."""
_STILL: Final = 0.2  # of the usual number of devices heard
_BACK: Final = 0.5  # of it, and the source is taken to work again
_USUAL_DAYS: Final = 28
_LEAST_DAYS: Final = 2


def lost_since(heard: NDArray[np.int64], never: int) -> Whole:
    """Per source the day since which it stands still, or `never`.

    What is usual is the median of the latest four weeks in which it worked, so that a long stop does not become usual.
    The last day is not over: it may end a stop and begins none.

    Args:
        heard: days x sources: devices heard.
        never: what stands for "works".
    """
    days, sources = heard.shape
    since = np.full(sources, never, np.int32)
    usual_days = np.full((_USUAL_DAYS, sources), np.nan)
    for day in range(days):
        usual = np.nan_to_num(_median(usual_days))
        still = since != never
        ends = still & (heard[day] >= _BACK * usual)
        begins = ~still & (usual >= FEWEST) & (heard[day] < _STILL * usual) & (day < days - 1)
        since[ends] = never
        since[begins] = day
        working = since == never
        usual_days[day % _USUAL_DAYS, working] = heard[day, working]
    return np.where((since != never) & (days - 1 - since >= _LEAST_DAYS), since, never).astype(np.int32)


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median of each column's numbers; NaN where there is none yet."""
    ordered = np.sort(values, axis=0)  # NaN last
    known = np.count_nonzero(~np.isnan(values), axis=0)
    found: NDArray[np.float64] = np.take_along_axis(ordered, np.maximum(known - 1, 0)[None, :] // 2, axis=0)[0]
    return found
