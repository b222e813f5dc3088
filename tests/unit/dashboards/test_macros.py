from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dashboards.macros import ALL, Context, MacroError, expand, seconds_of

CONTEXT = Context(
    time_from=datetime(2026, 4, 12, 18, 0, tzinfo=UTC),
    time_to=datetime(2026, 4, 12, 18, 5, tzinfo=UTC),
    interval="30m",
    values={"payer": ALL, "model": ["a", "o'b"], "sample": "200", "device": [], "search": ""},
    all_values={"payer": "'__all'"},
)


# The left sides with their right sides are those of Grafana's own macros_test.go and template documentation.
@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("WHERE $__timeFilter(ts)", "WHERE ts BETWEEN '2026-04-12T18:00:00Z' AND '2026-04-12T18:05:00Z'"),
        ("$__timeFrom()::timestamptz", "'2026-04-12T18:00:00Z'::timestamptz"),
        ("$__timeTo()", "'2026-04-12T18:05:00Z'"),
        ("GROUP BY $__timeGroup(ts,'5m')", "GROUP BY time_bucket('300.000s',ts)"),
        ("GROUP BY $__timeGroup( ts , '5m' )", "GROUP BY time_bucket('300.000s',ts)"),
        ("SELECT $__timeGroup(ts, $__interval) AS time", "SELECT time_bucket('1800.000s',ts) AS time"),
        ("SELECT $__timeGroup(ts,'5m'), x", "SELECT time_bucket('300.000s',ts) AS \"time\", x"),
        ("SELECT $__timeGroupAlias(ts,1h) FROM", "SELECT time_bucket('3600.000s',ts) AS \"time\" FROM"),
        ("SELECT $__time(ts)", 'SELECT ts AS "time"'),
        ("x / $__interval_ms", "x / 1800000"),
        ("x / $__range_s", "x / 300"),
        ("LIMIT ${sample:raw}", "LIMIT 200"),
        ("ARRAY[${model:sqlstring}]", "ARRAY['a','o''b']"),
        ("ARRAY[${device:sqlstring}]::text[]", "ARRAY[]::text[]"),
        ("ARRAY[${payer:sqlstring}]", "ARRAY['__all']"),
        ("lower(${search:sqlstring})", "lower('')"),
    ],
)
def test_it_expands_as_grafana_does(written: str, sent: str) -> None:
    assert expand(written, CONTEXT) == sent


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("$__timeFilters(ts)", "__timeFilters"),
        ("$__timeFilter()", "time column"),
        ("$__timeGroup(ts)", "column and an interval"),
        ("$__timeGroup(ts,'5m',0)", "nobody measured"),
        ("$__timeGroup(ts,'5 minutes')", "5 minutes"),
        ("${nobody:sqlstring}", "nobody"),
        ("${model:csv}", "sqlstring"),
        ("${model}", "sqlstring"),
        ("$__unixEpochFilter(ts)", "unknown"),
    ],
)
def test_what_grafana_would_not_understand_or_we_do_not_want_is_refused(written: str, complaint: str) -> None:
    with pytest.raises(MacroError, match=complaint):
        expand(written, CONTEXT)


def test_all_needs_a_value_of_its_own() -> None:
    with pytest.raises(MacroError, match="allValue"):
        expand("${payer:sqlstring}", replace(CONTEXT, all_values={}))


def test_times_are_sent_in_utc_and_naive_ones_refused() -> None:
    stockholm = timezone(timedelta(hours=2))
    local = replace(CONTEXT, time_from=datetime(2026, 4, 12, 20, 0, tzinfo=stockholm))
    assert expand("$__timeFrom()", local) == "'2026-04-12T18:00:00Z'"
    with pytest.raises(ValueError, match="naive"):
        expand("$__timeFrom()", replace(CONTEXT, time_from=datetime(2026, 4, 12)))  # noqa: DTZ001 - refused


@pytest.mark.parametrize(("interval", "seconds"), [("500ms", 0.5), ("10s", 10), ("1d", 86_400), ("1w", 604_800)])
def test_intervals(interval: str, seconds: float) -> None:
    assert seconds_of(interval) == seconds
