"""When a device asks again: after three seconds, then twice as long each time up to a minute; unasked much later."""

import pytest

from device_sim.reminder import LONGEST_PATIENCE_SECONDS, SETTLE_AFTER_SECONDS, Reminder


def times_due(reminder: Reminder, until: int, *, asking: bool = True, kept: int = 1) -> list[int]:
    return [second for second in range(until) if reminder.due(float(second), kept=kept, asking=asking)]


def test_patience_doubles_up_to_a_minute() -> None:
    assert times_due(Reminder(), 200) == [3, 9, 21, 45, 93, 153]
    assert LONGEST_PATIENCE_SECONDS == 60


def test_each_receipt_takes_one_step_of_patience_back() -> None:
    reminder = Reminder()
    assert times_due(reminder, 22) == [3, 9, 21]
    for patience in (12, 6, 3, 3):
        reminder.answered()
        assert not reminder.due(100.0, kept=1, asking=True)
        assert not reminder.due(99.9 + patience, kept=1, asking=True)
        assert reminder.due(100.0 + patience, kept=1, asking=True)
        reminder.answered()  # takes back the step that this last try in vain has added


def test_late_receipts_do_not_make_it_ask_faster_and_faster() -> None:
    """A backlog at the platform delays every receipt by ten seconds: the device must not add to it without end."""
    reminder, asked = Reminder(), 0
    for ten_seconds in range(60):
        asked += sum(reminder.due(ten_seconds * 10 + second, kept=1, asking=True) for second in range(10))
        reminder.answered()
    assert asked <= 65  # about one in ten seconds; without growing patience three


def test_an_outbox_that_was_emptied_makes_it_impatient_again() -> None:
    reminder = Reminder()
    times_due(reminder, 22)
    assert not reminder.due(22.0, kept=0, asking=False)
    assert not reminder.due(100.0, kept=1, asking=True)
    assert reminder.due(103.0, kept=1, asking=True)


def test_what_was_never_asked_about_rests_for_minutes() -> None:
    assert times_due(Reminder(), 700, asking=False) == [SETTLE_AFTER_SECONDS, 2 * SETTLE_AFTER_SECONDS]


def test_the_clock_starts_anew_when_a_receipt_is_asked_for() -> None:
    reminder = Reminder()
    assert not reminder.due(0.0, kept=1, asking=False)
    assert not reminder.due(250.0, kept=1, asking=True)
    assert reminder.due(253.0, kept=1, asking=True)


def test_an_empty_outbox_never_asks() -> None:
    assert times_due(Reminder(), 1000, kept=0) == []


@pytest.mark.parametrize(("jitter", "first"), [(0.8, 3), (1.2, 4)])
def test_devices_do_not_ask_in_step(jitter: float, first: int) -> None:
    assert times_due(Reminder(jitter), 10)[0] == first


def test_ten_thousand_tries_do_not_overflow() -> None:
    assert len(times_due(Reminder(), 600_000)) > 9_000
