"""Who is not judged again would have got the same verdict: random fleets, days that come late, and days that pass."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from fleet.alive import Expert, Fit
from fleet.idle import Verdict
from fleet.idle_again import LATEST, NEVER_AGAIN, Latest, Patience, Stand, must_look, stand_after
from fleet.idle_fleet import NO_DAY, NO_LOAN, Block, Judged, code, judge
from fleet.idle_policies import NEVER, Policies
from tests.unit.fleet.test_idle import POLICIES, WINDOW

DEVICES: Final = 600
RECENT: Final = max(LATEST, int(POLICIES.silent_after[POLICIES.silent_after < NEVER].max()) + 2)
NOW: Final = WINDOW - 40
"""Where the first judgement stands in the window: what is known then ends there, and the days after it pass."""
SHOWN: Final = (
    *("verdict", "step", "since", "days", "last_used", "last_heard", "unheard_days", "absent_days", "quiet_days"),
    *("note", "contact", "propose", "other", "double_days"),
)
EXPERT: Final = Expert.of(Fit(np.array([1.5, 0.5, -4.0, -1.5, -7.0]), np.eye(5) * 1e-6, 100))
CERTAIN: Final = 0.995
Absences = list[tuple[int, int]]


class Fleet:
    """Devices with what happens to them over the whole window, of which more and more is known."""

    def __init__(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        shape = (WINDOW, DEVICES)
        day = np.arange(WINDOW)[:, None]
        use = chance.choice([0.0, 0.2, 0.5, 0.9, 1.0], DEVICES)
        stopped = chance.choice([0, NOW - 70, NOW - 20, NOW - 3, NOW + 2, WINDOW], DEVICES)
        silent = chance.choice([NOW - 5, NOW - 2, NOW + 3, WINDOW, WINDOW], DEVICES)
        self.heard = (chance.random(shape) < chance.choice([0.3, 0.9, 1.0], DEVICES)) & (day < silent)
        self.used = self.heard & (chance.random(shape) < use) & (day < stopped)
        self.late = chance.random(shape) < 0.02
        self.policy = chance.integers(0, len(POLICIES.note), DEVICES).astype(np.int32)
        self.loan = chance.choice([-300, NOW - 40, NOW - 10, NOW - 1, NO_LOAN], DEVICES).astype(np.int32)
        self.seen = np.where(chance.random(DEVICES) < 0.2, silent + 2, NO_DAY).astype(np.int32)
        self.absences: list[Absences] = [[] for _ in range(DEVICES)]
        for device in np.flatnonzero(chance.random(DEVICES) < 0.2).tolist():
            start = int(chance.integers(NOW - 30, NOW + 10))
            self.absences[device].append((start, start + int(chance.choice([1, 5, 20, NO_LOAN]))))
        self.replaced = np.where(chance.random(DEVICES) < 0.05, NOW - 20, NO_DAY).astype(np.int32)

    def known(self, today: int, arrived: int) -> Block:
        """What is known on a day: of late days nothing before `arrived`."""
        day = np.arange(WINDOW)[:, None]
        there = (day <= today) & (~self.late | (day + 12 <= arrived))
        away = np.zeros((WINDOW, DEVICES), bool)
        since = np.full(DEVICES, NO_DAY, np.int32)
        for device, spans in enumerate(self.absences):
            for start, end in spans:
                last = end + POLICIES.after_absence[self.policy[device]]
                away[max(0, start) : max(0, min(WINDOW, last + 1)), device] = True
                since[device] = start if start <= today <= end else since[device]
        zero = np.zeros(DEVICES, np.int32)
        return Block(
            heard=self.heard & there,
            used=self.used & there,
            away=away,
            away_since=since,
            loan=self.loan,
            today=np.full(DEVICES, today, np.int32),
            can_report=np.ones(DEVICES, bool),
            last_seen=np.minimum(self.seen, today).astype(np.int32),
            policy=self.policy,
            interval=zero,
            source_lost=np.full(DEVICES, NO_DAY, np.int32),
            replaced=self.replaced,
            replaced_by=np.where(self.replaced == NO_DAY, 0, 9).astype(np.int32),
        )

    def next_absence(self, today: int) -> NDArray[np.int32]:
        """As diagnostics/idle/judging.py finds it."""
        borders = [[b for start, end in spans for b in (start, end + 1) if b > today] for spans in self.absences]
        return np.array([min([NO_LOAN, *of_device]) for of_device in borders], np.int32)


def looks(fleet: Fleet, before: Block, found: Judged, after: Block, policies: Policies = POLICIES) -> NDArray[np.bool_]:
    """Who is judged again; by messages without data as `seen_since` in the database says."""
    today, then = int(after.today[0]), int(before.today[0])
    stood = stand_after(before, found, policies, fleet.next_absence(then), patience(found))
    stand = Stand(
        verdict=found.verdict,
        plain=stood.plain,
        patience=stood.patience,
        used_day=found.last_used,
        calm=stood.calm,
        spoken=stood.spoken,
        again=np.where(stood.again == NO_LOAN, NEVER_AGAIN, stood.again).astype(np.int32),
        silent_after=policies.silent_after[before.policy],
    )
    late = slice(today - RECENT + 1, today + 1)
    changed = (before.heard != after.heard) | (before.used != after.used)
    latest = Latest(
        heard=after.heard[late],
        used=after.used[late],
        news=changed[late],
        older=changed[: today - RECENT + 1].any(axis=0),
        day=today,
        today=np.full(DEVICES, RECENT - 1, np.int32),
    )
    return must_look(stand, latest) | (after.last_seen > before.last_seen)


def unlike(first: Judged, second: Judged) -> NDArray[np.bool_]:
    """Whose verdict or shown numbers differ. Days that pass by themselves are not stored."""
    proven = np.isin(first.verdict, [code(v) for v in (Verdict.UNUSED, Verdict.NEVER_STARTED, Verdict.REPLACED)])
    used = first.verdict == code(Verdict.USED)
    found = first.verdict != second.verdict
    for name in SHOWN:
        differs = getattr(first, name) != getattr(second, name)
        found |= differs & (~used if name == "since" else proven | np.full(len(used), name in {"step", "double_days"}))
    told, tells = (np.where(p >= CERTAIN, 1.0, p) for p in (in_use(first), in_use(second)))
    return np.asarray(found | (used & (np.round(told, 2) != np.round(tells, 2))))


def in_use(found: Judged) -> NDArray[np.float64]:
    return EXPERT.in_use(found.rhythm.histogram, found.current_gap)


def patience(found: Judged) -> Patience:
    """As diagnostics/idle/judging.py asks for it."""
    sure = in_use(found) >= CERTAIN
    always, more = EXPERT.patience(found.rhythm.histogram, CERTAIN), lasting(found, CERTAIN)
    return Patience(always=np.where(sure, always, -1), more=np.where(sure, more, -1))


def lasting(found: Judged, least: float) -> NDArray[np.int32]:
    return EXPERT.lasting(found.rhythm.histogram, found.current_gap, least)


def only_spoken(block: Block, found: Judged) -> NDArray[np.bool_]:
    """Devices that are not silent only because of messages without data."""
    last = np.where(block.heard, np.arange(len(block.heard))[:, None], NO_DAY).max(axis=0)
    speaks = ~np.isin(found.verdict, [code(v) for v in (Verdict.SILENT, Verdict.ABSENT, Verdict.IN_STOCK)])
    return np.asarray(speaks & (block.today - last > POLICIES.silent_after[block.policy]))


@pytest.mark.parametrize("seed", range(6))
def test_who_is_left_out_would_have_got_the_same_verdict(seed: int) -> None:
    fleet = Fleet(seed)
    left_out = plain_left_out = spoken_left_out = patient = 0
    for today, passed in ((NOW, 0), (NOW, 1), (NOW + 1, 2), (NOW + 4, 1), (NOW + 9, 7)):
        before, after = fleet.known(today, today), fleet.known(today + passed, today + max(1, passed))
        first, second = judge(before, POLICIES), judge(after, POLICIES)
        look = looks(fleet, before, first, after)
        wrong = np.flatnonzero(unlike(first, second) & ~look)
        assert not len(wrong), [
            (int(d), list(Verdict)[first.verdict[d]], list(Verdict)[second.verdict[d]]) for d in wrong
        ]
        left_out += int(np.count_nonzero(~look))
        spoken_left_out += int(np.count_nonzero(~look & only_spoken(after, second)))
        new_day = (before.heard != after.heard).any(axis=0)
        plain_left_out += int(np.count_nonzero(~look & new_day))
        patient += int(np.count_nonzero(~look & new_day & (second.gap_days > 0)))
    assert left_out > DEVICES
    assert spoken_left_out, "who sends something, but no data, is left out until that is too long ago"
    assert plain_left_out > DEVICES / 20, "who is used every day is left out though there is a new day"
    assert patient, "and who is not used for a day or two, but often enough"


@pytest.mark.parametrize(
    "planted",
    [
        {"plain": np.ones(DEVICES, bool)},
        {"patience": np.full(DEVICES, 99, np.int32)},
        {"calm": np.full(DEVICES, WINDOW, np.int32)},
        {"spoken": np.ones(DEVICES, bool)},
        {"again": np.full(DEVICES, NEVER_AGAIN, np.int32)},
        {"silent_after": np.full(DEVICES, 90, np.int32)},
    ],
)
def test_each_ground_to_look_again_is_needed(planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one of them, somebody keeps a verdict that is wrong by now."""
    missed = 0
    real = must_look
    monkeypatch.setattr(f"{__name__}.must_look", lambda stand, latest: real(replace(stand, **planted), latest))
    for seed in range(4):
        fleet = Fleet(seed)
        for today, passed in ((NOW, 1), (NOW + 4, 1), (NOW + 9, 20)):
            before, after = fleet.known(today, today), fleet.known(today + passed, today + passed)
            first, second = judge(before, POLICIES), judge(after, POLICIES)
            missed += int(np.count_nonzero(unlike(first, second) & ~looks(fleet, before, first, after)))
    assert missed
