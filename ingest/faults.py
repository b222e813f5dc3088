"""Works out when a fault was there, from everything that was said about it, whatever the order it arrived in. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

Source = Literal["event", "read"]
ClearedBy = Literal["device", "absent_at_read", "command"]


class Mark(NamedTuple):
    """One statement about one fault: it is there, or it is not.

    Attributes:
        at: milliseconds since 1970.
        boot, seq: of the message; they order what happened within one millisecond.
        raised: whether it is there.
        source: an event of its own, or the list that a `read_faults` gave.
        times: how often it happened, as a read says; 1 for an event.
        since: since when it is there, as a read says; None where not said.
        cleared_by: what ended it; only where `raised` is False.
    """

    at: int
    boot: int
    seq: int
    raised: bool
    source: Source
    text: str = ""
    times: int = 1
    since: int | None = None
    cleared_by: ClearedBy = "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One stay of one fault: a row of `device_fault`.

    Attributes:
        row: its id; None while it has none.
        cleared_at, cleared_by: None while it lasts.
    """

    row: int | None = None
    raised_at: int
    last_seen_at: int
    times: int = 1
    text: str = ""
    source: Source
    cleared_at: int | None = None
    cleared_by: ClearedBy | None = None

    def lasts_at(self, moment: int) -> bool:
        """Whether the fault was there then, or ended just then."""
        return self.raised_at <= moment and (self.cleared_at is None or self.cleared_at >= moment)


def unfold(marks: Iterable[Mark], current: Episode | None = None, ended: int = 0) -> list[Episode]:
    """The stays of a fault that follow from statements about it.

    Args:
        marks: in any order.
        current: the stay that lasts when they begin, if one does; the result begins with it.
        ended: when the stay before them ended.
    """
    done: list[Episode] = []
    for mark in sorted(marks, key=lambda mark: (mark.at, mark.boot, mark.seq)):
        if mark.raised:
            current = _begun(mark, ended) if current is None else _seen_again(current, mark)
        elif current is not None:
            done.append(replace(current, cleared_at=mark.at, cleared_by=mark.cleared_by))
            current, ended = None, mark.at
    return done if current is None else [*done, current]


def changes(known: Sequence[Episode], marks: Sequence[Mark], *, complete: bool, ended: int = 0) -> list[Episode]:
    """Rows to write, given what is stored: those with a `row` are updates, the others are new.

    Args:
        known: stored stays, as many as reach into the time of the marks or lie after it.
        marks: statements, new ones among them.
        complete: False where all marks are new and later than all that is known: they continue the stay that lasts.
            True where the past is told anew: then `marks` holds everything since the first stay in `known` began.
        ended: when the last stay before those in `known` ended; 0 where there was none.
    """
    if not complete:
        lasting = next((episode for episode in known if episode.cleared_at is None), None)
        return [episode for episode in unfold(marks, lasting, ended) if episode != lasting]
    told = unfold([*marks, *_remembered(known, marks)], ended=ended)
    return _reconciled(sorted(known, key=lambda episode: episode.raised_at), told)


def _begun(mark: Mark, ended: int) -> Episode:
    """A new stay; a read may say that it began earlier, but not before the previous one ended."""
    since = mark.at if mark.since is None else max(ended, min(mark.since, mark.at))
    return Episode(raised_at=since, last_seen_at=mark.at, times=max(mark.times, 1), text=mark.text, source=mark.source)


def _seen_again(current: Episode, mark: Mark) -> Episode:
    times = current.times + 1 if mark.source == "event" else max(current.times, mark.times)
    return replace(
        current, last_seen_at=max(current.last_seen_at, mark.at), times=times, text=mark.text or current.text
    )


def _remembered(known: Sequence[Episode], marks: Sequence[Mark]) -> list[Mark]:
    """What only the stored stays still know: statements gone by retention, ends made by a command."""
    said = {(mark.at, mark.raised) for mark in marks} | {(mark.since, True) for mark in marks if mark.since is not None}
    found = [
        Mark(episode.raised_at, -1, 0, True, episode.source, episode.text, episode.times)
        for episode in known
        if (episode.raised_at, True) not in said
    ]
    found += [
        Mark(episode.cleared_at, -1, 0, False, episode.source, cleared_by=episode.cleared_by or "device")
        for episode in known
        if episode.cleared_at is not None and (episode.cleared_at, False) not in said
    ]
    return found


def _reconciled(known: Sequence[Episode], told: Sequence[Episode]) -> list[Episode]:
    """Gives the stays told anew the rows of the stored ones: first where they began together, then in order."""
    rows = {episode.raised_at: episode for episode in known}
    kept = {episode.raised_at for episode in told if episode.raised_at in rows}
    spare = iter([episode for episode in known if episode.raised_at not in kept])
    result: list[Episode] = []
    for episode in told:
        row = rows[episode.raised_at] if episode.raised_at in kept else next(spare, None)
        assigned = episode if row is None else replace(episode, row=row.row)
        if assigned != row:
            result.append(assigned)
    return result
