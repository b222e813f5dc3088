"""The idle benchmark in little: it holds its bounds, and a verdict that takes silence for non-use fails them."""

from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np
import pytest

from benchmarks.idle import report
from benchmarks.idle.knowledge import Judge
from benchmarks.idle.trial import CHUNK, Outcome, Setting, run
from fjarrkoll.idle_bench import missed_bounds
from fleet.idle_fleet import Block, Judged, judge
from fleet.idle_policies import Policies

SMALL: Final = Setting(devices=CHUNK, days=250, seed=31, learn_from=CHUNK, every=26, processes=1, textbook=False)


def deaf(block: Block, policies: Policies) -> Judged:
    """A wrong rule: a day without a message is a day without use."""
    everything = np.ones_like(block.heard)
    return judge(replace(block, heard=everything, last_seen=block.today), policies)


def forgetful(block: Block, policies: Policies) -> Judged:
    """A wrong rule: registered absences are not looked at."""
    return judge(
        replace(block, away=np.zeros_like(block.away), away_since=np.full_like(block.away_since, -1_000_000)), policies
    )


@cache
def outcome_of(judged_by: Judge) -> Outcome:
    return run(replace(SMALL, judged_by=judged_by), lambda _: None)


def test_nothing_is_proposed_on_silence_or_in_an_absence_and_the_unused_are_found() -> None:
    told = report.as_json(outcome_of(judge))
    assert (told["on_silence"], told["in_absence"]) == (0, 0)
    rule = told["rule"]
    assert rule["truly_unused_reporting"] >= 30
    assert rule["proposed_in_time_share"] >= 0.95  # a part of a region: the bound of 98 % is judged on the whole one
    assert rule["false_share"] <= 0.04
    assert rule["false_proposals"] <= told["rule_alone"]["false_proposals"] < told["baseline"]["false_proposals"]


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [(deaf, "there was a proposal on silence"), (forgetful, "there was a proposal in a registered absence")],
)
def test_a_wrong_rule_fails_the_benchmark(rule: Judge, complaint: str) -> None:
    assert complaint in missed_bounds(report.as_json(outcome_of(rule)))


def test_the_report_shows_every_denominator() -> None:
    outcome = outcome_of(judge)
    text, drawn = report.as_text(outcome), report.as_svg(outcome)
    rule = outcome.rule
    assert f"{rule.found} of {rule.reporting}" in text
    assert f"{rule.false} of {rule.proposed}" in text
    assert drawn.count("<circle") == sum(row["devices"] > 0 for row in report.as_json(outcome)["calibration"])
