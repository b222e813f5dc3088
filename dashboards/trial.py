"""Runs every query of a dashboard as Grafana would, in its role, and judges what comes back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

from dashboards.dashboard import Dashboard
from dashboards.macros import ALL, Context, MacroError, expand, seconds_of
from dashboards.panels import Column, Panel, Query
from dashboards.variables import EVERY, Variable

Row = tuple[Any, ...]

# Types by their numbers in pg_type, which never change.
_TIME: Final = 1184
_NUMBERS: Final = frozenset({20, 21, 23, 700, 701, 1700})
_OVER_TIME: Final = frozenset({"timeseries", "state-timeline"})
_DEVICES_CHOSEN: Final = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query returned: per column its name and the number of its type, and the rows."""

    columns: tuple[tuple[str, int], ...]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One query tried.

    Attributes:
        where: dashboard, panel and query.
        problems: what is wrong with it whatever the data.
        empty: what the data did not fill: no row, or a column without a single value.
    """

    where: str
    problems: tuple[str, ...]
    empty: tuple[str, ...] = ()


def try_dashboard(
    connection: psycopg.Connection, board: Dashboard, now: datetime, chosen: Mapping[str, str | Sequence[str]]
) -> list[Outcome]:
    """Tries every variable and panel of a dashboard, each query in a transaction of its own.

    Args:
        connection: in the role that Grafana has, with autocommit.
        board: what to try.
        now: end of the time range, aware.
        chosen: values of variables; one that is missing gets All, its first value, or the first answers of its query.
    """
    context = context_of(board, now, {})
    outcomes: list[Outcome] = []
    for variable in board.variables:
        value, outcome = _try_variable(connection, board, variable, context, chosen.get(variable.name))
        outcomes += outcome
        context = replace(context, values={**context.values, variable.name: value})
    for panel in board.panels:
        with_interval = replace(context, interval=panel.interval or context.interval)
        outcomes += [_try_query(connection, f"{board.uid}: {where}", panel, query, with_interval)
                     for where, query in _queries(panel)]  # fmt: skip
    return outcomes


def context_of(board: Dashboard, now: datetime, values: Mapping[str, str | Sequence[str]]) -> Context:
    """What a dashboard gives to its queries at first opening, with these values of its variables."""
    return Context(
        time_from=now - timedelta(seconds=seconds_of(board.time_from.removeprefix("now-"))),
        time_to=now,
        values=values,
        all_values={variable.name: EVERY for variable in board.variables if variable.every},
    )


def judge(panel_kind: str, query: Query, answer: Answer) -> tuple[list[str], list[str]]:
    """Problems, and what is empty, of an answer."""
    expected = tuple(column.name for column in query.columns)
    returned = tuple(name for name, _ in answer.columns)
    if returned != expected:
        return [f"returns {returned}, expected {expected}"], []
    problems = [*_type_problems(query, answer)]
    if panel_kind in _OVER_TIME:
        problems += _time_problems(answer)
    if query.series and len({row[:2] for row in answer.rows}) != len(answer.rows):
        problems.append("has two values for one time and name")
    return problems, _empty(query, answer)


def ask(connection: psycopg.Connection, statement: str) -> Answer:
    """The answer to one statement.

    Raises:
        psycopg.Error: the database refused it.
    """
    with connection.transaction():
        cursor = connection.execute(statement.encode())
        return Answer(tuple((c.name, c.type_code) for c in cursor.description or ()), cursor.fetchall())


def _queries(panel: Panel) -> Iterator[tuple[str, Query]]:
    return ((f"{panel.about.title} [{number}]", query) for number, query in enumerate(panel.queries))


def _try_query(connection: psycopg.Connection, where: str, panel: Panel, query: Query, context: Context) -> Outcome:
    try:
        answer = ask(connection, expand(query.sql, context))
    except (psycopg.Error, MacroError) as error:
        return Outcome(where, (f"{type(error).__name__}: {error}",))
    problems, empty = judge(panel.kind, query, answer)
    return Outcome(where, tuple(problems), tuple(empty))


def _try_variable(
    connection: psycopg.Connection,
    board: Dashboard,
    variable: Variable,
    context: Context,
    wanted: str | Sequence[str] | None,
) -> tuple[str | Sequence[str], list[Outcome]]:
    """The variable's value, and the outcome of its query if it has one."""
    if variable.kind != "query":
        return wanted if wanted is not None else variable.fixed[0], []
    where = f"{board.uid}: variable {variable.name}"
    try:
        answer = ask(connection, expand(variable.sql, context))
    except (psycopg.Error, MacroError) as error:
        return [], [Outcome(where, (f"{type(error).__name__}: {error}",))]
    names = tuple(name for name, _ in answer.columns)
    problems = () if names == ("__value", "__text") else (f"returns {names}, expected __value and __text",)
    outcome = Outcome(where, problems, () if answer.rows else ("no row",))
    first = ALL if variable.every else [row[0] for row in answer.rows[:_DEVICES_CHOSEN]]
    return first if wanted is None else wanted, [outcome]


def _type_problems(query: Query, answer: Answer) -> Iterator[str]:
    for column, (name, kind) in zip(query.columns, answer.columns, strict=True):
        number = kind in _NUMBERS
        if number and column.title and not column.unit:
            yield f"shows the number {name} without a unit"
        if column.unit and not number:
            yield f"gives the unit {column.unit} to {name}, which is no number"


def _time_problems(answer: Answer) -> Iterator[str]:
    if answer.columns[0] != ("time", _TIME):
        yield "does not begin with a column `time` of the type timestamptz"
        return
    times = [row[0] for row in answer.rows]
    if None in times:
        yield "has a row without time"
    elif times != sorted(times):
        yield "is not in the order of time, which Grafana refuses"


def _empty(query: Query, answer: Answer) -> list[str]:
    if not answer.rows:
        return ["no row"]
    bare = [column for place, column in enumerate(query.columns) if all(row[place] is None for row in answer.rows)]
    return [f"no value in {_spelled(column)}" for column in bare]


def _spelled(column: Column) -> str:
    return f"{column.name} ({column.title})" if column.title else column.name
