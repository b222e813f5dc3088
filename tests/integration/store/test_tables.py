"""Tables and views from a profile: their shape, what may change, and what is refused because it would lose readings."""

from dataclasses import replace

import psycopg
import pytest

from fleet.errors import ConfigurationError, ProfileError
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.tables import audience_metrics, check_names, metric_columns, shape_table
from fleet.registry import load_registry
from fleet.signals import Audience, Kind, Metric
from tests.fixtures.database import Database
from tests.integration.store.probe import PROBE, metric, registry, with_metrics

FIXED = ["device_no", "ts", "received_at", "boot", "seq"]


def _columns(database: Database, relation: str) -> dict[str, str]:
    with psycopg.connect(database.superuser) as connection:
        rows = connection.execute(
            "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
            [relation],
        )
        return dict(rows.fetchall())


def test_every_profile_has_a_table_with_its_columns_and_a_view_per_audience(database: Database) -> None:
    for profile in load_registry():
        present = _columns(database, f"reading_{profile.name}")
        wanted = {m.column: m.kind.column_type for m in metric_columns(profile)}
        assert {column: present[column] for column in wanted} == wanted
        assert len(present) == len(wanted) + 7
        for audience, metrics in audience_metrics(profile).items():
            shown = list(_columns(database, f"reading_{profile.name}_{audience}"))
            assert shown == ["device_id", *FIXED, "clock_corrected", *(m.column for m in metrics)]


def test_a_table_is_a_hypertable_of_weeks_with_its_key_and_a_small_index(own_world: Database) -> None:
    with psycopg.connect(own_world.superuser) as connection:
        row = connection.execute(
            "SELECT column_name::text, time_interval FROM timescaledb_information.dimensions"
            " WHERE hypertable_name = 'reading_probe'"
        ).fetchone()
        indexes = connection.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'reading_probe'").fetchall()
    assert row is not None
    assert (row[0], row[1].days) == ("ts", 7)
    assert {index.rsplit("USING ")[1] for (index,) in indexes} == {
        "btree (device_no, ts, boot, seq)",
        "brin (received_at)",
    }


def test_unit_and_title_stand_beside_the_column(own_world: Database) -> None:
    with psycopg.connect(own_world.superuser) as connection:
        for relation in ("reading_probe", "reading_probe_technical"):
            row = connection.execute(
                "SELECT col_description(attrelid, attnum) FROM pg_attribute"
                " WHERE attrelid = %s::regclass AND attname = 'battery_soc'",
                [relation],
            ).fetchone()
            assert row == ("[1] battery.soc på svenska / battery.soc in English",)


def test_a_new_metric_adds_a_column_and_its_view_and_keeps_the_rows(own_world: Database) -> None:
    more = with_metrics(*PROBE.metrics, metric("motor.heat"), metric("body.fat", Audience.CLINICAL))
    change = next(c for c in migrate(own_world.owner, registry(more)).tables if c.table == "reading_probe")
    assert (change.made, change.columns_added) == (False, ("motor_heat", "body_fat"))
    assert change.views_made == ("reading_probe_technical", "reading_probe_clinical")
    with psycopg.connect(own_world.ingest) as connection:
        row = connection.execute("SELECT count(*), count(battery_soc), count(motor_heat) FROM reading_probe").fetchone()
    assert row is not None
    assert row[0] > row[1] > row[2] == 0
    assert "motor_heat" in _columns(own_world, "reading_probe_technical")
    assert "motor_heat" not in _columns(own_world, "reading_probe_clinical")


def test_a_metric_that_becomes_more_sensitive_leaves_its_old_view(own_world: Database) -> None:
    moved = replace(
        PROBE, metrics=(*PROBE.metrics[:1], replace(PROBE.metrics[1], audience=Audience.CLINICAL), *PROBE.metrics[2:])
    )
    migrate(own_world.owner, registry(moved))
    assert "dose_count" in _columns(own_world, "reading_probe_clinical")
    with pytest.raises(psycopg.errors.UndefinedTable):
        _columns(own_world, "reading_probe_care")


@pytest.mark.parametrize(
    ("metrics", "sentence"),
    [
        (PROBE.metrics[:-1], "lacks the metric of 'lid_open'"),
        (
            (*PROBE.metrics[:-1], metric("lid.open", kind=Kind.COUNT)),
            "holds 'lid_open' as integer, but reading_probe as boolean",
        ),
    ],
)
def test_less_than_the_database_holds_is_refused(
    own_world: Database, metrics: tuple[Metric, ...], sentence: str
) -> None:
    less = replace(PROBE, metrics=metrics)
    before = _columns(own_world, "reading_probe")
    with pytest.raises(ConfigurationError, match=sentence):
        migrate(own_world.owner, registry(less))
    assert _columns(own_world, "reading_probe") == before


def test_a_class_without_a_profile_is_left_as_it_is(own_world: Database) -> None:
    migrate(
        own_world.owner,
        registry(replace(PROBE, name="other", models=(replace(PROBE.models[0], key="other-one"),), faults=())),
    )
    assert "lid_open" in _columns(own_world, "reading_probe")


@pytest.mark.parametrize("key", ["ts", "device.no", "device_id", "seq", "unknown", "a" * 64])
def test_a_metric_cannot_take_a_column_of_the_table(key: str) -> None:
    with pytest.raises(ProfileError, match="cannot have the column"):
        check_names(registry(with_metrics(metric(key))))


def test_two_classes_cannot_share_a_name() -> None:
    other = replace(PROBE, name="probe_care", models=(replace(PROBE.models[0], key="other"),), faults=())
    with pytest.raises(ProfileError, match="reading_probe_care"):
        check_names(registry(PROBE, other))
    with pytest.raises(ProfileError, match="longer than 63"):
        check_names(registry(replace(PROBE, name="p" * 50)))


def test_odd_names_are_quoted(own_world: Database) -> None:
    models = (replace(PROBE.models[0], key="select-one"),)
    odd = replace(with_metrics(metric("order"), metric("user.table")), name="select", models=models)
    with psycopg.connect(own_world.owner) as connection:
        change = shape_table(connection, odd)
    assert change.made
    assert "user_table" in _columns(own_world, "reading_select_technical")
