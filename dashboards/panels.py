"""Pure builders of classic Grafana panels: what is drawn, from which query, in which words and units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final
from zlib import crc32

from dashboards.words import Word, mapping
from fleet.text import Text

Json = dict[str, Any]

DATASOURCE: Final = {"type": "grafana-postgresql-datasource", "uid": "fjarrkoll-timescaledb"}
"""The same for every installation, so that dashboards and alert rules find it; set in deploy/grafana/provisioning."""
NO_VALUE: Final = "okänt"
"""What a panel says where the database has nothing: absence is never drawn as zero."""
WIDTH: Final = 24
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column that a query returns, in its order.

    Attributes:
        name: as the query spells it.
        title: Swedish heading or legend; empty hides the column, which then serves a link.
        unit: Grafana unit id; needed for every number that is shown, None for text and times.
        words: how stored states are shown.
        link: address behind the cell, and its title.
        drawn: False keeps a series out of the picture but in its tooltip, such as a denominator.
        custom: further settings of the panel kind for this column.
    """

    name: str
    title: str = ""
    unit: str | None = None
    words: Mapping[str, Word] = field(default_factory=lambda: _NOTHING)
    link: tuple[str, str] | None = None
    width: int | None = None
    decimals: int | None = None
    color: str | None = None
    drawn: bool = True
    custom: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """SQL and the columns it must return. `series` is Grafana's long form: time, metric (the name drawn), value."""

    sql: str
    columns: tuple[Column, ...]
    series: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What every panel has: a key that is unique within its dashboard, words, and a size on the grid."""

    key: str
    title: str
    description: Text
    width: int = 12
    height: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel of a Grafana kind, with the queries whose rows it draws."""

    about: About
    kind: str
    queries: tuple[Query, ...] = ()
    interval: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    defaults: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    @property
    def id(self) -> int:
        """The panel's number, made from its key: links to one panel stay right when another is added."""
        return crc32(self.about.key.encode()) % 900_000_000 + 1

    def to_json(self, x: int, y: int) -> Json:
        """The panel as Grafana stores it, at a place on the 24-column grid."""
        panel: Json = {
            "id": self.id,
            "type": self.kind,
            "title": self.about.title,
            "description": both(self.about.description),
            "gridPos": {"h": self.about.height, "w": self.about.width, "x": x, "y": y},
            "options": dict(self.options),
        }
        if self.interval:
            panel["interval"] = self.interval
        if self.queries:
            panel |= {
                "datasource": DATASOURCE,
                "targets": [_target(chr(ord("A") + number), query) for number, query in enumerate(self.queries)],
                "fieldConfig": {"defaults": {"noValue": NO_VALUE, **self.defaults}, "overrides": self._overrides()},
            }
        return panel

    def _overrides(self) -> list[Json]:
        wide = [query for query in self.queries if not query.series]
        made = [(c.name, _properties(c, self.kind)) for query in wide for c in query.columns if c.name != "time"]
        return [{"matcher": {"id": "byName", "options": name}, "properties": found} for name, found in made if found]


def both(text: Text) -> str:
    """A description in both languages, Swedish first; Grafana reads Markdown."""
    return f"{text.sv}\n\n*English: {text.en}*"


def table(about: About, query: Query) -> Panel:
    """Rows with headings, filters and links, in the query's order."""
    options = {"showHeader": True, "cellHeight": "sm", "frameIndex": 0, "enablePagination": False, "sortBy": []}
    defaults = {"custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": True}}
    return Panel(about=about, kind="table", queries=(query,), options=options, defaults=defaults)


def figures(about: About, query: Query) -> Panel:
    """Large figures side by side, one per column of the query's only row; text columns carry their denominator."""
    options = {
        "reduceOptions": {"values": False, "calcs": ["lastNotNull"], "fields": "/.*/"},
        "orientation": "auto",
        "textMode": "value_and_name",
        "colorMode": "none",
        "graphMode": "none",
        "justifyMode": "auto",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    }
    return Panel(about=about, kind="stat", queries=(query,), options=options)


def lines(
    about: About,
    queries: Sequence[Query],
    *,
    unit: str,
    interval: str | None = None,
    bounds: tuple[float, float] | None = None,
) -> Panel:
    """Curves over time. A gap stays a gap: no value is joined to the next over missing ones, none is filled in."""
    panel = _over_time(about, queries, unit, interval, {"drawStyle": "line"})
    if bounds is None:
        return panel
    return replace(panel, defaults={**panel.defaults, "min": bounds[0], "max": bounds[1]})


