"""The strip of a year and the curve of a metric: a gap stays a gap, unknown never looks like unused."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from diagnostics.console.chart import curve
from diagnostics.console.language import Words
from diagnostics.console.plot import plotted
from diagnostics.console.scan import search_text
from diagnostics.console.strip import strip
from diagnostics.console.window import window
from diagnostics.devices.schemas import MetricState, Readings

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 28)


def test_a_day_without_data_is_unknown_and_a_day_before_the_loan_is_outside() -> None:
    days = {TODAY: True, TODAY - timedelta(days=1): False}
    picture = strip(days, TODAY - timedelta(days=10), TODAY, Words("sv", NOW))
    kinds = [square.kind for square in picture.squares]
    assert kinds[-2:] == ["measured", "used"]
    assert kinds[-11:-2] == ["unknown"] * 9
    assert set(kinds[:-11]) == {"outside"}
    assert "9 dagar utan data" in picture.sentence
    assert picture.squares[-1].title == "2026-11-28: används"


def test_squares_stand_a_week_a_column_from_monday() -> None:
    picture = strip({}, None, TODAY, Words("en", NOW))
    assert picture.squares[-1].y == 5 * 12, "the 28th is a Saturday"
    assert {square.y for square in picture.squares} == {number * 12 for number in range(7)}
    assert max(square.x for square in picture.squares) < picture.width


def _readings(*minutes: int) -> Readings:
    points = [
        {"at": NOW - timedelta(minutes=m), "known_at": NOW, "value": float(m)} for m in sorted(minutes, reverse=True)
    ]
    return Readings.model_validate(
        {
            "device_id": "d-1",
            "held": False,
            "metric": "battery.soc",
            "unit": "%",
            "from": NOW - timedelta(days=1),
            "to": NOW,
            "downsampled": False,
            "bucket_seconds": None,
            "points": points,
            "buckets": [],
        }
    )


METRIC = MetricState.model_validate(
    {
        "metric": "battery.soc",
        "title": {"sv": "Batterinivå", "en": "State of charge"},
        "unit": "%",
        "known": True,
        "value": 1.0,
        "happened_at": NOW,
        "known_at": NOW,
        "age_seconds": 0,
    }
)


def test_a_gap_is_not_drawn_over() -> None:
    picture = curve(_readings(1, 2, 3, 4, 5, 300, 301, 302), METRIC, ())
    assert len(picture.lines) == 2
    assert [len(line.split()) for line in picture.lines] == [3, 5]


def test_a_single_reading_is_a_dot_and_none_is_no_line() -> None:
    assert len(curve(_readings(7), METRIC, ()).dots) == 1
    nothing = curve(_readings(), METRIC, ())
    assert (nothing.lines, nothing.dots, nothing.samples) == ((), (), ())


def drawn(*minutes: int, language: str = "sv") -> dict[str, Any]:
    """What the script gets for readings so many minutes ago, all of them known only now."""
    shown = window({"hours": "24"}, NOW)
    told: dict[str, Any] = json.loads(
        json.dumps(plotted(curve(_readings(*minutes), METRIC, ()), shown, Words(language, NOW)))
    )
    return told


def test_the_script_gets_a_moment_without_a_value_in_every_gap() -> None:
    data = drawn(0, 1, 2, 300, 301, 302)
    assert data["value"] == [302, 301, 300, None, 2, 1, 0]
    assert data["at"] == sorted(data["at"])
    assert data["at"][3] == (data["at"][2] + data["at"][4]) / 2
    assert {len(data[name]) for name in ("at", "value", "late", "single", "said")} == {7}
    assert "okänt, inte noll" in data["said"][3]


def test_the_script_knows_what_became_known_afterwards_and_what_stands_alone() -> None:
    data = drawn(0, 1, 2, 300)
    assert data["late"] == [300, None, 2, None, None], "two minutes is late, one is not"
    assert data["single"] == [300, None, None, None, None]
    assert data["said"][0] == "2026-11-28 08:00: 300 % (blev känt 2026-11-28 13:00)"
    assert "became known" in drawn(300, language="en")["said"][0]
    assert drawn()["at"] == []


def test_everything_lies_inside_the_picture() -> None:
    picture = curve(_readings(*range(0, 1440, 10)), METRIC, ())
    for line in picture.lines:
        for point in line.split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= picture.width
            assert 0 <= y <= picture.height


def test_what_a_scanner_sends_becomes_the_number_to_search_for() -> None:
    cases = {
        " 123456 ": "123456",
        "(01)07312345678903(21)A-123": "A-123",
        "010731234567890321A-123\x1d10LOT": "A-123",
        "]d2010731234567890321SN9": "SN9",
        "(8003)07312345678903IND77": "IND77",
        "(8004)73123456INDIVID": "73123456INDIVID",
        "https://id.example.org/01/07312345678903/21/S-9": "S-9",
        "https://example.org/x?individ=4711": "4711",
        "https://example.org/hjm/4712": "4712",
        "Permobil M3": "Permobil M3",
        "'; DROP TABLE device; --": "'; DROP TABLE device; --",
    }
    assert {scanned: search_text(scanned) for scanned in cases} == cases
