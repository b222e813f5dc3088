"""A week of one dispenser, its alarm engine and its ladders in virtual time: played from a seed, judged from the truth.

`python -m tests.unit.alarms.virtual_week --seeds 5000` runs as many weeks as one likes; `--seed 17` replays one and
tells what rang. The last line is one JSON object.
"""

import argparse
import heapq
import json
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from tests.unit.alarms.virtual_platform import Platform
from tests.unit.alarms.virtual_truth import DAYS, S, Truth, make_truth
from tests.unit.alarms.virtual_verdict import false_alarms, problems

SILENT_AFTER: Final = timedelta(seconds=180)
TOLD_EVERY: Final = 100
ARRIVAL, LOOK, STEP = range(3)


def live(seed: int, *, crashes: bool = True, edges_only: bool = False) -> tuple[Truth, Platform]:
    """The week as the platform lives it; with `edges_only` it looks only at what arrives while it is up."""
    truth = make_truth(seed)
    if not crashes:
        truth = replace(truth, crashes=[])
    platform = Platform(truth)
    looks = [(word.arrives, ARRIVAL, index) for index, word in enumerate(truth.words)]
    looks += [(moment, LOOK, 0) for moment in _moments(truth) if not edges_only]
    heapq.heapify(looks)
    waiting: set[tuple[datetime, int]] = set()
    while looks:
        now, kind, index = heapq.heappop(looks)
        if now >= truth.end:
            break
        waiting.discard((now, kind))
        platform.hear(max(truth.last_heartbeat(now), now if kind == ARRIVAL else truth.start), now)
        if kind == ARRIVAL:
            platform.store(truth.words[index], truth.clock(now))
        if any(a <= now < b for a, b in truth.crashes):
            continue  # ingest has stored it; the engine looks when it is back
        if kind != STEP:
            back = truth.came_back(now)
            platform.judge(now, None if back is None else truth.clock(back))
        platform.climb(now)
        for wake, why in _wakes(truth, platform, now) if not edges_only else ():
            if not any(now < at <= wake and kind_of <= why for at, kind_of in waiting):
                waiting.add((wake, why))
                heapq.heappush(looks, (wake, why, 0))
    return truth, platform


def _moments(truth: Truth) -> list[datetime]:
    """What makes the worker look beside arrivals: silence, its own sweeps, the end of a crash, a moved clock."""
    moments = [b + S * after for a, b in truth.offline for after in (0.5, 60.5)]
    moments += [a + SILENT_AFTER + S * after for a, _ in truth.offline for after in (-58, -30, 0.5, 2)]
    moments += [b for _, b in truth.crashes] + [at + S for at, _ in truth.jumps]
    moments += [truth.start + timedelta(hours=1) * n for n in range(DAYS * 24)]
    entered = [] if truth.absence is None else [truth.absence.started_at]
    return [*moments, *entered, *([] if truth.verified is None else [truth.verified])]


def _wakes(truth: Truth, platform: Platform, now: datetime) -> list[tuple[datetime, int]]:
    """The next turn at which a timer or a step has run out, or somebody takes an alarm."""
    offset = truth.clock(now) - now
    wakes = [
        (max(at - offset, now + S / 2) + S / 2, kind)
        for at, kind in ((platform.timer, LOOK), (platform.next_step(), STEP))
        if at is not None
    ]
    climbs = [ring.climb for ring in platform.rings[-8:] if ring.climb is not None and ring.climb.ended is None]
    return wakes + [(climb.takes_at, STEP) for climb in climbs if climb.takes_at is not None and climb.takes_at > now]


def run(seed: int) -> list[str]:
    """Everything wrong with one seed's week."""
    truth, platform = live(seed)
    return [f"seed {seed}: {problem}" for problem in [*problems(truth, platform), *false_alarms(truth, platform)]]


def _replay(seed: int) -> None:
    truth, platform = live(seed)
    for ring in platform.rings:
        calls = 0 if ring.climb is None else len(ring.climb.calls)
        sys.stdout.write(
            f"{ring.rule:<16} {ring.happened} raised {ring.raised} ended {ring.ended} {calls} calls {ring.noted}\n"
        )
    sys.stdout.write(f"offline {truth.offline}\ncrashes {truth.crashes}\njumps {truth.jumps}\n")
    sys.stdout.write(f"absence {truth.absence} verified {truth.verified}\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int)
    chosen = parser.parse_args()
    if chosen.seed is not None:
        _replay(chosen.seed)
    seeds = [chosen.seed] if chosen.seed is not None else range(chosen.first, chosen.first + chosen.seeds)
    wrong: list[str] = []
    began, rings, calls, large, away = time.monotonic(), 0, 0, 0, 0
    for number, seed in enumerate(seeds, start=1):
        truth, platform = live(seed)
        found = [*problems(truth, platform), *false_alarms(truth, platform)]
        wrong += [f"seed {seed}: {problem}" for problem in found]
        rings += len(platform.rings)
        calls += sum(len(ring.climb.calls) for ring in platform.rings if ring.climb is not None)
        large += any(abs(jump) > timedelta(minutes=10) for _, jump in truth.jumps)
        away += truth.absence is not None
        if number % TOLD_EVERY == 0:
            took = time.monotonic() - began
            sys.stdout.write(f"{number} of {len(seeds)} weeks, {len(wrong)} problems, {took:.0f} s\n")
            sys.stdout.flush()
    sys.stdout.write("".join(f"{problem}\n" for problem in wrong[:30]))
    result = {
        "run": "virtual_weeks",
        "weeks": len(seeds),
        "problems": len(wrong),
        "alarms": rings,
        "calls": calls,
        "weeks_with_a_clock_wrong_by_minutes_or_hours": large,
        "weeks_with_an_absence": away,
        "seconds": round(time.monotonic() - began, 1),
    }
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
