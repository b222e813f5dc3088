"""The statistical second opinion, pure: how probable it is that a device is still in use, given its gaps so far.

A device in use has three states from day to day: *in use*, on a *pause* that will end, and *stopped* for good. On a
day in use it is used with the person's own probability. After a used day the state is known, so that a person's history
is a renewal process and only the lengths of the gaps matter: with a, t, s the joint probabilities of k days without use
and of being in use, on pause, stopped,

    in use' = (1-stop) ((1-pause) a + end t)      a(k+1) = (1-use) in use'     next use after k+1 days: use * in use'
    on pause' = (1-stop) (pause a + (1-end) t)    t(k+1) = on pause'
    stopped' = s + stop (a + t)                   s(k+1) = stopped'

and P(still in use | k days without use) = (a + t) / (a + t + s). The person's own `use` is Beta distributed over the
fleet; the integral over it is a sum over fixed bins. Without pauses this is BG/BB (Fader, Hardie and Shang 2010, in
`fleet/alive_textbook.py`) with one risk of stopping for all; and without pauses a week of illness looks like an end.

A device that was never used has no gap and gets no probability: *never started* is another question.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.special import betainc, expit, logsumexp  # type: ignore[import-untyped]

from fleet.idle_gaps import LONGEST

Numbers = NDArray[np.float64]
Counts = NDArray[np.int32]

PARAMETERS: Final = 5
LONGEST_GAP: Final = 500
"""Days without use beyond which nothing more is learnt."""
_EDGES: Final = np.concatenate(
    [[0.0, 0.01, 0.02, 0.035, 0.05, 0.075], np.linspace(0.1, 0.9, 14), [0.94, 0.97, 0.985, 0.995, 1.0]]
)
_USE: Final = (_EDGES[:-1] + _EDGES[1:]) / 2
UNSEEN: Final = 9
"""A device may be used so many times before its verdict is made anew, as all are after a week."""
_START: Final = np.array([1.5, 0.5, -4.0, -1.5, -7.0])  # log alpha, log beta, logit of pause, end, stop
_SPREAD: Final = 1.0  # of what is held possible beforehand: a factor of e either way
_DRAWS: Final = 16
_TINY: Final = 1e-300


@dataclass(frozen=True, slots=True)
class Fit:
    """What a fleet has in common.

    Attributes:
        parameters: log alpha and log beta of the Beta distribution of use; logits a day of pause, its end, and stop.
        covariance: of the parameters, by the outer product of the devices' scores.
        devices: how many it was learnt from.
    """

    parameters: Numbers
    covariance: Numbers
    devices: int

    def __post_init__(self) -> None:
        if self.parameters.shape != (PARAMETERS,) or self.covariance.shape != (PARAMETERS, PARAMETERS):
            raise ValueError("a fit has five parameters and their covariance")

    def flat(self) -> list[float]:
        """Parameters and covariance in one list, as the database keeps them."""
        return [*self.parameters.tolist(), *self.covariance.ravel().tolist()]

    @classmethod
    def from_flat(cls, values: list[float], devices: int) -> "Fit":
        """The fit of a list made by `flat`."""
        numbers = np.array(values, dtype=np.float64)
        return cls(numbers[:PARAMETERS], numbers[PARAMETERS:].reshape(PARAMETERS, PARAMETERS), devices)


@dataclass(frozen=True, slots=True)
class Tables:
    """Per bin of use and days: log probability of such a gap, of no use for so long, and of that and still in use."""

    log_gap: Numbers
    log_quiet: Numbers
    log_quiet_in_use: Numbers
    log_weight: Numbers


def tables(parameters: Numbers) -> Tables:
    """The tables of the recursion in the module's text.

    Args:
        parameters: as in `Fit`.
    """
    alpha, beta = np.exp(parameters[:2])
    pause, end, stop = expit(parameters[2:])
    stay = 1 - stop
    step = np.empty((len(_USE), 2, 2))
    step[:, 0, 0], step[:, 0, 1] = (1 - _USE) * stay * (1 - pause), (1 - _USE) * stay * end
    step[:, 1, 0], step[:, 1, 1] = stay * pause, stay * (1 - end)
    # Both off-diagonals are positive, so that the roots are real and k days are the k-th powers of the roots.
    roots, directions = np.linalg.eig(step)
    share = np.linalg.inv(directions)[:, :, 0]
    powers = np.ones((*roots.shape, LONGEST_GAP + 1))
    powers[:, :, 1:] = roots[:, :, None]
    np.multiply.accumulate(powers, axis=2, out=powers)
    state = np.einsum("uij,uj,ujk->uik", directions, share, powers)
    in_use = state.sum(axis=1)
    stopped = np.cumsum(in_use, axis=1) - in_use
    quiet = in_use + stop * stopped
    gap = np.zeros_like(in_use)
    gap[:, 1:] = _USE[:, None] * stay * ((1 - pause) * state[:, 0, :-1] + end * state[:, 1, :-1])
    short = gap[:, :LONGEST].copy()
    short[:, LONGEST - 1] = gap[:, LONGEST - 1 :].sum(axis=1)
    weight = np.diff(betainc(alpha, beta, _EDGES))
    return Tables(*(np.log(np.maximum(part, _TINY)) for part in (short, quiet, in_use, weight)))


def log_likelihood(parameters: Numbers, histogram: Counts, current: Counts) -> Numbers:
    """The log likelihood of each device's gaps and of its present days without use."""
    made = tables(parameters)
    each = histogram @ made.log_gap.T + made.log_quiet.T[np.minimum(current, LONGEST_GAP)] + made.log_weight
    found: Numbers = logsumexp(each, axis=1)
    return found


