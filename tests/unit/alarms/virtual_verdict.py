"""What is wrong with what rang in a virtual week, judged from the truth alone."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from fleet.doses import Due
from tests.unit.alarms.virtual_platform import LADDER, SAFETY, Climb, Platform
from tests.unit.alarms.virtual_truth import S, Truth

TOLERANCE: Final = timedelta(seconds=5)
DOSE_RULES: Final = frozenset({"dose_missed", "dose_unknown"})
LONGEST: Final = timedelta(hours=2)
"""By so much a clock is wrong at most."""


def problems(truth: Truth, platform: Platform) -> list[str]:
    """Everything wrong with a week."""
    wrong: list[str] = []
    for rule in {ring.rule for ring in platform.rings}:
        mine = [ring for ring in platform.rings if ring.rule == rule and not ring.noted]
        wrong += [
            f"{rule}: raised again before it ended"
            for a, b in pairwise(mine)
            if a.really_ended is None or b.really < a.really_ended
        ]
    wrong += [*_jam_problems(truth, platform), *_dose_problems(truth, platform)]
    wrong += [*_absence_problems(truth, platform), *_ladder_problems(truth, platform)]
    for ring in platform.rings:
        slack = LONGEST if truth.wrong(ring.really - timedelta(hours=6), ring.really) else timedelta()
        if ring.rule in DOSE_RULES and not ring.noted and ring.raised - ring.happened > timedelta(hours=4) + slack:
            wrong.append(f"{ring.rule} of {ring.happened} rang as new at {ring.raised}")
    return wrong


def false_alarms(truth: Truth, platform: Platform) -> list[str]:
    """Dose alarms raised at a moment at which every dose due so far had been told taken well in time."""
    wrong: list[str] = []
    for ring in platform.rings:
        if ring.rule not in DOSE_RULES or ring.noted or truth.wrong(ring.really - timedelta(hours=7), ring.really):
            continue  # by a clock that is hours wrong every dose is late
        about = [due for due in truth.dues if due.at <= ring.really <= due.unknown_at + timedelta(hours=5)]
        if all(_told_in_time(truth, due) for due in about):
            wrong.append(f"{ring.rule} raised at {ring.raised} though every dose had been told taken")
    return wrong


def slack_at(truth: Truth, moment: datetime) -> timedelta:
    """How much later than the moment the platform may be: it may have been down, and its clock may have been moved."""
    down = max((b - moment for a, b in truth.crashes if a <= moment + TOLERANCE and moment < b), default=timedelta())
    near = timedelta(minutes=10)
    return TOLERANCE + max(down, timedelta()) + truth.moved(moment - near, moment + near)


def _rang(platform: Platform, rule: str, moment: datetime, slack: timedelta) -> bool:
    """Whether the rule's alarm was open from a moment of the server's clock on, at the latest after the slack."""
    return any(
        r.rule == rule and not r.noted and r.raised <= moment + slack and (r.ended is None or r.ended >= moment - slack)
        for r in platform.rings
    )


def _really_rang(platform: Platform, rule: str, moment: datetime, slack: timedelta) -> bool:
    """The same from a real moment on, whatever the server's clock showed."""
    return any(
        r.rule == rule
        and not r.noted
        and r.really <= moment + slack
        and (r.really_ended is None or r.really_ended >= moment - slack)
        for r in platform.rings
    )


def _jam_problems(truth: Truth, platform: Platform) -> list[str]:
    wrong: list[str] = []
    for begun, ended in truth.jams:
        slack = slack_at(truth, begun.arrives)
        if ended.arrives <= begun.arrives + slack:
            continue  # known to be over before anybody could look
        if not _really_rang(platform, "jam", begun.arrives, slack):
            wrong.append(f"jam of {begun.at}, known at {begun.arrives}, did not ring within {slack}")
    return wrong


def _dose_problems(truth: Truth, platform: Platform) -> list[str]:
    wrong: list[str] = []
    for due in truth.dues:
        if due.unknown_at + timedelta(hours=1) > truth.end or _beside_an_absence(truth, due):
            continue
        word = min((w for w in truth.words if w.sequence == due.sequence), key=lambda w: w.arrives, default=None)
        if word is not None and word.kind == "dose_taken" and word.arrives < due.missed_at - timedelta(minutes=5):
            continue
        if word is not None and word.kind == "dose_missed" and word.arrives < due.missed_at + S * 60:
            slack = slack_at(truth, word.arrives)
            if truth.wrong(due.at - LONGEST, word.arrives):
                slack += LONGEST  # by a wrong clock its silence may have rung before
            if not _really_rang(platform, "dose_missed", word.arrives, slack) and not (
                truth.wrong(due.at - LONGEST, word.arrives) and _rang(platform, "dose_unknown", due.at, 2 * LONGEST)
            ):
                wrong.append(f"dose {due.sequence} told missed at {word.arrives} did not ring within {slack}")
        elif word is None or word.arrives > due.unknown_at + timedelta(minutes=5):
            wrong += _silent_problem(truth, platform, due)
    return wrong


