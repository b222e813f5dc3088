"""Diagnosis: causes ranked with their evidence, two at once, and "cannot tell" where nothing can be seen."""

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fleet.diagnosis.diagnose import Conclusion, Diagnosis, diagnose
from fleet.diagnosis.evidence import Evidence
from fleet.diagnosis.knowledge import Advice
from fleet.diagnosis.looking import look
from fleet.diagnosis.weighing import weigh
from fleet.priority import PriorityClass
from tests.unit.diagnosis.samples import KNOWLEDGE, NOW, PROFILE, episodes, evidence, fault, series


def said(given: Evidence) -> Diagnosis:
    return diagnose(KNOWLEDGE, given)


def first(given: Evidence) -> str:
    return said(given).causes[0].cause.key


def test_a_worn_battery_is_told_from_a_forgotten_charger_by_its_readings() -> None:
    low = (fault("linx", "x", "WC-BAT-01"),)
    worn = evidence("invacare-tdx-linx", readings={"battery.soh": series(48), "battery.voltage": series(19.5),
                    "battery.soc": series(95)})  # fmt: skip
    assert first(replace(worn, faults=low)) == "battery_worn"
    forgotten = evidence("pg-vr2", faults=(fault("vr2", "1", "WC-BAT-01"),), events={},
                         readings={"battery.soc": series(30), "battery.voltage": series(24.0)})  # fmt: skip
    assert first(forgotten) == "not_charged"
    assert said(forgotten).steps[0].advice is Advice.REMOTE
    assert said(forgotten).steps[0].script is not None


def test_a_fault_that_comes_and_goes_is_a_loose_plug_and_one_that_stays_is_wear() -> None:
    goes = said(evidence(faults=episodes("vr2", "2", "WC-MOT-01")))
    stays = said(
        evidence(faults=(fault("vr2", "2", "WC-MOT-01", 6),), readings={"drive.odometer_total": series(7_000)})
    )
    assert goes.causes[0].cause.key == "motor_plug"
    assert stays.causes[0].cause.key == "motor_brushes"
    assert [part.key for part in stays.parts] == ["brushes"]
    assert stays.priority is PriorityClass.ACUTE
    assert any(weight.recurrence for weight in goes.causes[0].speaks_for)


def test_a_fault_of_today_is_too_young_to_tell_whether_it_comes_and_goes() -> None:
    fresh = look(KNOWLEDGE, evidence(faults=(fault("vr2", "2", "WC-MOT-01", 0.2),)))
    assert fresh["WC-MOT-01"].recurs is None


def test_two_causes_at_once_are_both_found() -> None:
    both = said(evidence(faults=(fault("vr2", "joystick-displaced", "WC-JOY-02"), *episodes("vr2", "9", "WC-BRK-03"))))
    assert {entry.cause.key for entry in both.found} == {"stick_held", "brake_coil"}
    assert {step.advice for step in both.steps} == {Advice.REMOTE, Advice.VISIT}


def test_a_cause_lists_what_it_does_not_explain() -> None:
    both = said(evidence(faults=(fault("vr2", "joystick-displaced", "WC-JOY-02"), *episodes("vr2", "9", "WC-BRK-03"))))
    held = next(entry for entry in both.causes if entry.cause.key == "stick_held")
    assert [finding.key for finding in held.not_explained] == ["WC-BRK-03"]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("WC-BAT-03", {"readings": {"battery.block_delta": series(0.8), "battery.soc": series(95)}}),
        ("WC-BAT-04", {"readings": {"battery.soc": series(55)}, "events": {}}),
        ("WC-GW-01", {"last_seen_at": NOW - timedelta(days=4)}),
    ],
)
def test_faults_without_a_code_are_found_from_readings(code: str, changes: dict[str, object]) -> None:
    assert code in {one.code for one in said(evidence("invacare-tdx-linx", **changes)).derived}


def test_a_device_that_was_never_heard_cannot_be_told_about() -> None:
    dark = evidence(last_seen_at=None, heard_days=frozenset(), events={}, readings={}, clock_doubted=None,
                    unused_days=None, fleet={})  # fmt: skip
    answer = said(dark)
    assert answer.conclusion is Conclusion.CANNOT_TELL
    assert not answer.found
    assert "betyder inte" in answer.reason.sv