def fit(histogram: Counts, current: Counts) -> Fit:
    """Learns the parameters from devices that were used at least once, by maximum likelihood.

    Args:
        histogram: devices x LONGEST, from `fleet.idle_gaps`.
        current: per device, days without use since its last use.

    Raises:
        ValueError: there is no device to learn from.
    """
    if not len(histogram):
        raise ValueError("no device to learn from")

    def loss(parameters: Numbers) -> float:
        """Mean negative log posterior: where the data says nothing, the parameters stay near the start."""
        prior = 0.5 * float(np.sum((parameters - _START) ** 2)) / _SPREAD**2 / len(histogram)
        return -float(log_likelihood(parameters, histogram, current).mean()) + prior

    bounds = [(-3, 6), (-3, 6), (-9, 0), (-5, 2), (-13, -2)]
    found = minimize(loss, _START, method="L-BFGS-B", bounds=bounds, options={"maxiter": 80})
    best = np.asarray(found.x, dtype=np.float64)
    return Fit(best, _covariance(best, histogram, current), len(histogram))


def _covariance(parameters: Numbers, histogram: Counts, current: Counts) -> Numbers:
    """From the devices' scores: the information they hold about each parameter (outer product of gradients)."""
    step = 1e-3
    scores = np.empty((len(histogram), PARAMETERS))
    for place in range(PARAMETERS):
        shift = np.zeros(PARAMETERS)
        shift[place] = step
        above = log_likelihood(parameters + shift, histogram, current)
        scores[:, place] = (above - log_likelihood(parameters - shift, histogram, current)) / (2 * step)
    information = scores.T @ scores + np.eye(PARAMETERS) / _SPREAD**2
    inverse: Numbers = np.linalg.inv(information).astype(np.float64)
    return inverse


