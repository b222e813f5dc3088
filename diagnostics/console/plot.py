"""What the page's script draws a curve from, pure: the SVG's own samples and marks as a value that becomes JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from diagnostics.console.chart import Curve, Mark, Sample, is_late
from diagnostics.console.language import Words
from diagnostics.console.window import Window

Column = list[float | None]


def plotted(curve: Curve, shown: Window, words: Words) -> dict[str, object]:
    """The chart as columns and sentences; whatever a device said is text in it, never markup.

    A gap is a moment without a value between two stretches, so that nobody draws a line over it. `late` and `single`
    repeat the values that became known afterwards and those that stand alone. Moments are seconds since 1970 in UTC.

    Args:
        curve: what the server draws, with the same samples.
        shown: the stretch that the address asks for.
        words: the language of the sentences.
    """
    rows = [*_rows(curve.stretches)]
    return {
        "from": curve.start.timestamp(),
        "to": curve.end.timestamp(),
        "now": words.now.timestamp(),
        "metric": curve.metric.metric,
        "zoomed": shown.hours is None,
        "at": [at for at, _, _ in rows],
        "value": _column(rows, "value"),
        "low": _column(rows, "low") if curve.bands else [],
        "high": _column(rows, "high") if curve.bands else [],
        "late": [None if s is None or not is_late(s) else s.value for _, s, _ in rows],
        "single": [None if s is None or not alone else s.value for _, s, alone in rows],
        "said": [_said(sample, curve, words) for _, sample, _ in rows],
        "marks": [
            {"at": m.entry.at.timestamp(), "kind": m.entry.kind.value, "sign": m.sign, "said": _told(m, words)}
            for m in curve.marks
        ],
    }


def _rows(stretches: Sequence[Sequence[Sample]]) -> Iterator[tuple[float, Sample | None, bool]]:
    """Moment, sample and whether it stands alone; without a sample in the middle of a gap."""
    before: datetime | None = None
    for part in stretches:
        if before is not None:
            yield (before.timestamp() + part[0].at.timestamp()) / 2, None, False
        yield from ((sample.at.timestamp(), sample, len(part) == 1) for sample in part)
        before = part[-1].at


def _column(rows: Sequence[tuple[float, Sample | None, bool]], name: str) -> Column:
    return [None if sample is None else float(getattr(sample, name)) for _, sample, _ in rows]


def _said(sample: Sample | None, curve: Curve, words: Words) -> str:
    """What is read where a person points: when, how much, and from lowest to highest or when it became known."""
    if sample is None:
        return words.say("inget värde; det är okänt, inte noll")
    unit = "" if curve.metric.unit == "1" else f" {curve.metric.unit}"
    told = f"{words.moment(sample.at)}: {words.number(sample.value, 2)}{unit}"
    if sample.low != sample.high:
        low, high = words.number(sample.low, 2), words.number(sample.high, 2)
        told += words.say(" (lägst {low}, högst {high})", low=low, high=high)
    if is_late(sample):
        told += words.say(" (blev känt {at})", at=words.moment(sample.known_at))
    return told


def _told(mark: Mark, words: Words) -> str:
    entry = mark.entry
    told = f"{words.moment(entry.at)}: {words.text(entry.title)}"
    if entry.clocks_differ and entry.happened_at is not None and entry.known_at is not None:
        happened, known = words.moment(entry.happened_at), words.moment(entry.known_at)
        told += f" ({words.say('inträffade {happened}, blev känt {known}', happened=happened, known=known)})"
    return told
