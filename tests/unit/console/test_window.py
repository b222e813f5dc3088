"""The stretch of time a chart shows: what makes no sense becomes the usual week, links lead somewhere."""

from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.console.window import Window, window

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
        {"from": "2026-11-27T12:00:00Z"},
        {"from": "2026-11-27T12:00:00Z", "to": "2026-11-28T12:00:01Z"},
        {"from": "2026-11-27T12:00:00Z", "to": "2026-11-27T12:00:59Z"},
        {"from": "2026-11-27T12:00:00Z", "to": "2026-11-20T12:00:00Z"},
        {"from": "2020-11-27T12:00:00Z", "to": "2026-11-20T12:00:00Z"},
        {"from": "2026-11-27T12:00:00", "to": "2026-11-27T18:00:00"},
        {"from": "0001-01-01T00:00:00Z", "to": "0001-01-01T06:00:00Z"},
    ],
)
def test_what_makes_no_sense_is_the_week_up_to_now(given: dict[str, str]) -> None:
    shown = window(given, NOW)
    assert (shown.hours, shown.end, shown.follows) == (168, NOW, True)


def test_links_lead_on_from_what_is_shown_and_never_beyond_now() -> None:
    shown = window({"hours": "24", "to": "2026-11-27T12:00:00Z"}, NOW)
    assert shown.start == datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    moves = shown.links(NOW)
    assert moves["earlier"] == {"hours": "24", "from": None, "to": "2026-11-27T00:00:00Z"}
    assert moves["later"] == {"hours": "24", "from": None, "to": "2026-11-28T00:00:00Z"}
    assert moves["nearer"] == {"hours": "12", "from": None, "to": "2026-11-27T06:00:00Z"}
    assert moves["wider"] == {"hours": "48", "from": None, "to": "2026-11-28T00:00:00Z"}
    assert moves["newest"] == {"from": None, "to": None}
    newest = window({"hours": "24"}, NOW).links(NOW)
    assert set(newest) == {"earlier", "nearer", "wider"}
    assert newest["wider"]["to"] is None


@pytest.mark.parametrize(
    "given",
    [
        {"hours": "48", "to": "2026-11-20T00:00:00Z"},
        {"hours": "1", "to": "2026-11-20T00:00:00Z"},
        {"from": "2026-11-20T00:00:00Z", "to": "2026-11-20T00:42:00Z"},
    ],
)
def test_nearer_keeps_the_middle(given: dict[str, str]) -> None:
    shown = window(given, NOW)
    nearer = led_to(shown, "nearer")
    assert nearer.start + (nearer.end - nearer.start) / 2 == shown.start + (shown.end - shown.start) / 2
    assert nearer.end - nearer.start == (shown.end - shown.start) / 2


def test_a_stretch_marked_in_the_chart_is_shown_exactly_and_moves_by_its_own_length() -> None:
    shown = window({"from": "2026-11-20T10:05:00Z", "to": "2026-11-20T10:25:00+00:00"}, NOW)
    assert (shown.end - shown.start, shown.hours, shown.follows) == (timedelta(minutes=20), None, False)
    assert led_to(shown, "earlier").end == datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
    assert led_to(shown, "wider").start == datetime(2026, 11, 20, 9, 55, tzinfo=UTC)
    assert led_to(shown, "newest") == window({}, NOW)


def test_hours_that_somebody_chooses_go_before_a_marked_stretch() -> None:
    both = {"hours": "6", "from": "2026-11-20T10:05:00Z", "to": "2026-11-20T10:25:00Z"}
    assert window(both, NOW).end - window(both, NOW).start == timedelta(hours=6)


@pytest.mark.parametrize("minutes", [1, 7, 59, 60, 61, 60 * 24 * 400])
def test_magnifying_and_widening_end_somewhere(minutes: int) -> None:
    shown = window(
        {"from": f"{NOW - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}", "to": "2026-11-28T12:00:00Z"}, NOW
    )
    for move in ("nearer", "wider"):
        steps = 0
        at = shown
        while move in at.links(NOW):
            at, steps = led_to(at, move), steps + 1
            assert timedelta(minutes=1) <= at.end - at.start <= timedelta(days=366)
            assert at.end <= NOW
            assert steps < 30


def led_to(shown: Window, move: str) -> Window:
    """Where a link leads from what is shown."""
    return window({name: value for name, value in shown.links(NOW)[move].items() if value}, NOW)
