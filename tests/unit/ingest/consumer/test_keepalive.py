from ingest.consumer.keepalive import KeepAlive, Verdict


def watch_until(
    watch: KeepAlive, end: float, *, reading: bool = True, answers: bool = False
) -> list[tuple[float, str]]:
    """Judge every period up to `end`; a ping is answered a moment later where `answers` is set."""
    heard: list[tuple[float, str]] = []
    now = 0.0
    while now < end:
        now += watch.period
        verdict = watch.judge(now, reading=reading)
        if verdict is not Verdict.WAIT:
            heard.append((now, verdict.value))
        if verdict is Verdict.DEAD:
            break
        if verdict is Verdict.PING and answers:
            watch.received_at = now + 0.01
    return heard


def test_a_line_that_goes_silent_is_given_up_within_one_and_a_quarter_intervals() -> None:
    heard = watch_until(KeepAlive(8, 0, 0), 100)
    assert [what for _, what in heard] == ["ping", "dead"]
    assert heard[-1][0] <= 1.25 * 8


def test_a_silent_line_that_answers_is_asked_on_and_on() -> None:
    heard = watch_until(KeepAlive(8, 0, 0), 40, answers=True)
    assert {what for _, what in heard} == {"ping"}
    assert len(heard) >= 5


def test_the_broker_hears_from_us_although_it_never_stops_talking() -> None:
    watch = KeepAlive(8, 0, 0)
    pings = 0
    for tick in range(1, 33):
        watch.received_at = float(tick)
        pings += watch.judge(float(tick), reading=True) is Verdict.PING
    assert pings >= 6  # 32 s of its talk, none of it ours: at least one ping per 8 s


def test_while_reading_is_paused_it_pings_and_judges_nobody() -> None:
    heard = watch_until(KeepAlive(8, 0, 0), 80, reading=False)
    assert {what for _, what in heard} == {"ping"}
    assert len(heard) >= 8


def test_silence_after_a_pause_counts_from_its_end() -> None:
    watch = KeepAlive(8, 0, 0)
    watch_until(watch, 80, reading=False)
    assert watch.judge(81, reading=True) is Verdict.WAIT


def test_our_own_absence_is_no_evidence_against_the_line() -> None:
    watch = KeepAlive(8, 0, 0)
    assert watch.judge(4, reading=True) is Verdict.PING
    assert watch.judge(64, reading=True) is Verdict.PING  # stopped for a minute: ask again, do not condemn
    assert watch.judge(65, reading=True) is Verdict.WAIT
