"""The second opinion finds what made the data and is calibrated; the textbook models give the published figures."""

import warnings
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from fleet.alive import UNSEEN, Expert, Fit, fit, in_use, interval, tables
from fleet.alive_textbook import bg_bb_alive, bg_bb_log_likelihood, bg_nbd_alive, bg_nbd_log_likelihood, fit_bg_nbd
from fleet.idle_gaps import LONGEST, gap_histogram

with warnings.catch_warnings():  # the oracle is old and warns where it is imported; nothing else is let off
    warnings.simplefilter("ignore")
    from lifetimes import BetaGeoBetaBinomFitter  # type: ignore[import-untyped]
    from lifetimes.datasets import load_cdnow_summary, load_dataset  # type: ignore[import-untyped]

Numbers = NDArray[np.float64]
CDNOW_END: Final = date(1997, 9, 30)
# domain.md 8: k -> precision and recall of "silent longer than k times the own median gap".
BASELINE: Final = {2: (0.43, 0.64), 3: (0.48, 0.54), 4: (0.51, 0.46), 6: (0.55, 0.38)}


def cdnow() -> tuple[Numbers, Numbers, Numbers]:
    summary = load_cdnow_summary()
    repeats, recency, age = (summary[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    return repeats, recency, age


def test_bg_nbd_gives_the_published_parameters_of_cdnow() -> None:
    repeats, recency, age = cdnow()
    found = fit_bg_nbd(repeats, recency, age)
    assert found == pytest.approx([0.2426, 4.4135, 0.7929, 2.4258], abs=1e-4)
    assert bg_nbd_log_likelihood(found, repeats, recency, age).sum() == pytest.approx(-9582.43, abs=0.01)
    alive = bg_nbd_alive(found, np.array([29.0, 10.0, 0.0]), np.array([38.0, 10.0, 0.0]), np.full(3, 38.86))
    assert alive == pytest.approx([0.955, 0.0002, 1.0], abs=5e-4)  # never started: the textbook cannot see it


def hold_out() -> tuple[NDArray[np.bool_], Numbers, Numbers, Numbers]:
    """Customers with four purchases or more: silent afterwards, median gap, present gap, and P(alive) of all."""
    table = load_dataset("CDNOW_sample.txt", header=None, sep=r"\s+")
    days: dict[int, set[date]] = {}
    for customer, day in zip(table[1], table[2], strict=True):
        text = str(day)
        days.setdefault(int(customer), set()).add(date(int(text[:4]), int(text[4:6]), int(text[6:])))
    rows = []
    for bought in days.values():
        known = sorted(day for day in bought if day <= CDNOW_END)
        gaps = [(b - a).days for a, b in pairwise(known)]
        silent = not any(day > CDNOW_END for day in bought)
        age, recency = (CDNOW_END - known[0]).days / 7, (known[-1] - known[0]).days / 7
        rows.append((len(known), silent, np.median(gaps or [0]), (CDNOW_END - known[-1]).days, recency, age))
    count, silent, median, gap, recency, age = np.array(rows, float).T
    alive = bg_nbd_alive(fit_bg_nbd(count - 1, recency, age), count - 1, recency, age)
    active = count >= 4
    return silent[active] > 0, median[active], gap[active], alive[active]


def test_on_cdnow_s_hold_out_the_model_beats_every_multiple_of_the_own_median_gap() -> None:
    silent, median, gap, alive = hold_out()
    assert (len(silent), round(silent.mean(), 2)) == (293, 0.29)
    ranked = silent[np.argsort(alive, kind="stable")]
    hits = np.cumsum(ranked)
    for k, (precision, recall) in BASELINE.items():
        flagged = gap > k * median
        right = int((flagged & silent).sum())
        assert (round(right / flagged.sum(), 2), round(right / silent.sum(), 2)) == (precision, recall)
        needed = 1 + int(np.argmax(hits >= right))
        assert needed < flagged.sum(), f"k={k}: as many right ones with fewer flagged"


def test_bg_bb_agrees_with_an_independent_implementation() -> None:
    oracle = BetaGeoBetaBinomFitter()
    oracle.params_ = dict(zip(("alpha", "beta", "gamma", "delta"), (1.2, 0.75, 0.66, 2.78), strict=True))
    used, last, chances = (np.array(values, np.int32) for values in ([0, 1, 3, 6], [0, 2, 5, 6], [6, 6, 6, 6]))
    ours = bg_bb_log_likelihood(np.array([1.2, 0.75, 0.66, 2.78]), used, last, chances)
    theirs = BetaGeoBetaBinomFitter._loglikelihood((1.2, 0.75, 0.66, 2.78), used, last, chances)
    assert ours == pytest.approx(theirs, abs=1e-9)
    alive = bg_bb_alive(np.array([1.2, 0.75, 0.66, 2.78]), used, last, chances)
    assert 0 < alive[0] < alive[2] < alive[3] < 1


def made_up(devices: int, days: int, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Used days by the model's own story, and who had not stopped at the end."""
    chance = np.random.default_rng(seed)
    use, state = chance.beta(4, 1, devices), np.zeros(devices, int)
    used = np.zeros((days, devices), bool)
    for day in range(days):
        drawn, stops = chance.random(devices), chance.random(devices) < 0.001
        moved = np.where(state == 0, np.where(drawn < 0.02, 1, 0), np.where(drawn < 0.15, 0, 1))
        state = np.where((state == 2) | stops, 2, moved)
        used[day] = (state == 0) & (chance.random(devices) < use)
    some = used.any(axis=0)
    return used[:, some], (state != 2)[some]


def learnt(seed: int) -> tuple[Fit, NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    used, alive = made_up(1500, 300, seed)
    histogram, _ = gap_histogram(used, ~used)
    gap = np.argmax(used[::-1], axis=0).astype(np.int32)
    return fit(histogram, gap), histogram, gap, alive


def test_the_fit_finds_the_parameters_that_made_the_data_within_its_own_error() -> None:
    found, _, _, _ = learnt(3)
    truth = np.array([np.log(4), 0.0, *(np.log(p / (1 - p)) for p in (0.02, 0.15, 0.001))])
    error = np.sqrt(np.diag(found.covariance))
    assert np.all(np.abs(found.parameters - truth) < 4 * error + 0.05)
    assert Fit.from_flat(found.flat(), found.devices).flat() == found.flat()


def test_what_it_says_comes_true_as_often_as_it_says() -> None:
    found, _, _, _ = learnt(3)
    used, alive = made_up(4000, 300, 4)
    p = in_use(found.parameters, gap_histogram(used, ~used)[0], np.argmax(used[::-1], axis=0).astype(np.int32))
    for low, high in ((0.0, 0.05), (0.05, 0.5), (0.5, 0.95), (0.95, 1.01)):
        chosen = (p >= low) & (p < high)
        assert chosen.sum() > 20
        error = 4 * np.sqrt(0.25 / chosen.sum())
        assert alive[chosen].mean() == pytest.approx(p[chosen].mean(), abs=max(0.03, error))


def test_the_interval_holds_the_value_and_longer_silence_means_less() -> None:
    found, histogram, _, _ = learnt(3)
    gaps = np.array([0, 5, 15, 40, 100], np.int32)
    same = np.repeat(histogram[:1], 5, axis=0)
    p, (low, high) = in_use(found.parameters, same, gaps), interval(found, same, gaps)
    assert np.all(np.diff(p) < 0)
    assert np.all((low <= p + 0.02) & (p <= high + 0.02) & (low >= 0) & (high <= 1))


def test_gaps_and_no_return_together_are_certain() -> None:
    made = tables(np.array([1.0, 0.0, -4.0, -1.5, -7.0]))
    gone = np.exp(made.log_gap).sum(axis=1)
    never_back = 1 - gone
    assert np.all((never_back > 0) & (never_back < 0.9))
    assert np.exp(made.log_weight).sum() == pytest.approx(1.0)


def test_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(ValueError, match="no device"):
        fit(np.zeros((0, LONGEST), np.int32), np.zeros(0, np.int32))


@pytest.mark.parametrize(
    ("parameters", "least"),
    [
        ((1.5, 0.5, -4.0, -1.5, -7.0), 0.9),
        ((1.5, 0.5, -4.0, -1.5, -7.0), 0.995),
        ((0.2, 0.9, -6.0, -0.2, -5.5), 0.97),
        ((3.0, 1.0, -2.5, -3.0, -8.0), 0.995),
        ((-1.0, 2.0, -3.0, 0.5, -6.0), 0.97),
    ],
)
def test_patience_holds_however_the_device_is_used_until_then(parameters: tuple[float, ...], least: float) -> None:
    """Any history with up to UNSEEN more gaps of any length leaves P as high for as long; one more day may not."""
    chance = np.random.default_rng(11)
    expert = Expert.of(Fit(np.array(parameters), np.eye(5) * 1e-6, 100))
    before = chance.poisson(chance.choice([0.0, 0.3, 20.0], (400, 1)), (400, LONGEST)).astype(np.int32)
    before[:, 0] = 0
    before[:, 20:] //= 10
    patience = expert.patience(before, least)
    assert len(np.unique(patience)) > 1
    for longest in (2, 5, LONGEST):
        after = before.copy()
        for _ in range(UNSEEN):
            gap = np.where(chance.random(400) < 0.8, chance.integers(1, longest, 400), 0)
            after[np.arange(400)[gap > 0], gap[gap > 0]] += 1
        for days in range(8):
            assert (expert.in_use(after, np.full(400, days))[days <= patience] >= least).all()
    most = before.copy()
    most[:, 1] += UNSEEN
    short = patience < 7
    assert (expert.in_use(most, patience + 1)[short] < least).all(), "and no longer"
    own = expert.lasting(before, patience, least)
    assert (expert.in_use(before, patience + own) >= least).all()
