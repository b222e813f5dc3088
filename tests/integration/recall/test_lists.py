"""The list that goes out and comes back: real workbooks, filled in as a person does, and what becomes of every row."""

import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pytest

from diagnostics.app import build_app
from diagnostics.lists.columns import PICKUP_KINDS, Layout, load_layout
from diagnostics.queries import load
from diagnostics.recall import repository
from diagnostics.resources import Resources
from fleet.errors import ConfigurationError
from fleet.plumbing.sheets import Limits, read_table, write_workbook
from fleet.plumbing.store.scope import Scope
from tests.fixtures.database import Database, MakePayer
from tests.integration.recall.conftest import NOW, TODAY, Api, MakeToken, Prove, Store, Town
from tests.integration.recall.many import many_cases
from tests.integration.recall.test_cases import WHY
from tests.integration.store.sight import set_scope
from tests.unit.sheets.hostile import lying, rows, workbook

LIMITS = Limits(file_bytes=4 * 1024**2, unpacked_bytes=64 * 1024**2, rows=50_000)
NEEDED = ("Ärende", "Individnummer", "Svar")
Fill = Callable[[dict[str, Any]], None]


def refill(content: bytes, fill: Fill, layout: Layout | None = None) -> bytes:
    """Opens a list, lets a person fill in its rows, and saves it as another program would."""
    columns = (layout or load_layout()).columns
    titles = {column.field: " ".join(column.title.casefold().split()) for column in columns}
    table = read_table(content, [titles["case_id"]], LIMITS)
    out = BytesIO()
    filled = []
    for row in table.rows:
        cells = {field: row.cells.get(title) for field, title in titles.items()}
        fill(cells)
        filled.append([cells[column.field] for column in columns])
    write_workbook(out, sheet="Blad1", columns=columns, rows=filled)
    return out.getvalue()


async def send(api: Api, token: str, content: bytes, **query: Any) -> Any:
    return await api.call("POST", "recalls/answers", token, content=content, params={"file_name": "svar.xlsx", **query})


async def proposed(api: Api, token: str, prove: Prove, town: Town) -> None:
    for device in (town.chair, town.dispenser, town.elsewhere):
        prove(device.device_no)
    assert (await api.post("recalls", token, WHY)).json()["proposed"] == 3


async def test_a_list_goes_out_is_filled_in_and_its_answers_are_taken(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    analyst = make_token("analyst")
    await proposed(api, analyst, prove, town)
    file = await api.get("recalls/list", analyst)
    assert file.headers["content-disposition"].endswith(f'aterlamning-{TODAY}.xlsx"')
    until = (TODAY + timedelta(days=30)).isoformat()

    def fill(row: dict[str, Any]) -> None:
        if row["individual_number"] == "A-1":
            row["answer"] = "Kan hämtas"
        elif row["individual_number"] == "A-2":
            row |= {"answer": "behövs", "answer_reason": "används på sommaren", "snooze_until": until}

    answered = refill(file.content, fill)
    trial = (await send(api, analyst, answered, dry_run=True)).json()
    assert (trial["taken"], trial["dry_run"]) == (2, True)
    assert store.all("SELECT DISTINCT state FROM recall_case") == [("proposed",)]
    report = (await send(api, analyst, answered)).json()
    assert (report["rows"], report["without_answer"], report["taken"], report["refused"]) == (3, 1, 2, 0)
    states = dict(store.all("SELECT individual_number, state FROM recall_case"))
    assert states == {"A-1": "confirmed_unused", "A-2": "needed", "B-1": "proposed"}
    assert store.all("SELECT snoozed_until::text, why FROM recall_case WHERE state = 'needed'") == [
        (until, "används på sommaren")
    ]
    again = (await send(api, analyst, answered)).json()
    assert (again["taken"], again["unchanged"], again["refused"]) == (0, 2, 0)
    assert store.all("SELECT taken, unchanged FROM import_run ORDER BY at") == [(2, 0), (0, 2)]


async def test_each_row_that_is_not_taken_says_why_and_is_kept(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    analyst = make_token("analyst")
    await proposed(api, analyst, prove, town)
    content = (await api.get("recalls/list", analyst)).content
    wrong: dict[str, dict[str, Any]] = {
        "A-1": {"answer": "kanske"},
        "A-2": {"answer": "behövs"},
        "B-1": {"answer": "kan hämtas", "individual_number": "A-1"},
    }
    report = (await send(api, analyst, refill(content, lambda row: row.update(wrong[row["individual_number"]])))).json()
    said = " ".join(outcome["reason"]["sv"] for outcome in report["outcomes"])
    assert (report["taken"], report["refused"]) == (0, 3)
    assert "inget av orden" in said
    assert "varför" in said
    assert "Inget ärende" in said
    kept = store.all("SELECT row_no, reason, cells ->> 'individnummer' FROM import_refusal ORDER BY row_no")
    assert [row for row, _, _ in kept] == [2, 3, 4]
    personal = {"answer": "behövs", "answer_reason": "ring 191212121212"}
    report = (await send(api, analyst, refill(content, lambda row: row.update(personal)))).json()
    assert report["refused"] == 3
    assert "personnummer" in report["outcomes"][0]["reason"]["sv"]


async def test_a_unit_answers_for_its_own_devices_only(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    analyst, unit = make_token("analyst"), make_token("prescriber_unit", payers=[town.payer])
    await proposed(api, analyst, prove, town)
    own = await api.get("recalls/list", unit)
    assert own.headers["x-rows"] == "2"
    whole = (await api.get("recalls/list", analyst)).content
    report = (await send(api, unit, refill(whole, lambda row: row.update(answer="kan hämtas")))).json()
    assert (report["taken"], report["refused"]) == (2, 1)
    assert store.all("SELECT individual_number FROM recall_case WHERE state = 'proposed'") == [("B-1",)]
    assert (await send(api, make_token("carer"), whole)).status_code == 403


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lying(workbook(rows(f'<row r="2"><c r="A2"><v>{"1" * 9_000_000}</v></c></row>')), "xl/worksheets/sheet1.xml"),
         "Excelbok"),
        (workbook("<sheetData/>"), "Ingen flik"),
        (b"", "Ingen flik"),
        (bytes(4 * 1024**2 + 1), "4 MiB"),
    ],
    ids=["lies", "no list", "empty", "large"],
)  # fmt: skip
async def test_a_hostile_list_is_refused_as_a_whole(
    api: Api, make_token: MakeToken, content: bytes, sentence: str
) -> None:
    answer = await api.call(
        "POST", "recalls/answers", make_token("analyst"), content=content, headers={"accept-language": "sv"}
    )
    assert answer.status_code in {413, 422}
    assert sentence in answer.json()["detail"]