def _beside_an_absence(truth: Truth, due: Due) -> bool:
    """Whether the user was away, or the roll unverified, at some time from the dose until its outcome was known."""
    edges = [due.at, due.missed_at, due.unknown_at + timedelta(minutes=1)]
    if any(truth.paused(edge) for edge in edges):
        return True
    return truth.absence is not None and truth.wrong(due.at, due.unknown_at)


def _silent_problem(truth: Truth, platform: Platform, due: Due) -> list[str]:
    """Nothing was told in time: the deadline itself rings, by contact as missed or as unknown."""
    near = any(abs(edge - due.missed_at) < timedelta(minutes=6) for pair in truth.offline for edge in pair)
    contact = truth.online_at(due.missed_at)
    back = any(due.missed_at < end < due.unknown_at + timedelta(minutes=6) for _, end in truth.offline)
    half_an_hour = timedelta(minutes=30)
    wrong_clock = truth.wrong(due.at - LONGEST, due.unknown_at + LONGEST)
    if near or (not contact and back) or wrong_clock:
        within = half_an_hour + (LONGEST if wrong_clock else timedelta())
        if any(_rang(platform, rule, due.missed_at, within) for rule in DOSE_RULES):
            return []
        return [f"dose {due.sequence}: nothing rang at all"]
    rule, deadline = ("dose_missed", due.missed_at) if contact else ("dose_unknown", due.unknown_at)
    if _rang(platform, rule, deadline, slack_at(truth, deadline)):  # deadlines are by the server's clock
        return []
    return [f"dose {due.sequence}: no {rule} by {deadline} + {slack_at(truth, deadline)}"]


def _absence_problems(truth: Truth, platform: Platform) -> list[str]:
    """No dose rings for somebody who is away; afterwards the roll must be verified, and that is said in time."""
    absence = truth.absence
    if absence is None or absence.ended_at is None:
        return []
    until = truth.verified or truth.end
    wrong = [
        f"{ring.rule} raised at {ring.really} though the user was away"
        for ring in platform.rings
        if ring.rule in DOSE_RULES
        and not ring.noted
        and absence.started_at + timedelta(minutes=1) <= ring.really < until
        and not truth.wrong(absence.started_at, until)
    ]
    end = absence.ended_at
    if end + timedelta(minutes=2) < min(until, truth.end) and not truth.wrong(end, end + timedelta(minutes=2)):
        within = slack_at(truth, end - (truth.clock(end) - end))  # it ends when the server's clock shows its end
        if not any(r.rule == "roll_unverified" and r.raised <= end + within for r in platform.rings):
            wrong.append(f"the roll was not verified after {end}, and nobody was told within {within}")
    return wrong


def _ladder_problems(truth: Truth, platform: Platform) -> list[str]:
    wrong: list[str] = []
    for ring in platform.rings:
        if ring.climb is not None and ring.rule in SAFETY:
            wrong += [f"{ring.rule} of {ring.raised}: {problem}" for problem in _climb_problems(truth, ring.climb)]
    return wrong


def _climb_problems(truth: Truth, climb: Climb) -> list[str]:
    """Step k comes when the waits before it are over, by the server's clock; whatever crashed, and whoever slept."""
    if not climb.calls:
        return ["nobody was called"]
    wrong: list[str] = []
    first = climb.calls[0]
    if first[0] - climb.began > slack_at(truth, climb.began):
        wrong.append(f"first call {first[0] - climb.began} after it rang")
    for (before, _, _, step), (really, server, due, position) in pairwise(climb.calls):
        wait = LADDER.wait_after(step, safety=True)
        slack = slack_at(truth, really - wait)
        slack = max(slack, slack_at(truth, really - TOLERANCE))
        if position != min(step + 1, len(LADDER.steps)):
            wrong.append(f"step {position} after step {step}")
        if truth.moved(before - TOLERANCE, really + TOLERANCE):
            if really - before > 2 * wait + slack:
                wrong.append(f"step {position} came {really - before} after the one before, by a clock that was moved")
        elif not due <= server <= due + slack + _down(truth, before, really):
            wrong.append(f"step {position} due {due} came at {server}")
    if climb.ended is not None and climb.calls[-1][0] > climb.ended:
        wrong.append("somebody was called after it was taken or over")
    last, end = climb.calls[-1], min(climb.ended or truth.end, truth.end)
    quiet = end - last[0]
    if quiet > 2 * LADDER.wait_after(last[3], safety=True) + slack_at(truth, end) + _down(truth, last[0], end):
        wrong.append(f"nobody was called for {quiet}")
    return wrong


def _down(truth: Truth, begin: datetime, end: datetime) -> timedelta:
    return sum((b - a for a, b in truth.crashes if begin <= b and a <= end), timedelta())


def _told_in_time(truth: Truth, due: Due) -> bool:
    if truth.paused(due.at):
        return True
    early = due.missed_at - timedelta(minutes=5)
    return any(w.sequence == due.sequence and w.kind == "dose_taken" and w.arrives < early for w in truth.words)
