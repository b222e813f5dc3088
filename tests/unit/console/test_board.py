"""The board's order and ladders, and a case's clock in working days: whoever is at risk first stands first."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from diagnostics.alarms import examples
from diagnostics.alarms.schemas import AlarmItem
from diagnostics.console.board import SORTS, ordered, place
from diagnostics.console.recalls import Clock, clock_of, most_pressing
from diagnostics.recall import examples as recalls
from diagnostics.recall.schemas import CaseItem
from fleet.clock import to_milliseconds
from fleet.registry import load_registry
from fleet.rules import BatteryHours, Combined

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
REGISTRY = load_registry()


def alarm(number: int, **changes: Any) -> AlarmItem:
    free = {"taken_at": None, "taken_by": None, "area": None, "severity": "warning", "safety": False}
    return AlarmItem.model_validate({**examples.ALARM, "alarm_id": number, **free, "raised_at": NOW, **changes})


def beside(number: int, **changes: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("ladder", "position", "steps", "due_at", "called", "area_hours", "metric_values"))
    doses = dict.fromkeys(("dose_version", "dose_times", "dose_days", "dose_from"))
    return {"alarm_id": number, **nothing, **doses, **changes}


def numbers(alarms: list[AlarmItem], rows: list[dict[str, Any]], by: str) -> list[int]:
    return [placed.alarm.alarm_id for placed in ordered(place(alarms, rows, REGISTRY, NOW), by)]


def test_untaken_and_dangerous_alarms_stand_first() -> None:
    alarms = [
        alarm(1, taken_at=NOW, safety=True, severity="critical"),
        alarm(2, severity="critical"),
        alarm(3, safety=True),
        alarm(4, raised_at=NOW - timedelta(hours=1)),
    ]
    assert numbers(alarms, [], "urgent") == [3, 2, 4, 1]
    assert numbers(alarms, [], "waiting") == [4, 2, 3, 1]
    assert numbers(alarms, [], "newest")[-1] == 4
    assert SORTS[0] == "urgent"


def test_by_risk_the_fewest_hours_stand_first_and_the_unknown_are_not_called_safe() -> None:
    alarms = [alarm(1), alarm(2, area="kommun-1/HSL/Norra"), alarm(3, area="kommun-1/HSL/Södra", safety=True)]
    placed = place(alarms, [beside(1), beside(2, area_hours=1.5), beside(3)], REGISTRY, NOW)
    assert [entry.hours for entry in placed] == [None, 1.5, None]
    assert [entry.alarm.alarm_id for entry in ordered(placed, "risk")] == [2, 3, 1]


def test_a_battery_that_runs_out_is_reckoned_in_hours() -> None:
    parts = [
        part
        for rule in REGISTRY["dispenser"].rules
        for part in (rule.parts if isinstance(rule, Combined) else (rule,))
        if isinstance(part, BatteryHours)
    ]
    at = to_milliseconds(NOW)
    row = beside(1, metric_values={parts[0].level: [50, at], parts[0].mains: [False, at]})
    placed = place([alarm(1, device_class="dispenser")], [row], REGISTRY, NOW)
    assert placed[0].hours == parts[0].full_hours / 2


def test_a_ladder_whose_steps_are_spent_is_at_its_last_resort() -> None:
    row = beside(1, ladder="natt", position=2, steps=3, due_at=NOW, called=["patrull"])
    rung = place([alarm(1)], [row], REGISTRY, NOW)[0].rung
    assert rung is not None
    assert (rung.step, rung.steps, rung.last_resort, rung.called) == (2, 3, False, ("patrull",))
    spent = place([alarm(1)], [{**row, "position": 3}], REGISTRY, NOW)[0].rung
    assert spent is not None
    assert spent.last_resort


def test_a_cases_clock_counts_swedish_working_days() -> None:
    clocks = {
        "rent_stops": date(2026, 12, 3),
        "pick_up_by": date(2026, 12, 9),
        "deregister_by": date(2026, 12, 9),
        "overdue": False,
    }
    case = CaseItem.model_validate({**recalls.CASE, "state": "pick_up_ordered", "clocks": clocks})
    clock = clock_of(case, date(2026, 11, 27))
    assert clock is not None
    assert (clock.what, clock.left) == ("pick_up", 8)
    late = clock_of(case, date(2026, 12, 11))
    assert late is not None
    assert late.left == -2
    proposed = CaseItem.model_validate({**recalls.CASE, "state": "proposed"})
    assert clock_of(proposed, date(2026, 11, 27)) is None


def test_in_a_column_the_earliest_clock_stands_first_and_then_who_has_waited_longest_in_that_state() -> None:
    def case(number: int, days: int) -> CaseItem:
        return CaseItem.model_validate({**recalls.CASE, "case_id": number, "changed_at": NOW - timedelta(days=days)})

    soon, later = (Clock("pick_up", date(2026, 12, day), day) for day in (1, 2))
    column = [(case(1, 3), None), (case(2, 9), None), (case(3, 3), None), (case(4, 1), later), (case(5, 0), soon)]
    assert [entry[0].case_id for entry in sorted(column, key=most_pressing)] == [5, 4, 2, 1, 3]
