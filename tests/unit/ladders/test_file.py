"""The file of recipients and ladders: what is read, what is refused, and that no address is ever repeated."""

import pytest

from fjarrkoll.figures.report import month_of, written
from fjarrkoll.ladders.file import read_plan
from fleet.ladder import LadderError

GOOD = """
[[recipient]]
code = "home-care"
role = "carer"
quiet = [{ shift = "night" }]
addresses = { sms = "+46700000001", email = "home.care@example.org" }

[[ladder]]
code = "person"
last_resort = ["home-care"]
[[ladder.steps]]
wait_minutes = 3
call = ["home-care"]

[[use]]
ladder = "person"
device_class = "dispenser"
"""


def test_a_file_is_read_with_its_addresses_in_order() -> None:
    plan = read_plan(GOOD)
    assert list(plan.recipients[0].addresses) == ["sms", "email"]
    assert plan.ladders[0].recipients() == {"home-care"}
    assert plan.uses[0].device_class == "dispenser"
    assert "+467" not in repr(plan)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('sms = "+46700000001"', 'sms = "0700000001"'), r"\+46"),
        (('sms = "+46700000001"', 'fax = "+46700000001"'), "email, sms"),
        (('role = "carer"', 'role = "anybody"'), "role"),
        (('code = "home-care"\nrole', 'code = "Home Care"\nrole'), "lower-case"),
        (('code = "home-care"\nrole', 'code = "installation"\nrole'), "installation"),
        (('last_resort = ["home-care"]', "last_resort = []"), "last resort"),
        (("[[use]]", "[[uses]]"), "nothing else"),
        (("[[ladder.steps]]", "[[ladder.step]]"), "unknown field"),
        (('device_class = "dispenser"', 'person = "x"'), "known are"),
        (("[[recipient]]", "[[recipient"), "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence_without_an_address(change: tuple[str, str], said: str) -> None:
    with pytest.raises(LadderError, match=said) as refused:
        read_plan(GOOD.replace(*change))
    assert "0000001" not in str(refused.value)


def test_a_month_is_a_swedish_one() -> None:
    begins, ends = month_of("2026-10")
    assert (ends - begins).total_seconds() == (31 * 24 + 1) * 3600  # summer time ends in it
    assert month_of("2026-12")[1].isoformat() == "2026-12-31T23:00:00+00:00"
    with pytest.raises(ValueError, match="isoformat"):
        month_of("2026-13x")


def test_the_report_names_what_each_figure_is_a_share_of() -> None:
    times = {"p50": 1.0, "p95": 2.5, "p99": None}
    row = {
        **dict.fromkeys(("alarms", "late", "sent", "with_receipt", "delivered", "taken"), 4),
        **dict.fromkeys(("judged_true", "judged_false", "judged_expected"), 0),
        **dict.fromkeys(("to_sent", "to_delivered", "to_taken"), times),
        "precision": None,
        "payer": "kommun|a",
        "area": "norr",
        "rule": "jam",
    }
    text = written({"overall": row, "rows": [row], "steps": [{"step": 0, "taken": 3, "of": 4}]}, "2026-11")
    assert "4 av 4 (100,0 %)" in text
    assert "3 av 4 (75,0 %)" in text
    assert "| 2,5 | – |" in text
    assert "| kommun/a | norr | jam |" in text
