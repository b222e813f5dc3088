from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ingest.faults import Episode, Mark, changes, unfold


def raised(at: int, text: str = "") -> Mark:
    return Mark(at, 1, at, True, "event", text)


def cleared(at: int) -> Mark:
    return Mark(at, 1, at, False, "event")


def seen(at: int, times: int = 1, since: int | None = None) -> Mark:
    return Mark(at, 1, at, True, "read", "", times, since)


def absent(at: int) -> Mark:
    return Mark(at, 1, at, False, "read", cleared_by="absent_at_read")


def spans(episodes: list[Episode]) -> list[tuple[int, int | None]]:
    return [(episode.raised_at, episode.cleared_at) for episode in episodes]


def test_a_fault_stays_from_its_first_report_until_it_is_cleared() -> None:
    (episode,) = unfold([raised(10, "stuck"), raised(20), cleared(30)])
    assert episode == Episode(
        raised_at=10, last_seen_at=20, times=2, text="stuck", source="event", cleared_at=30, cleared_by="device"
    )


def test_a_fault_that_comes_back_is_another_stay() -> None:
    assert spans(unfold([raised(10), cleared(20), raised(30)])) == [(10, 20), (30, None)]


def test_the_order_of_arrival_does_not_matter_to_unfolding() -> None:
    assert spans(unfold([cleared(20), raised(30), raised(10)])) == [(10, 20), (30, None)]


def test_clearing_what_is_not_there_says_nothing() -> None:
    assert unfold([cleared(10)]) == []


def test_a_read_shows_faults_that_no_event_told_of_and_ends_those_it_does_not_list() -> None:
    (episode,) = unfold([seen(50, times=7, since=20), absent(90)])
    assert episode == Episode(
        raised_at=20, last_seen_at=50, times=7, source="read", cleared_at=90, cleared_by="absent_at_read"
    )


def test_what_a_read_says_of_the_past_reaches_no_further_than_the_end_of_the_previous_stay() -> None:
    assert spans(unfold([raised(10), cleared(20), seen(50, since=5)])) == [(10, 20), (20, None)]
    assert spans(unfold([seen(50, since=5)], ended=20)) == [(20, None)]


def test_a_read_counts_no_stay_twice() -> None:
    (episode,) = unfold([raised(10), raised(20), seen(50, times=2)])
    assert episode.times == 2


LASTING = Episode(row=4, raised_at=10, last_seen_at=10, source="event")


def test_a_later_report_changes_the_row_that_lasts() -> None:
    assert changes([LASTING], [raised(40)], complete=False) == [replace(LASTING, last_seen_at=40, times=2)]
    assert changes([LASTING], [cleared(40)], complete=False) == [replace(LASTING, cleared_at=40, cleared_by="device")]
    assert changes([], [raised(40)], complete=False) == [Episode(raised_at=40, last_seen_at=40, source="event")]


def test_nothing_is_written_where_nothing_changed() -> None:
    assert changes([], [cleared(40)], complete=False) == []
    assert changes([LASTING], [raised(10)], complete=True) == []


def test_a_late_end_splits_the_stay_and_keeps_its_row() -> None:
    known = [replace(LASTING, last_seen_at=30, times=2)]
    assert changes(known, [raised(10), cleared(20), raised(30)], complete=True) == [
        replace(LASTING, cleared_at=20, cleared_by="device"),
        Episode(raised_at=30, last_seen_at=30, source="event"),
    ]


def test_a_late_report_begins_the_stay_earlier() -> None:
    assert changes([LASTING], [raised(5), raised(10)], complete=True) == [replace(LASTING, raised_at=5, times=2)]


def test_a_late_report_of_what_was_cleared_meanwhile_does_not_last() -> None:
    assert spans(changes([], [raised(5), cleared(8)], complete=True)) == [(5, 8)]


def test_what_only_the_rows_still_know_is_not_forgotten() -> None:
    """The events of long ago are gone by retention, and a command's end has no event of the device."""
    known = [replace(LASTING, cleared_at=100, cleared_by="command")]
    assert spans(changes(known, [raised(120)], complete=True)) == [(120, None)]
    (changed,) = changes(known, [raised(50)], complete=True)
    assert (changed.row, changed.raised_at, changed.cleared_at, changed.cleared_by) == (4, 10, 100, "command")


statements = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from([raised, cleared, seen, absent])),
    max_size=12,
    unique_by=lambda s: s[0],
)


@given(statements)
def test_stays_never_overlap_and_at_most_one_lasts(told: list[tuple[int, object]]) -> None:
    episodes = unfold([make(at) for at, make in told])  # type: ignore[operator]  # one of the four above
    assert all(episode.cleared_at is not None for episode in episodes[:-1])
    ends = [episode.cleared_at or 61 for episode in episodes]
    assert all(end <= later.raised_at for end, later in zip(ends, episodes[1:], strict=False))
    assert all(episode.raised_at <= episode.last_seen_at <= end for episode, end in zip(episodes, ends, strict=True))


@given(statements, st.randoms())
def test_telling_the_past_anew_leads_to_the_same_whatever_was_known(
    told: list[tuple[int, object]], random: object
) -> None:
    marks = [make(at) for at, make in told]  # type: ignore[operator]  # as above
    shuffled = list(marks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own Random
    known: list[Episode] = []
    for count in range(1, len(shuffled) + 1):
        rows = {episode.row: episode for episode in known}
        for changed in changes(known, shuffled[:count], complete=True):
            row = len(rows) + 1 if changed.row is None else changed.row
            rows[row] = replace(changed, row=row)
        known = list(rows.values())
    found = sorted((replace(episode, row=None) for episode in known), key=lambda episode: episode.raised_at)
    assert found == unfold(marks)
