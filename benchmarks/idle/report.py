"""The trial's outcome as JSON, as text, and as a calibration plot in SVG."""

from typing import Any, Final

from benchmarks.idle.trial import BINS, Outcome

_SIDE: Final = 360
_EDGE: Final = 46


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Everything measured."""
    rule, base = outcome.rule, outcome.baseline
    return {
        "devices": outcome.devices,
        "days": outcome.days,
        "truly_unused_reporting": rule.reporting,
        "proposed_in_time": rule.found,
        "proposed_in_time_share": round(rule.found / max(1, rule.reporting), 4),
        "proposals": rule.proposed,
        "false_proposals": rule.false,
        "false_share": round(rule.false / max(1, rule.proposed), 4),
        "on_silence": outcome.on_silence,
        "in_absence": outcome.in_absence,
        "baseline": {
            "proposals": base.proposed,
            "false_proposals": base.false,
            "false_share": round(base.false / max(1, base.proposed), 4),
            "proposed_in_time_share": round(base.found / max(1, base.reporting), 4),
        },
        "verdicts": outcome.verdicts,
        "calibration": _table(outcome.shares),
        "calibration_textbook": _table(outcome.textbook),
        "judge_cpu_seconds": round(outcome.judge_seconds, 1),
    }


def as_text(outcome: Outcome) -> str:
    """For people."""
    told = as_json(outcome)
    base = told["baseline"]
    share, base_share = (100 * entry["proposed_in_time_share"] for entry in (told, base))
    false, base_false = (100 * entry["false_share"] for entry in (told, base))
    in_time = f"{told['proposed_in_time']} of {told['truly_unused_reporting']}"
    fixed = f"fixed limit: {base['false_proposals']} of {base['proposals']}, {base_false:.1f} %"
    lines = [
        f"{told['devices']} devices, {told['days']} days; compared with a fixed limit on the last known use",
        f"truly unused and reporting, proposed in time: {in_time}, {share:.1f} % (fixed limit: {base_share:.1f} %)",
        f"false proposals: {told['false_proposals']} of {told['proposals']}, {false:.2f} % ({fixed})",
        f"on silence {told['on_silence']}, in a registered absence {told['in_absence']}",
        "",
        "P(still in use) said    devices  mean said  truly   BG/BB: devices  mean said  truly",
    ]
    for row, book in zip(told["calibration"], told["calibration_textbook"], strict=True):
        lines.append(
            f"{row['from']:>5.2f} - {row['to']:<5.2f}        {row['devices']:>9} {_share(row['said'])}"
            f" {_share(row['truly'])} {book['devices']:>15} {_share(book['said'])} {_share(book['truly'])}"
        )
    return "\n".join(lines)


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
