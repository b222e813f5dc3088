"""Puts panels on Grafana's grid of 24 columns: left to right, in sections with a heading, never one over another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

from dashboards.panels import WIDTH, Json, Panel


@dataclass(frozen=True, slots=True)
class Section:
    """Panels under one heading; `title` is Swedish and unique within its dashboard."""

    title: str
    panels: Sequence[Panel]


def place(sections: Iterable[Section]) -> list[Json]:
    """All headings and panels with their places, in reading order."""
    placed: list[Json] = []
    top = 0
    for section in sections:
        placed.append(_heading(section.title, top))
        top += 1
        left = tallest = 0
        for panel in section.panels:
            if left + panel.about.width > WIDTH:
                top, left, tallest = top + tallest, 0, 0
            placed.append(panel.to_json(left, top))
            left, tallest = left + panel.about.width, max(tallest, panel.about.height)
        top += tallest
    return placed


def _heading(title: str, top: int) -> Json:
    return {
        "id": crc32(f"heading {title}".encode()) % 900_000_000 + 1,
        "type": "row",
        "title": title,
        "collapsed": False,
        "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": top},
        "panels": [],
    }