@dataclass(frozen=True, slots=True)
class Expert:
    """A fit ready to be asked: its tables, and those of what the parameters may be besides, made once.

    Attributes:
        best: of the fitted parameters.
        drawn: of parameters drawn within their covariance; the same fit always draws the same.
    """

    best: "_Asked"
    drawn: tuple["_Asked", ...]

    @classmethod
    def of(cls, found: Fit) -> "Expert":
        """The expert that a fit makes; a fit asked lately is not worked out again."""
        return _expert(found.parameters.tobytes(), found.covariance.tobytes())

    def in_use(self, histogram: Counts, current: Counts) -> Numbers:
        """P(still in use) per device that was used at least once, given its own gaps and present days without use."""
        return self.best.in_use(_counted(histogram), current)

    def patience(self, histogram: Counts, least: float) -> Counts:
        """How many days without use, 0 to 7, leave P at `least` or above, also after a week more of use.

        Who uses a device every day is missed soonest: each gap of a day more shifts what the person's own use may be
        upwards, and no other gap shifts it further. So after UNSEEN more of them P is the lowest that it can be after
        at most so many uses of whatever rhythm, and it falls with every day without use.
        """
        regular = histogram.copy()
        regular[:, 1] += UNSEEN
        return self.lasting(regular, np.zeros(len(histogram), np.int32), least)

    def lasting(self, histogram: Counts, current: Counts, least: float) -> Counts:
        """How many days more without use, 0 to 7, leave P at `least` or above."""
        own = self.best.of_gaps(_counted(histogram))
        days = np.zeros(len(histogram), np.int32)
        for step in (4, 2, 1):
            days += np.where(self.best.after(own, current + days + step) >= least, np.int32(step), np.int32(0))
        return days

    def interval(self, histogram: Counts, current: Counts) -> tuple[Numbers, Numbers]:
        """The 5th and 95th percentile of P(still in use) over what the parameters may be."""
        counted = _counted(histogram)
        each = np.stack([asked.in_use(counted, current) for asked in self.drawn])
        low, high = np.percentile(each, [5, 95], axis=0)
        return low, high


@dataclass(frozen=True, slots=True)
class _Asked:
    """Tables as they are asked, bins last, so that what belongs to a device lies side by side.

    Attributes:
        gap: gaps x bins, the log probability.
        quiet: days x bins, likewise, with the weight of the bin.
        share: days x bins, of such a silence the part in which the person is still using the device.
    """

    gap: Numbers
    quiet: Numbers
    share: Numbers

    @classmethod
    def of(cls, parameters: Numbers) -> "_Asked":
        made = tables(parameters)
        share = np.exp(made.log_quiet_in_use - made.log_quiet)
        return cls(
            np.ascontiguousarray(made.log_gap.T),
            np.ascontiguousarray(made.log_quiet.T) + made.log_weight,
            np.ascontiguousarray(share.T),
        )

    def of_gaps(self, counted: Numbers) -> Numbers:
        """Devices x bins: the log probability of a device's own gaps."""
        return counted @ self.gap[: counted.shape[1]]

    def in_use(self, counted: Numbers, current: Counts) -> Numbers:
        return self.after(self.of_gaps(counted), current)

    def after(self, own: Numbers, current: Counts) -> Numbers:
        days = np.minimum(current, LONGEST_GAP)
        likely = own + self.quiet[days]
        likely -= likely.max(axis=1, keepdims=True)
        np.exp(likely, out=likely)
        either = likely.sum(axis=1)
        likely *= self.share[days]
        found: Numbers = likely.sum(axis=1) / either
        return np.minimum(found, 1.0)


def _counted(histogram: Counts) -> Numbers:
    """Gaps as the tables are asked about them, without the lengths that nobody had."""
    had = np.flatnonzero(histogram.any(axis=0))
    return histogram[:, : had[-1] + 1 if len(had) else 0].astype(np.float64)


def in_use(parameters: Numbers, histogram: Counts, current: Counts) -> Numbers:
    """P(still in use) by parameters that are taken for certain; `Expert` asks more than once and knows its doubt."""
    return _Asked.of(parameters).in_use(_counted(histogram), current)


def interval(found: Fit, histogram: Counts, current: Counts) -> tuple[Numbers, Numbers]:
    """As `Expert.interval`, for a fit that is asked once."""
    return Expert.of(found).interval(histogram, current)


@lru_cache(maxsize=64)
def _expert(parameters: bytes, covariance: bytes) -> Expert:
    best = np.frombuffer(parameters)
    chance = np.random.default_rng(7)
    drawn = chance.multivariate_normal(best, np.frombuffer(covariance).reshape(PARAMETERS, -1), _DRAWS, method="eigh")
    return Expert(_Asked.of(best), tuple(_Asked.of(parameters) for parameters in drawn))
