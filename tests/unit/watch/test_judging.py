"""What the watch calls trouble, when it tells, when it repeats and when it says that it is over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from diagnostics.notify.outgoing import TIMEOUT_SECONDS
from fjarrkoll.watch.canary import is_due
from fjarrkoll.watch.judging import AGAIN, PARTS, SAID, STALE, Memory, Seen, Trouble, judge
from fjarrkoll.watch.watching import LOOK_LIMIT_SECONDS
from fleet.plumbing.settings import Settings

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
BEGAN = NOW - timedelta(hours=1)
WELL = Seen(now=NOW, pulses=dict.fromkeys(PARTS, NOW - timedelta(seconds=2)), watermark=NOW - timedelta(seconds=1))
LONG_AGO = NOW - timedelta(seconds=61)


def test_all_is_well() -> None:
    assert judge(WELL, BEGAN) == set()


@pytest.mark.parametrize(
    ("seen", "trouble"),
    [
        (replace(WELL, reachable=False), Trouble.DATABASE),
        (replace(WELL, pulses={**WELL.pulses, "judging": LONG_AGO}), Trouble.JUDGING),
        (replace(WELL, pulses={**WELL.pulses, "timing": LONG_AGO}), Trouble.TIMING),
        (replace(WELL, pulses={**WELL.pulses, "escalating": LONG_AGO}), Trouble.ESCALATING),
        (replace(WELL, pulses={**WELL.pulses, "notifying": LONG_AGO}), Trouble.NOTIFYING),
        (replace(WELL, watermark=LONG_AGO), Trouble.INGEST),
        (replace(WELL, dropped=1), Trouble.DROPPED),
        (replace(WELL, oldest_mark=LONG_AGO), Trouble.MARKS),
        (replace(WELL, oldest_message=LONG_AGO), Trouble.OUTBOX),
        (replace(WELL, oldest_step=LONG_AGO), Trouble.LADDERS),
        (replace(WELL, refused_ladders=1), Trouble.ROTA),
        (replace(WELL, canary_lost=True), Trouble.CANARY),
    ],
)
def test_each_trouble_by_itself(seen: Seen, trouble: Trouble) -> None:
    assert judge(seen, BEGAN) == {trouble}
    assert SAID[trouble].sv


def test_a_part_that_was_never_seen_gets_a_minute_from_the_watchs_start() -> None:
    silent = replace(WELL, pulses={})
    assert judge(silent, NOW - timedelta(seconds=30)) == set()
    still = {Trouble.JUDGING, Trouble.TIMING, Trouble.QUIETING, Trouble.ESCALATING, Trouble.NOTIFYING}
    assert judge(silent, BEGAN) == still


def test_told_at_once_again_after_a_while_and_once_when_over() -> None:
    memory = Memory()
    assert memory.due({Trouble.JUDGING}, NOW) == ([Trouble.JUDGING], [])
    assert memory.due({Trouble.JUDGING}, NOW) == ([Trouble.JUDGING], [])  # it was not heard, so it is due still
    memory.remember([Trouble.JUDGING], [], NOW)
    assert memory.due({Trouble.JUDGING}, NOW + timedelta(seconds=5)) == ([], [])
    assert memory.due({Trouble.JUDGING}, NOW + AGAIN) == ([Trouble.JUDGING], [])
    assert memory.due(set(), NOW + timedelta(seconds=10)) == ([], [Trouble.JUDGING])
    memory.remember([], [Trouble.JUDGING], NOW)
    assert memory.due(set(), NOW) == ([], [])


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        ("2026-11-28T08:30", None, False),  # 09:30 in Sweden
        ("2026-11-28T09:30", None, True),
        ("2026-11-28T09:30", "2026-11-28T09:10", False),
        ("2026-11-29T09:05", "2026-11-28T09:10", True),
        ("2026-10-25T09:00", "2026-10-24T08:00", True),  # the day summer time ends: 10:00 is an hour later
        ("2026-10-25T08:59", "2026-10-24T08:00", False),
    ],
)
def test_the_canary_flies_once_a_swedish_day(now: str, last: str | None, due: bool) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert is_due(moment(now), 10, None if last is None else moment(last)) is due


def test_what_has_died_is_told_within_ninety_seconds_with_the_settings_that_ship() -> None:
    """Stale, one look that has just been missed, one that takes as long as it may, and the channel's own time-out."""
    shipped = Settings(_env_file=None)
    assert timedelta(seconds=shipped.watch_stale_seconds) == STALE
    longest = shipped.watch_stale_seconds + shipped.watch_look_seconds + LOOK_LIMIT_SECONDS + TIMEOUT_SECONDS
    assert longest <= 90
    for longer in ({"watch_stale_seconds": 61}, {"watch_look_seconds": 6}):
        with pytest.raises(ValidationError):
            Settings(_env_file=None, **longer)  # type: ignore[arg-type]


def test_a_shorter_patience_is_kept() -> None:
    seen = replace(WELL, pulses={**WELL.pulses, "judging": NOW - timedelta(seconds=7)})
    assert judge(seen, BEGAN) == set()
    assert judge(seen, BEGAN, timedelta(seconds=6)) == {Trouble.JUDGING}
