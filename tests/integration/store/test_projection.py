"""The reference tables say what the profiles say, no more and no less than is safe."""

from collections.abc import Callable
from dataclasses import replace

import psycopg

from fleet.plumbing.store.projection import project
from fleet.profile import DeviceProfile
from fleet.registry import load_registry
from fleet.usage import AtLeast
from tests.fixtures.database import Database
from tests.integration.store.probe import PROBE, registry


def _rows(connection: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(query.encode()).fetchall()


def test_every_profile_is_in_the_tables_whole(database: Database) -> None:
    wanted: dict[str, Callable[[DeviceProfile], int]] = {
        "metric": lambda profile: len(profile.metrics),
        "event_kind": lambda profile: len(profile.all_events),
        "fault_code": lambda profile: len(profile.faults),
        "fault_native": lambda profile: len(profile.faults_by_native),
        "alarm_rule": lambda profile: len(profile.rules),
        "idle_policy": lambda profile: len(profile.idle_policies),
        "usage_measure": lambda profile: len(profile.usage.measures),
        "usage_clause": lambda profile: len(profile.usage.used_when),
        "device_model": lambda profile: len({model.key for model in profile.models}),
    }
    with psycopg.connect(database.api) as connection:
        for table, count in wanted.items():
            rows = _rows(connection, f"TABLE {table}")
            for profile in load_registry():
                assert sum(profile.name in row for row in rows) == count(profile), (table, profile.name)


def test_one_row_of_each_table_in_full(own_world: Database) -> None:
    with psycopg.connect(own_world.api) as connection:
        assert _rows(connection, "SELECT * FROM device_class WHERE name = 'probe'") == [
            ("probe", "probe på svenska", "probe in English", 0, "reason på svenska", "reason in English")
        ]
        assert _rows(connection, "SELECT * FROM metric WHERE device_class = 'probe' AND key = 'dose.count'") == [
            ("probe", "dose.count", "dose_count", "1", "count", "care", 0.0, 100.0, None, "",
             "dose.count på svenska", "dose.count in English")
        ]  # fmt: skip
        assert _rows(
            connection, "SELECT system, code, fault_code FROM fault_native WHERE device_class = 'probe' ORDER BY code"
        ) == [
            ("probe", "1", "PR-01"),
            ("probe", "2", "PR-01"),
            ("probe", "care", "PR-care"),
            ("probe", "clinical", "PR-clinical"),
        ]
        assert _rows(
            connection, "SELECT name, audience, safety FROM alarm_rule WHERE device_class = 'probe' ORDER BY name"
        ) == [
            ("care_silence", "care", False),
            ("clinical_silence", "clinical", False),
            ("technical_silence", "technical", False),
        ]


def test_again_writes_nothing(own_world: Database) -> None:
    with psycopg.connect(own_world.owner) as connection:
        assert project(connection, registry(PROBE)) == {}


def test_only_what_changed_is_written(own_world: Database) -> None:
    metrics = (replace(PROBE.metrics[0], high=50), *PROBE.metrics[1:])
    with psycopg.connect(own_world.owner) as connection:
        assert project(connection, registry(replace(PROBE, metrics=metrics))) == {"metric": 1}
        assert _rows(connection, "SELECT high FROM metric WHERE device_class = 'probe' AND key = 'battery.soc'") == [
            (50.0,)
        ]


def test_what_would_still_decide_something_goes_and_history_stays(own_world: Database) -> None:
    fewer = replace(
        PROBE,
        usage=replace(PROBE.usage, used_when=(AtLeast("doses", 1),)),
        faults=(replace(PROBE.faults[0], code="PR-02", native=PROBE.faults[0].native[:1]),),
        rules=PROBE.rules[:1],
    )
    with psycopg.connect(own_world.owner) as connection:
        project(connection, registry(fewer))
        assert _rows(connection, "SELECT measure FROM usage_clause WHERE device_class = 'probe'") == [("doses",)]
        assert _rows(
            connection, "SELECT code, fault_code FROM fault_native WHERE device_class = 'probe' ORDER BY code"
        ) == [("1", "PR-02")]
        assert _rows(connection, "SELECT name FROM alarm_rule WHERE device_class = 'probe'") == [("technical_silence",)]
        assert _rows(connection, "SELECT code FROM fault_code WHERE device_class = 'probe' ORDER BY code") == [
            ("PR-01",),
            ("PR-02",),
            ("PR-care",),
            ("PR-clinical",),
        ]
        assert _rows(connection, "SELECT count(*) > 2 FROM usage_clause WHERE device_class <> 'probe'") == [(True,)]


def test_a_price_is_given_once(own_world: Database) -> None:
    dearer = replace(PROBE, models=(replace(PROBE.models[0], rent_sek=999.0),))
    with psycopg.connect(own_world.owner) as connection:
        project(connection, registry(dearer))
        prices = _rows(connection, "SELECT rent_sek::integer FROM model_price WHERE model_key = 'probe-one'")
    assert prices == [(100,)]


def test_the_first_description_of_a_model_split_by_firmware_speaks_for_it(own_world: Database) -> None:
    split = replace(
        PROBE,
        models=(
            replace(PROBE.models[0], firmware_below="2.0"),
            replace(PROBE.models[0], name="One after 2.0", firmware_from="2.0"),
        ),
    )
    with psycopg.connect(own_world.owner) as connection:
        project(connection, registry(split))
        assert _rows(connection, "SELECT name FROM device_model WHERE model_key = 'probe-one'") == [("One",)]
