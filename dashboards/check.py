"""Judges a built dashboard without a database: places, ids, words, units, and that nothing unmeasured is drawn."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Final

from dashboards.panels import DATASOURCE, NO_VALUE, WIDTH, Json

_ENGLISH: Final = "*English: "
# Only the Apache edition's functions are there for everybody; a third argument of $__timeGroup fills gaps.
_FORBIDDEN: Final = {
    r"\b(time_bucket_gapfill|locf|interpolate)\s*\(": "uses a function that the Apache edition of TimescaleDB lacks",
    r"\$__timeGroup(Alias)?\([^)]*,[^)]*,": "fills gaps: absence would be drawn as a value",
    r"\bIN\s*\(\s*\$\{": "breaks when nothing is chosen: write = ANY (ARRAY[${name:sqlstring}]::text[])",
    r"\$\{\w+\}|(?<!\$)\$(?!__)\w": "uses a variable without :sqlstring or :raw",
    r"\bdevice_(state|event)\b(?!_seen)": "reads a table that Grafana's role may not see",
}
_DRAWN: Final = frozenset({"timeseries", "state-timeline", "barchart"})


def problems(board: Json) -> list[str]:
    """What is wrong with one dashboard, each as a sentence that names the panel; empty when all is well."""
    return [f"{board['uid']}: {problem}" for problem in _board_problems(board)]


def shared_problems(boards: Iterable[Json]) -> list[str]:
    """What is wrong with several dashboards taken together."""
    uids = Counter(board["uid"] for board in boards)
    return [f"uid {uid} is used by {times} dashboards" for uid, times in uids.items() if times > 1]


def _board_problems(board: Json) -> Iterator[str]:
    panels = board["panels"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", board["uid"]):
        yield "uid has letters that Grafana refuses, or is longer than 40"
    if not board["uid"].startswith("fk-") or _ENGLISH not in board["description"]:
        yield "uid does not begin with fk-, or the description is not in both languages"
    for identity, times in Counter(panel["id"] for panel in panels).items():
        if times > 1:
            yield f"panel id {identity} is used {times} times: give the panels different keys"
    for one, other in combinations(panels, 2):
        if _overlap(one["gridPos"], other["gridPos"]):
            yield f"{one['title']!r} and {other['title']!r} lie on each other"
    for variable in board["templating"]["list"]:
        yield from _named(f"variable {variable['name']}", _variable_problems(variable))
    for panel in panels:
        if panel["type"] != "row":
            yield from _named(f"panel {panel['title']!r}", _panel_problems(panel))


def _named(what: str, found: Iterable[str]) -> Iterator[str]:
    return (f"{what}: {problem}" for problem in found)


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (apart_x or apart_y)


def _variable_problems(variable: Json) -> Iterator[str]:
    if _ENGLISH not in variable["description"] or not variable["label"]:
        yield "label, or a description in both languages, is missing"
    if variable["type"] == "query":
        yield from _sql_problems(variable["query"])
        if variable["includeAll"] and not str(variable.get("allValue", "")).startswith("'"):
            yield "an allValue in quotes is missing: All would leave out devices without one of the options"


def _panel_problems(panel: Json) -> Iterator[str]:
    place = panel["gridPos"]
    if place["x"] < 0 or place["x"] + place["w"] > WIDTH or place["w"] < 1 or place["h"] < 1:
        yield f"does not fit into {WIDTH} columns"
    if not panel["title"] or _ENGLISH not in panel["description"]:
        yield "title, or a description in both languages, is missing"
    if panel["type"] == "text" and panel["options"].get("mode") != "markdown":
        yield "text that is not Markdown may carry scripts"
    for target in panel.get("targets", ()):
        yield from _sql_problems(target["rawSql"])
        if target["datasource"] != DATASOURCE or panel["datasource"] != DATASOURCE:
            yield "asks another data source than the fixed one"
    if panel.get("targets"):
        yield from _field_problems(panel)


def _field_problems(panel: Json) -> Iterator[str]:
    defaults = panel["fieldConfig"]["defaults"]
    if defaults.get("noValue") != NO_VALUE:
        yield f"a missing value must read {NO_VALUE!r}"
    if panel["type"] in _DRAWN and not defaults.get("unit"):
        yield "a unit is missing"
    if defaults.get("custom", {}).get("spanNulls", False) is not False:
        yield "joins points over missing values"


def _sql_problems(sql: str) -> Iterator[str]:
    return (f"its SQL {complaint}" for pattern, complaint in _FORBIDDEN.items() if re.search(pattern, sql))
