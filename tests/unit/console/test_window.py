"""The stretch of time a chart shows: what makes no sense becomes the usual week, links lead somewhere."""

from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.console.window import window

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"hours": "-3"},
        {"hours": "²"},
        {"hours": "9" * 400},
        {"to": "tomorrow"},
        {"to": "2026-11-28"},
        {"to": "2099-01-01T00:00:00Z"},
        {"to": "0001-01-01T00:00:00+00:00"},
    ],
)
def test_what_makes_no_sense_is_the_week_up_to_now(given: dict[str, str]) -> None:
    shown = window(given, NOW)
    assert (shown.hours, shown.end, shown.follows) == (168, NOW, True)


def test_links_lead_on_from_what_is_shown_and_never_beyond_now() -> None:
    shown = window({"hours": "24", "to": "2026-11-27T12:00:00Z"}, NOW)
    assert shown.start == datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    moves = shown.links(NOW)
    assert moves["earlier"] == {"hours": "24", "to": "2026-11-27T00:00:00Z"}
    assert moves["later"] == {"hours": "24", "to": "2026-11-28T00:00:00Z"}
    assert moves["nearer"] == {"hours": "12", "to": "2026-11-27T06:00:00Z"}
    assert moves["wider"] == {"hours": "48", "to": "2026-11-28T00:00:00Z"}
    assert moves["newest"] == {"to": None}
    newest = window({"hours": "24"}, NOW).links(NOW)
    assert set(newest) == {"earlier", "nearer", "wider"}
    assert newest["wider"]["to"] is None


def test_nearer_keeps_the_middle() -> None:
    shown = window({"hours": "48", "to": "2026-11-20T00:00:00Z"}, NOW)
    nearer = window({k: v for k, v in shown.links(NOW)["nearer"].items() if v}, NOW)
    middle = shown.start + timedelta(hours=24)
    assert nearer.start + timedelta(hours=12) == middle
