"""Grafana's provisioning files: they fit the dashboards, and the alert rules judge rightly in Grafana's role."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from dashboards.build import COMMITTED, all_dashboards
from dashboards.dashboard import Folder
from dashboards.panels import DATASOURCE
from dashboards.trial import ask
from fleet.registry import load_registry
from tests.fixtures.database import Database
from tests.integration.dashboards.conftest import Filled
from tests.integration.dashboards.month import utc_now

PROVISIONING = Path(__file__).resolve().parents[3] / "deploy" / "grafana" / "provisioning"


def read(name: str) -> Any:
    return yaml.safe_load((PROVISIONING / name).read_text(encoding="utf-8"))


RULES = {rule["uid"]: rule for group in read("alerting/rules.yaml")["groups"] for rule in group["rules"]}


def value_of(connection: psycopg.Connection, uid: str) -> float | None:
    rows = ask(connection, RULES[uid]["data"][0]["model"]["rawSql"]).rows
    assert len(rows) <= 1
    return rows[0][1] if rows else None


def fires(connection: psycopg.Connection, uid: str) -> bool:
    """Judges as Grafana does: reduce to the newest value, hold it against the limit, no row by noDataState."""
    value = value_of(connection, uid)
    if value is None:
        return bool(RULES[uid]["noDataState"] == "Alerting")
    evaluator = RULES[uid]["data"][2]["model"]["conditions"][0]["evaluator"]
    limit = evaluator["params"][0]
    return bool(value > limit if evaluator["type"] == "gt" else value < limit)


def test_every_data_source_is_the_one_that_dashboards_and_rules_name() -> None:
    (source,) = read("datasources/timescaledb.yaml")["datasources"]
    assert {"type": source["type"], "uid": source["uid"]} == DATASOURCE
    assert source["secureJsonData"] == {"password": "$FJARRKOLL_GRAFANA_DATABASE_PASSWORD"}
    assert source["user"] == "fjarrkoll_grafana"


def test_every_folder_of_dashboards_is_provided_under_its_name() -> None:
    providers = read("dashboards/fjarrkoll.yaml")["providers"]
    found = {(p["folderUid"], p["folder"], Path(p["options"]["path"]).name) for p in providers}
    assert found == {(folder.uid, folder.title, folder.directory) for folder in Folder}
    assert {path.parent.name for path in COMMITTED.glob("*/*.json")} == {folder.directory for folder in Folder}


@pytest.mark.parametrize("uid", RULES)
def test_a_rule_asks_reduces_and_compares_and_leads_to_a_panel(
    uid: str, grafana: psycopg.Connection, filled: Filled
) -> None:
    rule = RULES[uid]
    asked, reduced, compared = rule["data"]
    model = asked["model"]
    assert asked["datasourceUid"] == model["datasource"]["uid"] == DATASOURCE["uid"]
    assert (reduced["model"]["expression"], compared["model"]["expression"]) == ("A", "B")
    assert rule["condition"] == compared["refId"] == "C"
    answer = ask(grafana, model["rawSql"])
    assert [name for name, _ in answer.columns] == ["time", "value"]
    assert [kind for _, kind in answer.columns] == [1184, 701]
    assert len(answer.rows) == 1
    board = next(b for b in all_dashboards(load_registry()) if b.uid == rule["dashboardUid"])
    assert rule["panelId"] in {panel.id for panel in board.panels}
    assert {"summary", "description"} <= rule["annotations"].keys()


def test_no_dollar_sign_stands_in_the_rules() -> None:
    assert "$" not in (PROVISIONING / "alerting/rules.yaml").read_text(encoding="utf-8")


def test_mail_and_routes_name_each_other() -> None:
    (point,) = read("alerting/contact-points.yaml")["contactPoints"]
    (policy,) = read("alerting/policies.yaml")["policies"]
    assert policy["receiver"] == point["name"]
    assert point["receivers"][0]["settings"]["addresses"] == "$FJARRKOLL_OPERATIONS_EMAIL"


def test_rules_fire_when_they_must_and_rest_when_all_is_well(database: Database) -> None:
    with (
        psycopg.connect(database.grafana, autocommit=True) as grafana,
        psycopg.connect(database.owner, autocommit=True) as owner,
    ):
        assert fires(grafana, "fk-ingest-behind"), "no watermark means that nobody knows"
        assert not fires(grafana, "fk-quarantine-burst")
        mark = "INSERT INTO ingest_watermark VALUES ('a', %s, %s) ON CONFLICT (shard) DO UPDATE SET at = excluded.at"
        owner.execute(mark + ", statistics = excluded.statistics", [utc_now(), '{"broker_dropped": 0}'])
        assert not fires(grafana, "fk-ingest-behind")
        assert not fires(grafana, "fk-broker-drops")
        owner.execute("INSERT INTO ingest_watermark VALUES ('b', %s, %s)", [utc_now() - timedelta(minutes=5), "{}"])
        assert fires(grafana, "fk-ingest-behind"), "one shard behind is enough"
        owner.execute("UPDATE ingest_watermark SET statistics = '{\"broker_dropped\": 3}' WHERE shard = 'a'")
        assert fires(grafana, "fk-broker-drops")
        owner.execute(
            "INSERT INTO quarantine (topic, reason, advice, payload, payload_bytes, payload_sha256, received_at,"
            " last_at) SELECT 't', 'not_json', 'x', '', 0, int4send(n), now(), now() FROM generate_series(1, 101)"
            " AS n"
        )
        assert fires(grafana, "fk-quarantine-burst")


def test_a_fleet_that_falls_silent_is_seen(database: Database) -> None:
    model = load_registry()["scale"].models[0].key
    with (
        psycopg.connect(database.grafana, autocommit=True) as grafana,
        psycopg.connect(database.owner, autocommit=True) as owner,
    ):
        assert not fires(grafana, "fk-fleet-silent")
        owner.execute(
            "INSERT INTO device (device_id, individual_number, device_class, model_key, enrolled_at)"
            " SELECT 'd-00' || n, 'i' || n, 'scale', %s, now() FROM generate_series(1, 30) AS n",
            [model],
        )
        owner.execute("INSERT INTO device_state (device_no, last_seen_at) SELECT device_no, now() FROM device")
        assert not fires(grafana, "fk-fleet-silent")
        owner.execute("UPDATE device_state SET last_seen_at = now() - interval '2 hours' WHERE device_no % 10 <> 0")
        assert fires(grafana, "fk-fleet-silent")