def test_a_device_that_is_heard_and_shows_nothing_has_nothing_found() -> None:
    answer = said(evidence("invacare-tdx-linx", self_test=dict.fromkeys(
        ("battery", "drive", "control", "input", "seat", "gateway"), "pass"), self_test_at=NOW))  # fmt: skip
    assert answer.conclusion is Conclusion.NOTHING_FOUND
    assert not answer.steps


def test_an_unknown_code_is_kept_shown_and_not_guessed_at() -> None:
    answer = said(evidence(faults=(fault("vr2", "11", None, text="svart ruta"),)))
    assert answer.conclusion is Conclusion.CANNOT_TELL
    assert [(one.system, one.native_code, one.text) for one in answer.unknown_codes] == [("vr2", "11", "svart ruta")]
    assert answer.something_else > answer.causes[0].probability


def test_the_next_check_is_the_cheapest_that_tells_the_leading_causes_apart() -> None:
    answer = said(evidence(faults=(fault("vr2", "9", "WC-BRK-03", 0.1),)))
    best = answer.next_checks[0]
    assert best.check.minutes <= 5
    assert {one.key for one in best.tells_apart} & {"lever_open", "brake_coil"}
    assert [c.bits_per_minute for c in answer.next_checks] == sorted(
        (c.bits_per_minute for c in answer.next_checks), reverse=True
    )


def test_a_self_test_that_was_not_made_says_nothing_and_one_that_passed_speaks_against() -> None:
    stays = (fault("vr2", "9", "WC-BRK-03", 5),)
    untested = {c.cause.key: c.probability for c in said(evidence(faults=stays)).causes}
    skipped = said(evidence(faults=stays, self_test={"drive": "not_tested"}, self_test_at=NOW))
    passed = said(evidence(faults=stays, self_test={"drive": "pass"}, self_test_at=NOW))
    failed = said(evidence(faults=stays, self_test={"drive": "fail"}, self_test_at=NOW))
    old = said(evidence(faults=stays, self_test={"drive": "fail"}, self_test_at=NOW - timedelta(days=9)))

    def coil(answer: Diagnosis) -> float:
        return next((c.probability for c in answer.causes if c.cause.key == "brake_coil"), 0.0)

    assert coil(skipped) == pytest.approx(untested["brake_coil"]) == pytest.approx(coil(old))
    assert coil(passed) < untested["brake_coil"] < coil(failed)


def test_missing_channels_never_make_a_device_look_healthier() -> None:
    whole = evidence("invacare-tdx-linx")
    blind = replace(whole, readings={}, events={}, events_hidden=frozenset(e.name for e in PROFILE.all_events))
    findings = look(KNOWLEDGE, blind)
    for sign in ("WC-BAT-03", "WC-BAT-04", "soh_low", "no_charging", "impact", "voltage_sags", "test_drive"):
        assert findings[sign].value is None, sign


def test_each_factor_shown_multiplies_to_the_odds_of_the_cause_alone() -> None:
    given = evidence(faults=(fault("vr2", "2", "WC-MOT-01", 3),))
    answer = said(given)
    brushes, plug = (next(c for c in answer.causes if c.cause.key == key) for key in ("motor_brushes", "motor_plug"))
    log_odds = [
        math.log(entry.cause.rate) + sum(math.log(w.factor) for w in (*entry.speaks_for, *entry.speaks_against))
        for entry in (brushes, plug)
    ]
    assert math.log(brushes.probability / plug.probability) == pytest.approx(log_odds[0] - log_odds[1], abs=0.15)


def test_probabilities_are_probabilities() -> None:
    given = evidence(faults=episodes("vr2", "7", "WC-JOY-01"))
    posterior = weigh(KNOWLEDGE, given, look(KNOWLEDGE, given))
    assert all(0 <= chance <= 1 for _, chance in posterior.causes)
    assert 0 <= posterior.nothing <= 1
    assert posterior.nothing + sum(chance for _, chance in posterior.causes) + posterior.something_else >= 1 - 1e-9


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        evidence(now=datetime(2026, 5, 4, 9, 0))  # noqa: DTZ001 - the naive moment is the test
