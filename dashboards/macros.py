"""What Grafana does to a query before the database sees it, done here so that tests run the very SQL that panels run.

Two passes, as in Grafana 13: the browser fills in variables (public/app/features/templating and @grafana/scenes), then
the server expands macros (pkg/tsdb/grafana-postgresql-datasource/macros.go, with the TimescaleDB option on).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from fleet.clock import aware
from fleet.errors import FjarrkollError

ALL: Final = "$__all"
"""What Grafana stores as the value of a variable on which "All" is chosen."""

_NO_VALUES: Final[Mapping[str, "str | Sequence[str]"]] = MappingProxyType({})
# ${name}, ${name:format} and $name; the server's own macros begin with two underscores and have parentheses.
_VARIABLE: Final = re.compile(r"\$\{(?P<braced>\w+)(?::(?P<format>\w+))?\}|\$(?P<bare>\w+)(?!\w*\()")
# Grafana's own pattern: an argument cannot contain a closing parenthesis.
_MACRO: Final = re.compile(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)")
_INTERVAL: Final = re.compile(r"(\d+)(ms|[smhdwy])")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_557_600.0}


class MacroError(FjarrkollError):
    """A query uses a macro or variable that Grafana would not understand; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a dashboard gives to its queries.

    Attributes:
        time_from, time_to: the chosen time range, aware.
        interval: what `$__interval` becomes, such as `1h`.
        values: variable name to chosen value, several values, or ALL.
        all_values: variable name to what "All" becomes for it, raw, as in the dashboard's `allValue`.
    """

    time_from: datetime
    time_to: datetime
    interval: str = "1h"
    values: Mapping[str, str | Sequence[str]] = field(default_factory=lambda: _NO_VALUES)
    all_values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def expand(sql: str, context: Context) -> str:
    """The SQL as Grafana would send it.

    Raises:
        MacroError: an unknown macro, variable, format or interval.
    """
    return _MACRO.sub(_Macros(context), _VARIABLE.sub(lambda match: _variable(match, context), sql))


def seconds_of(interval: str) -> float:
    """Length of a Grafana interval such as `30m` in seconds.

    Raises:
        MacroError: it is none.
    """
    match = _INTERVAL.fullmatch(interval.strip("'"))
    if match is None:
        raise MacroError(f"interval {interval!r}: write a number and ms, s, m, h, d, w or y, such as 30m")
    return int(match[1]) * _SECONDS[match[2]]


def _variable(match: re.Match[str], context: Context) -> str:
    name = match["braced"] or match["bare"]
    built_in = _built_in(name, context)
    if built_in is not None:
        return built_in
    if name not in context.values:
        raise MacroError(f"variable ${name} is not one of the dashboard's: {sorted(context.values)}")
    value = context.values[name]
    if value == ALL:
        return _all_of(name, context)
    return _formatted(name, value, match["format"] or "")


def _all_of(name: str, context: Context) -> str:
    if name not in context.all_values:
        raise MacroError(f"variable ${name} has no value for All: give it an allValue")
    return context.all_values[name]  # raw, whatever the format asks for: @grafana/scenes CustomAllValue


def _built_in(name: str, context: Context) -> str | None:
    if name == "__interval":
        return context.interval
    if name == "__interval_ms":
        return str(round(seconds_of(context.interval) * 1000))
    if name == "__range_s":
        return str(round((context.time_to - context.time_from) / timedelta(seconds=1)))
    return None


def _formatted(name: str, value: str | Sequence[str], how: str) -> str:
    several = [value] if isinstance(value, str) else list(value)
    if how == "sqlstring":
        return ",".join("'" + one.replace("'", "''") + "'" for one in several)
    if how == "raw" or (how == "" and isinstance(value, str)):
        return ",".join(several)
    raise MacroError(f"variable ${name}: write ${{{name}:sqlstring}}; other formats do not make safe SQL lists")


class _Macros:
    """Replaces one macro at a time."""

    def __init__(self, context: Context) -> None:
        self._from, self._to = (f"'{_rfc3339(moment)}'" for moment in (context.time_from, context.time_to))
        self._known: dict[str, Callable[[list[str]], str]] = {
            "__timeFilter": lambda given: f"{self._one(given)} BETWEEN {self._from} AND {self._to}",
            "__timeFrom": lambda _: self._from,
            "__timeTo": lambda _: self._to,
            "__time": lambda given: f'{self._one(given)} AS "time"',
            "__timeGroup": self._group,
            "__timeGroupAlias": lambda given: f'{self._group(given)} AS "time"',
        }

    def __call__(self, match: re.Match[str]) -> str:
        name, given = match[1], [part.strip() for part in match[2].split(",")]
        if name not in self._known:
            raise MacroError(f"macro ${name} is unknown here; known: {', '.join(sorted(self._known))}")
        # A comma right behind makes Grafana add the alias itself, for queries from before version 5.3.
        if name == "__timeGroup" and match.string[match.end() : match.end() + 1] == ",":
            name = "__timeGroupAlias"
        return self._known[name](given)

    @staticmethod
    def _one(given: list[str]) -> str:
        if not given[0]:
            raise MacroError("a time macro needs the name of a time column")
        return given[0]

    @staticmethod
    def _group(given: list[str]) -> str:
        if len(given) != 2:
            raise MacroError(
                "$__timeGroup takes a column and an interval; a fill value would draw what nobody measured"
            )
        return f"time_bucket('{seconds_of(given[1]):.3f}s',{given[0]})"


def _rfc3339(moment: datetime) -> str:
    return aware(moment).astimezone(UTC).isoformat().replace("+00:00", "Z")