async def test_the_csv_is_for_a_swedish_excel(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    analyst = make_token("analyst")
    prove(town.chair.device_no)
    store.execute("UPDATE device SET individual_number = '=HYPERLINK(1)' WHERE device_no = %s", town.chair.device_no)
    await api.post("recalls", analyst, WHY)
    answer = await api.get("recalls/list", analyst, format="csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert lines[0].startswith("Ärende;Individnummer;")
    assert ";'=HYPERLINK(1);" in lines[1]
    assert ";410,00;" in lines[1]


async def test_the_letter_is_about_devices_and_the_units_are_known(
    api: Api, make_token: MakeToken, make_payer: MakePayer, database: Database, town: Town
) -> None:
    many_cases(database, town.payer.payer_id, 3)
    analyst = make_token("analyst")
    [unit] = (await api.get("recalls/units", analyst)).json()["items"]
    assert (unit["prescriber"]["code"], unit["cases"], unit["rent_sek_per_month"]) == ("rehab-1", 3, "375.00")
    body = (await api.get("recalls/letter", analyst, prescriber="rehab-1")).json()
    assert body["devices"] == 3
    assert body["subject"].startswith("3 hjälpmedel")
    assert "Till Rehab 1" in body["body"]
    assert "individnummer 0000001" in body["body"]
    assert "Ingenting hämtas innan ni har svarat" in body["body"]
    assert (await api.get("recalls/letter", analyst, prescriber="rehab-9")).status_code == 404
    other = make_token("prescriber_unit", payers=[town.other])
    assert (await api.get("recalls/letter", other, prescriber="rehab-1")).status_code == 404


async def test_columns_follow_the_order_systems_words(
    resources: Resources, make_token: MakeToken, town: Town, prove: Prove, tmp_path: Path
) -> None:
    import httpx  # noqa: PLC0415 - an API with other settings than the fixture's

    mapping = tmp_path / "columns.toml"
    mapping.write_text(
        'sheet = "Sesam"\n[[column]]\nfield = "individual_number"\ntitle = "Individ"\n'
        '[[column]]\nfield = "case_id"\ntitle = "Referens"\n[[column]]\nfield = "answer"\ntitle = "Beslut"\n',
        encoding="utf-8",
    )
    resources.list_layout = load_layout(mapping)
    transport = httpx.ASGITransport(app=build_app(resources))
    async with httpx.AsyncClient(transport=transport, base_url="http://api", timeout=30) as client:
        api, token = Api(client), make_token("analyst")
        prove(town.chair.device_no)
        await api.post("recalls", token, WHY)
        content = (await api.get("recalls/list", token)).content
        assert read_table(content, ["Individ", "Referens", "Beslut"], LIMITS).sheet == "Sesam"
        answered = refill(content, lambda row: row.update(answer="kan hämtas"), resources.list_layout)
        assert (await send(api, token, answered)).json()["taken"] == 1


@pytest.mark.parametrize(
    "text",
    ['sheet = "x"\n', "no toml", 'sheet = "x"\n[[column]]\nfield = "answer"\ntitle = "A"\n',
     'sheet = "x"\n[[column]]\nfield = "name"\ntitle = "Namn"\n'],
)  # fmt: skip
def test_a_mapping_that_cannot_work_is_refused_at_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "columns.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="FJARRKOLL_LIST_COLUMNS"):
        load_layout(path)


async def test_lists_and_pages_stay_quick_with_thousands_of_cases(
    api: Api, make_token: MakeToken, make_payer: MakePayer, database: Database
) -> None:
    """3,000 here; benchmarks/recall_lists.py has the region's 21,000. CPU time of this process, where the API runs."""
    many_cases(database, make_payer("kommun-a").payer_id, 3000)
    token = make_token("analyst")
    began = time.process_time()
    file = await api.get("recalls/list", token)
    assert time.process_time() - began < 10 * 3000 / 21_000 * 2, "twice the share of 10 s, for a busy machine"
    assert file.headers["x-rows"] == "3000"
    assert len(read_table(file.content, NEEDED, LIMITS).rows) == 3000


def test_a_page_is_read_from_an_index_however_many_cases_there_are(database: Database, make_payer: MakePayer) -> None:
    payer = make_payer("kommun-a")
    many_cases(database, payer.payer_id, 3000)
    statement = load(Path(repository.__file__).parent)["cases"]
    filters = {**repository.NO_FILTER, "today": TODAY, "limit": 51, "after": None}
    scopes = (Scope.everything(), Scope(payers=frozenset({payer.payer_id}), frames=frozenset({"HSL"})))
    with psycopg.connect(database.api) as connection:
        for scope in scopes:
            set_scope(connection, scope)
            for more in ({}, {"after": 1500}, {"states": ["proposed"]}, {"payer": "kommun-a"}):
                plan = connection.execute(
                    b"EXPLAIN (ANALYZE, FORMAT JSON) " + statement.as_bytes(), {**filters, **more}
                )
                row = plan.fetchone()
                assert row is not None
                assert rows_read(row[0][0]["Plan"], "recall_case") <= 200, more
                assert row[0][0]["Execution Time"] < 100, more


def rows_read(plan: dict[str, Any], relation: str) -> float:
    """How many rows of a table a plan touched, those filtered away too."""
    own = 0.0
    if plan.get("Relation Name") == relation:
        own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return own + sum(rows_read(part, relation) for part in plan.get("Plans", []))


def test_a_column_of_the_board_has_those_that_have_waited_longest_in_their_state(
    database: Database, make_payer: MakePayer, store: Store
) -> None:
    """An old case whose step has just begun waits behind a young one that nobody has touched."""
    many_cases(database, make_payer("kommun-a").payer_id, 6)
    store.execute("ALTER TABLE recall_case DISABLE TRIGGER USER")
    store.execute("UPDATE recall_case SET state = 'proposed', changed_at = now() - case_id * interval '1 hour'")
    newest = [number for (number,) in store.all("SELECT case_id FROM recall_case ORDER BY case_id DESC")]
    statement = load(Path(repository.__file__).parent)["pressing"]
    asked = {"device_class": None, "payer": None, "prescriber": None, "states": ["proposed"], "most": 4}
    with psycopg.connect(database.api) as connection:
        set_scope(connection, Scope.everything())
        found = [number for (number,) in connection.execute(statement, asked)]
    assert found == newest[:4]


async def test_the_pick_up_list_has_what_is_ordered_the_most_pressing_first(
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store
) -> None:
    analyst = make_token("analyst", name="analyst")
    await proposed(api, analyst, prove, town)
    store.execute("INSERT INTO depot (code, name) VALUES ('norr', 'Depå Norr')")
    store.execute("UPDATE device SET depot_id = (SELECT depot_id FROM depot)")
    cases = {i["individual_number"]: i["case_id"] for i in (await api.get("recalls", analyst)).json()["items"]}
    for number in ("A-1", "B-1"):
        for action, more in (("confirm", {}), ("order", {"order_number": f"H-{number}"})):
            moved = {"action": action, "why": "så är det", **more}
            assert (await api.post(f"recalls/{cases[number]}/move", analyst, moved)).status_code == 200
    store.execute("ALTER TABLE recall_case DISABLE TRIGGER recall_moves")
    late = TODAY - timedelta(days=3)
    store.execute("UPDATE recall_case SET pick_up_by = %s WHERE individual_number = 'B-1'", late)
    file = await api.get("recalls/pick-ups", analyst)
    assert file.headers["content-disposition"].endswith(f'hamtlista-{TODAY}.xlsx"')
    table = read_table(file.content, ["Hämtorder", "Individnummer", "Depå"], LIMITS)
    assert [row.cells["individnummer"] for row in table.rows] == ["B-1", "A-1"]
    assert [row.cells["försenad"] for row in table.rows] == ["ja", "nej"]
    assert table.rows[0].cells["hämtas senast"] == late
    assert table.rows[1].cells["hämtorder"] == "H-A-1"
    assert table.rows[1].cells["depå"] == "Depå Norr"
    assert table.rows[1].cells["arbetsdagar kvar"] == 7
    csv = (await api.get("recalls/pick-ups", analyst, format="csv", overdue=True)).content.decode("utf-8-sig")
    assert csv.count("\r\n") == 2
    assert [line[1] for line in store.audit()][-2:] == ["recalls.pick_ups"] * 2
    assert (await api.get("recalls/pick-ups", make_token("carer"))).status_code == 403


async def test_a_list_tells_how_far_it_is_while_it_is_made(
    api: Api, make_token: MakeToken, make_payer: MakePayer, database: Database
) -> None:
    many_cases(database, make_payer("kommun-a").payer_id, 1200)
    answer = await api.get("recalls/list", make_token("analyst"), progress=True)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [(line["rows"], line["of"]) for line in lines[:-1]] == [(500, 1200), (1000, 1200), (1200, 1200)]
    assert lines[-1]["name"].endswith(".xlsx")
    assert len(read_table(base64.b64decode(lines[-1]["content"]), NEEDED, LIMITS).rows) == lines[-1]["rows"] == 1200


async def test_the_idle_list_goes_out_with_its_denominators(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    number = town.chair.device_no
    days = [TODAY - timedelta(days=ago) for ago in range(29)]
    store.days(number, "wheelchair", heard=days, used=days[25:])
    store.heard(number, first=NOW - timedelta(days=29), used=days[25])
    store.judge()
    analyst = make_token("analyst", name="analyst")
    file = await api.get("idle/list", analyst)
    table = read_table(file.content, ["Individnummer", "Omdöme", "Skäl"], LIMITS)
    [row] = table.rows
    assert (row.cells["individnummer"], row.cells["omdöme"], row.cells["senast använd"]) == ("A-1", "oanvänt", days[25])
    assert "dagar med data" in str(row.cells["skäl"])
    figures = read_table(file.content, ["Vad", "Hjälpmedel"], LIMITS).rows
    counted = {row.cells["vad"]: row.cells["hjälpmedel"] for row in figures}
    assert (counted["Alla hjälpmedel"], counted["Utlånade"], counted["… bevisat oanvända"]) == (4, 3, 1)
    assert counted["Utlånade som vi inget vet om"] == 2
    payers = read_table(file.content, ["Betalare", "Kan rapportera", "Besparing kr/mån"], LIMITS).rows
    assert {row.cells["betalare"] for row in payers} == {"Kommun-A", "Kommun-B"}
    silent = await api.get("idle/list", analyst, verdict="never_connected", format="csv")
    text = silent.content.decode("utf-8-sig")
    assert text.count("okänt: aldrig anslutet") == 2
    unit = await api.get("idle/list", make_token("prescriber_unit", payers=[town.other]))
    assert read_table(unit.content, ["Individnummer"], LIMITS).rows == []
    assert [line[1] for line in store.audit()] == ["idle.export"] * 3
    assert (await api.get("idle/list", make_token("carer"))).status_code == 403


def test_the_documented_example_of_an_order_systems_words_can_be_used_as_it_is() -> None:
    layout = load_layout(Path(__file__).parents[3] / "docs" / "examples" / "recall-columns.toml")
    assert (layout.sheet, layout.title("individual_number")) == ("Returförfrågan", "Individ-ID")
    assert [column.title for column in layout.pickup][:2] == ["Uppdragsnummer", "Individ-ID"]
    assert layout.pickup_sheet == "Hämtuppdrag"
    ours = load_layout()
    assert {column.field for column in ours.pickup} == PICKUP_KINDS.keys()