def bars(about: About, queries: Sequence[Query], *, unit: str, interval: str | None = None) -> Panel:
    """Stacked bars over time, for counts that add up."""
    style = {"drawStyle": "bars", "fillOpacity": 70, "stacking": {"mode": "normal", "group": "A"}}
    return _over_time(about, queries, unit, interval, style)


def categories(about: About, query: Query) -> Panel:
    """Lying bars, one per row; the first column names it, the others are stacked numbers, written on the bars."""
    options = {
        "orientation": "horizontal",
        "showValue": "always",
        "stacking": "normal",
        "barWidth": 0.8,
        "groupWidth": 0.8,
        "barRadius": 0,
        "fullHighlight": False,
        "xTickLabelMaxLength": 40,
        "xTickLabelRotation": 0,
        "xTickLabelSpacing": 0,
        "legend": _LEGEND,
        "tooltip": _TOOLTIP,
    }
    defaults = {"unit": "none", "decimals": 0, "custom": {"fillOpacity": 70, "lineWidth": 1, "axisSoftMin": 0}}
    return Panel(about=about, kind="barchart", queries=(query,), options=options, defaults=defaults)


def states(about: About, query: Query, words: Mapping[str, Word]) -> Panel:
    """One band per device, with the state written in it; where nothing was reported the band is empty."""
    options = {
        "showValue": "auto",
        "mergeValues": True,
        "alignValue": "left",
        "rowHeight": 0.8,
        "perPage": 20,
        "legend": _LEGEND,
        "tooltip": _TOOLTIP,
    }
    defaults = {"unit": "none", "mappings": mapping(words), "custom": {"fillOpacity": 70}}
    return Panel(about=about, kind="state-timeline", queries=(query,), options=options, defaults=defaults)


def note(about: About) -> Panel:
    """A paragraph for the reader; Markdown, never HTML."""
    return Panel(about=about, kind="text", options={"mode": "markdown", "content": both(about.description)})


def firing_alerts(about: About) -> Panel:
    """Grafana's own alerts of the platform that fire or wait."""
    options = {
        "viewMode": "list",
        "groupMode": "default",
        "groupBy": [],
        "maxItems": 20,
        "sortOrder": 3,
        "dashboardAlerts": False,
        "alertName": "",
        "alertInstanceLabelFilter": "",
        "stateFilter": {"firing": True, "pending": True, "noData": True, "normal": False, "error": True},
    }
    return Panel(about=about, kind="alertlist", options=options)


_LEGEND: Final = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}
_TOOLTIP: Final = {"mode": "multi", "sort": "none"}


def _over_time(about: About, queries: Sequence[Query], unit: str, interval: str | None, style: Json) -> Panel:
    custom = {"lineWidth": 1, "fillOpacity": 0, "showPoints": "auto", "pointSize": 4, "spanNulls": False, **style}
    return Panel(
        about=about,
        kind="timeseries",
        queries=tuple(queries),
        interval=interval,
        defaults={"unit": unit, "custom": custom},
        options={"legend": _LEGEND, "tooltip": _TOOLTIP},
    )


def _target(ref: str, query: Query) -> Json:
    return {
        "refId": ref,
        "datasource": DATASOURCE,
        "editorMode": "code",
        "format": "time_series" if query.series else "table",
        "rawQuery": True,
        "rawSql": query.sql,
    }


def _properties(column: Column, kind: str) -> list[Json]:
    """What differs from the panel's defaults for one column."""
    plain: dict[str, Any] = {
        "displayName": column.title or None,
        "unit": column.unit,
        "decimals": column.decimals,
        "mappings": mapping(column.words) if column.words else None,
        "color": {"mode": "fixed", "fixedColor": column.color} if column.color else None,
        "links": [{"url": column.link[0], "title": column.link[1], "targetBlank": True}] if column.link else None,
        "custom.width": column.width,
        "custom.cellOptions": {"type": "color-text"} if column.words and kind == "table" else None,
        **{f"custom.{name}": value for name, value in column.custom.items()},
    }
    if not column.title and kind == "table":
        # Grafana 11 and 12 read the first, 13 the second.
        plain |= {"custom.hidden": True, "custom.hideFrom": {"viz": True, "legend": True, "tooltip": True}}
    if not column.drawn:
        plain |= {
            "custom.hideFrom": {"viz": True, "legend": True, "tooltip": False},
            "custom.axisPlacement": "hidden",
            "custom.stacking": {"mode": "none"},
        }
    return [{"id": name, "value": value} for name, value in plain.items() if value is not None]
