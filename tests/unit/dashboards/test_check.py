"""Negative controls: each rule of the checker finds the fault it is for, and only that."""

import copy
from collections.abc import Callable

import pytest

from dashboards.build import all_dashboards
from dashboards.check import problems
from dashboards.panels import Json
from fleet.registry import load_registry

SOUND = next(b for b in all_dashboards(load_registry()) if b.uid == "fk-class-wheelchair").to_json()


def panel(board: Json, kind: str) -> Json:
    found: Json = next(p for p in board["panels"] if p["type"] == kind)
    return found


def sql(change: Callable[[str], str]) -> Callable[[Json], None]:
    def harm(board: Json) -> None:
        target = panel(board, "timeseries")["targets"][0]
        target["rawSql"] = change(target["rawSql"])

    return harm


def harm_ids(board: Json) -> None:
    board["panels"][1]["id"] = board["panels"][2]["id"]


def harm_places(board: Json) -> None:
    board["panels"][2]["gridPos"] = dict(board["panels"][1]["gridPos"])


def harm_width(board: Json) -> None:
    board["panels"][-1]["gridPos"]["x"] = 20


def harm_uid(board: Json) -> None:
    board["uid"] = "fk-" + "x" * 40


def harm_description(board: Json) -> None:
    panel(board, "table")["description"] = "Bara svenska"


def harm_source(board: Json) -> None:
    panel(board, "table")["targets"][0]["datasource"] = {"type": "postgres", "uid": "other"}


def harm_unit(board: Json) -> None:
    del panel(board, "timeseries")["fieldConfig"]["defaults"]["unit"]


def harm_absence(board: Json) -> None:
    panel(board, "stat")["fieldConfig"]["defaults"]["noValue"] = "0"


def harm_gaps(board: Json) -> None:
    panel(board, "timeseries")["fieldConfig"]["defaults"]["custom"]["spanNulls"] = True


def harm_text(board: Json) -> None:
    panel(board, "text")["options"]["mode"] = "html"


def harm_every(board: Json) -> None:
    variable = next(v for v in board["templating"]["list"] if v["name"] == "payer")
    del variable["allValue"]


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (harm_ids, "is used 2 times"),
        (harm_places, "lie on each other"),
        (harm_width, "24 columns"),
        (harm_uid, "longer than 40"),
        (harm_description, "both languages"),
        (harm_source, "another data source"),
        (harm_unit, "a unit is missing"),
        (harm_absence, "must read 'okänt'"),
        (harm_gaps, "over missing values"),
        (harm_text, "may carry scripts"),
        (harm_every, "allValue in quotes"),
        (sql(lambda text: text + " -- time_bucket_gapfill(1)"), "Apache edition"),
        (sql(lambda text: text + " -- $__timeGroup(ts, '1h', 0)"), "fills gaps"),
        (sql(lambda text: text + " AND x IN (${payer:sqlstring})"), "nothing is chosen"),
        (sql(lambda text: text + " AND x = $payer"), "without :sqlstring"),
        (sql(lambda text: text + " AND x = '${payer}'"), "without :sqlstring"),
        (sql(lambda text: text.replace("FROM device d", "FROM device_state d")), "may not see"),
    ],
)
def test_each_harm_is_found(harm: Callable[[Json], None], complaint: str) -> None:
    board = copy.deepcopy(SOUND)
    assert problems(board) == []
    harm(board)
    found = problems(board)
    assert found
    assert all(complaint in problem for problem in found)
