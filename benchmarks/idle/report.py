"""The trial's outcome as JSON, as text, and as a calibration plot in SVG."""

from typing import Any, Final

from benchmarks.idle.opinions import BINS
from benchmarks.idle.trial import Count, Outcome

_SIDE: Final = 360
_EDGE: Final = 46


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Everything measured."""
    return {
        "devices": outcome.devices,
        "days": outcome.days,
        "rule": _count(outcome.rule),
        "rule_alone": _count(outcome.rule_alone),
        "baseline": _count(outcome.baseline),
        "on_silence": outcome.on_silence,
        "in_absence": outcome.in_absence,
        "verdicts": dict(outcome.verdicts.most_common()),
        "calibration": _table(outcome.shares),
        "calibration_textbook": _table(outcome.textbook),
        "judge_cpu_seconds": round(outcome.judge_seconds, 1),
    }


def _count(count: Count) -> dict[str, Any]:
    kinds = sorted(count.proposed_of | count.missed_of)
    return {
        "truly_unused_reporting": count.reporting,
        "proposed_in_time": count.found,
        "proposed_in_time_share": round(count.found / max(1, count.reporting), 4),
        "proposals": count.proposed,
        "false_proposals": count.false,
        "false_share": round(count.false / max(1, count.proposed), 4),
        "by_class": {
            kind: {
                "proposals": count.proposed_of[kind],
                "false_proposals": count.false_of[kind],
                "missed": count.missed_of[kind],
            }
            for kind in kinds
        },
    }


def as_text(outcome: Outcome) -> str:
    """For people."""
    told = as_json(outcome)
    ways = (("verdict", "rule"), ("verdict without second opinion", "rule_alone"), ("fixed limit", "baseline"))
    lines = [f"{told['devices']} devices, {told['days']} days", "", f"{'':<32}{'unused, in time':>26}{'false':>26}"]
    lines += [f"{name:<32}{_of(told[way], 'proposed_in_time', 'truly_unused_reporting'):>26}"
              f"{_of(told[way], 'false_proposals', 'proposals'):>26}" for name, way in ways]  # fmt: skip
    lines += ["", f"on silence {told['on_silence']}, in a registered absence {told['in_absence']}", ""]
    lines += [
        f"{kind:<24} proposals {row['proposals']:>6}  false {row['false_proposals']:>4}  missed {row['missed']:>4}"
        for kind, row in told["rule"]["by_class"].items()
    ]
    lines += ["", "P(still in use) said    devices  mean said  truly   BG/BB: devices  mean said  truly"]
    lines += [
        f"{row['from']:>5.2f} - {row['to']:<5.2f}        {row['devices']:>9} {_share(row['said'])}"
        f" {_share(row['truly'])} {book['devices']:>15} {_share(book['said'])} {_share(book['truly'])}"
        for row, book in zip(told["calibration"], told["calibration_textbook"], strict=True)
    ]
    return "\n".join(lines)


def _of(count: dict[str, Any], part: str, whole: str) -> str:
    return f"{count[part]} of {count[whole]}, {100 * count[part] / max(1, count[whole]):.2f} %"


def as_svg(outcome: Outcome) -> str:
    """Said against true, one dot per bin, its area by the devices in it; the diagonal is a perfect opinion."""
    dots = [
        f'<circle cx="{_x(row["said"]):.1f}" cy="{_y(row["truly"]):.1f}" r="{3 + 2 * len(str(row["devices"]))}"'
        f' fill="{color}" fill-opacity="0.6"><title>{name}: {row["devices"]} devices, said {row["said"]:.3f},'
        f" truly {row['truly']:.3f}</title></circle>"
        for rows, color, name in (
            (_table(outcome.textbook), "#c26", "BG/BB"),
            (_table(outcome.shares), "#06c", "Fjärrkoll"),
        )
        for row in rows
        if row["devices"]
    ]
    ticks = [
        f'<text x="{_x(share):.1f}" y="{_SIDE + _EDGE + 16}" text-anchor="middle">{share:.1f}</text>'
        f'<text x="{_EDGE - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{share:.1f}</text>'
        for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    ]
    whole = _SIDE + 2 * _EDGE
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" font-family="sans-serif"'
    label = 'font-size="12" role="img" aria-label="Calibration of P(still in use)"'
    return "\n".join(
        [
            f"{head} {label}>",
            f'<rect width="{whole}" height="{whole}" fill="white"/>',
            f'<rect x="{_EDGE}" y="{_EDGE}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#999"/>',
            f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#999" stroke-dasharray="4"/>',
            *ticks,
            *dots,
            f'<text x="{whole / 2}" y="{whole - 6}" text-anchor="middle">said: P(still in use)</text>',
            f'<text x="{_EDGE}" y="28">truly in use · blue: Fjärrkoll, red: BG/BB · {outcome.devices} devices</text>',
            "</svg>",
            "",
        ]
    )


def _table(shares: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a numpy array
    return [
        {
            "from": BINS[number],
            "to": BINS[number + 1],
            "devices": int(devices),
            "said": round(float(said / devices), 4) if devices else None,
            "truly": round(float(truly / devices), 4) if devices else None,
        }
        for number, (devices, said, truly) in enumerate(shares)
    ]


def _share(value: float | None) -> str:
    return f"{'–':>9}" if value is None else f"{value:>9.3f}"


def _x(share: float) -> float:
    return _EDGE + _SIDE * share


def _y(share: float) -> float:
    return _EDGE + _SIDE * (1 - share)
