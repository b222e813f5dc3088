"""The pace of stored-up messages: grows while receipts are quick, yields when they are late, never stops."""

from random import Random

from device_sim.regional.pace import MOST_UNDER_WAY, TARGET_SECONDS, Pace


def test_quick_receipts_let_more_be_under_way_up_to_a_bound() -> None:
    pace = Pace()
    for step in range(1000):
        pace.answered(float(step), 0.1)
    assert pace.allowed == MOST_UNDER_WAY


def test_late_receipts_halve_it_once_for_all_that_was_under_way() -> None:
    pace = Pace(allowed=100.0)
    for _ in range(50):
        pace.answered(1000.0, 4.0)
    assert pace.allowed == 50.0
    pace.answered(1004.0, 4.0)
    assert pace.allowed == 25.0


def test_it_never_stops() -> None:
    pace = Pace()
    for step in range(100):
        pace.overdue(step * 100.0, 60.0)
    assert pace.allowed == 1.0


def test_many_lines_keep_the_delay_of_a_shared_queue_near_the_target() -> None:
    """200 lines before one platform of 100 messages a second: live messages wait as long as the queue is."""
    random, lines, rate = Random(1), [Pace() for _ in range(200)], 100.0
    queue: list[tuple[int, float]] = []
    under_way, waits = [0] * len(lines), []
    for tick in range(6000):
        now = tick / 10
        for _ in range(int(rate / 10)):
            if queue:
                line, since = queue.pop(0)
                under_way[line] -= 1
                lines[line].answered(now, now - since)
                waits.append(now - since)
        for line in random.sample(range(len(lines)), len(lines)):
            while under_way[line] < int(lines[line].allowed):
                under_way[line] += 1
                queue.append((line, now))
    late = sorted(waits[len(waits) // 2 :])
    assert late[len(late) // 2] < 4 * TARGET_SECONDS
    assert late[-1] < 5 * TARGET_SECONDS
