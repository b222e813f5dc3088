"""Two published models of "is this customer still alive", pure, from their papers: the yardsticks of `fleet/alive.py`.

- BG/NBD: Fader, Hardie and Lee, "Counting Your Customers the Easy Way", Marketing Science 24(2), 2005, for the
  likelihood; P(alive) follows from it by Bayes' rule.
- BG/BB: Fader, Hardie and Shang, "Customer-Base Analysis in a Discrete-Time Noncontractual Setting", Marketing Science
  29(6), 2010, for the likelihood; P(alive) likewise.

BG/NBD gives 1.0 to whoever never came back: it cannot see a device that was never started (domain.md 8).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.special import betaln, gammaln, logsumexp  # type: ignore[import-untyped]

Numbers = NDArray[np.float64]
Counts = NDArray[np.int32]

_START: Final = np.zeros(4)


def bg_nbd_log_likelihood(parameters: Numbers, repeats: Numbers, recency: Numbers, age: Numbers) -> Numbers:
    """Per customer.

    Args:
        parameters: r, alpha, a, b.
        repeats: repeat transactions.
        recency: time of the last one; 0 without any.
        age: time observed, in the same unit.
    """
    r, alpha, a, b = parameters
    common = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
    alive = betaln(a, b + repeats) - betaln(a, b) - (r + repeats) * np.log(alpha + age)
    gone = np.full_like(alive, -np.inf)
    some = repeats > 0
    gone[some] = (
        betaln(a + 1, b + repeats[some] - 1) - betaln(a, b) - (r + repeats[some]) * np.log(alpha + recency[some])
    )
    found: Numbers = common + np.logaddexp(alive, gone)
    return found


def fit_bg_nbd(repeats: Numbers, recency: Numbers, age: Numbers) -> Numbers:
    """r, alpha, a, b by maximum likelihood."""

    def loss(logs: Numbers) -> float:
        return -float(bg_nbd_log_likelihood(np.exp(logs), repeats, recency, age).mean())

    found = minimize(loss, _START, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10, "maxiter": 4000})
    best: Numbers = np.exp(found.x)
    return best


def bg_nbd_alive(parameters: Numbers, repeats: Numbers, recency: Numbers, age: Numbers) -> Numbers:
    """P(alive) at the end of the time observed; 1.0 for whoever never came back."""
    r, alpha, a, b = parameters
    odds = (a / (b + np.maximum(repeats, 1) - 1)) * ((alpha + age) / (alpha + recency)) ** (r + repeats)
    found: Numbers = np.where(repeats > 0, 1 / (1 + odds), 1.0)
    return found


def bg_bb_log_likelihood(parameters: Numbers, used: Counts, last: Counts, chances: Counts) -> Numbers:
    """Per device.

    Args:
        parameters: alpha, beta of use; gamma, delta of stopping.
        used: days used.
        last: the number of the last used chance; 0 without any.
        chances: days on which it could have been used.
    """
    alpha, beta, gamma, delta = parameters
    alive = betaln(alpha + used, beta + chances - used) + betaln(gamma, delta + chances)
    later = np.arange(int(np.max(chances - last, initial=0)))
    stopped = betaln((alpha + used)[:, None], (beta + last - used)[:, None] + later) + betaln(
        gamma + 1, (delta + last)[:, None] + later
    )
    stopped = np.where(later < (chances - last)[:, None], stopped, -np.inf)
    every = np.concatenate([alive[:, None], stopped], axis=1)
    found: Numbers = logsumexp(every, axis=1) - betaln(alpha, beta) - betaln(gamma, delta)
    return found


def fit_bg_bb(used: Counts, last: Counts, chances: Counts) -> Numbers:
    """alpha, beta, gamma, delta by maximum likelihood."""

    def loss(logs: Numbers) -> float:
        return -float(bg_bb_log_likelihood(np.exp(logs), used, last, chances).mean())

    start = np.array([0.2, -0.3, -0.4, 3.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-4, 7)] * 4, options={"maxiter": 100})
    best: Numbers = np.exp(found.x)
    return best


def bg_bb_alive(parameters: Numbers, used: Counts, last: Counts, chances: Counts) -> Numbers:
    """P(still in use at the next chance)."""
    alpha, beta, gamma, delta = parameters
    alive = betaln(alpha + used, beta + chances - used) - betaln(alpha, beta)
    alive = alive + betaln(gamma, delta + chances + 1) - betaln(gamma, delta)
    found: Numbers = np.exp(alive - bg_bb_log_likelihood(parameters, used, last, chances))
    return found
