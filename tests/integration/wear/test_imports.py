"""Lists of absences, loan facts, repairs and placements: a dry run, once, again; bad rows told and kept; rights."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest

from fleet.clock import local_day
from fleet.list_rows import TITLES, ListKind
from fleet.plumbing.sheets import Column, write_csv, write_workbook
from fleet.signals import Audience
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

TODAY: date = local_day(NOW)
SINCE = (TODAY - timedelta(days=4)).isoformat()


def listed(kind: ListKind, *rows: dict[str, Any], csv: bool = False) -> bytes:
    """A list as people send it."""
    columns = [Column(field=name, title=title, explanation="") for name, title in TITLES[kind].items()]
    cells = [[row.get(column.field) for column in columns] for row in rows]
    out = BytesIO()
    if csv:
        write_csv(out, columns, cells)
    else:
        write_workbook(out, sheet="Blad1", columns=columns, rows=cells)
    return out.getvalue()


async def send(api: Api, token: str, kind: ListKind, content: bytes, **query: Any) -> Any:
    return await api.call("POST", f"imports/{kind}", token, content=content, params=query)


async def test_a_dry_run_tells_what_the_real_one_then_does_and_the_next_finds_it_known(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token = make_token("analyst", name="analyst")
    rows: list[dict[str, Any]] = [
        {"individual_number": "A-1", "kind": "Sjukhus", "from_day": SINCE},
        {"individual_number": "B-1", "kind": "resa", "from_day": SINCE, "until_day": TODAY.isoformat()},
        {"individual_number": "S-1", "kind": "resa", "from_day": SINCE},
        {"individual_number": "Z-9", "kind": "resa", "from_day": SINCE},
        {"individual_number": "A-2", "kind": "borta", "from_day": SINCE},
        {"individual_number": "A-2"},
    ]
    content = listed(ListKind.ABSENCES, *rows)
    trial = (await send(api, token, ListKind.ABSENCES, content, dry_run=True)).json()
    assert (trial["taken"], trial["refused"], trial["without_content"]) == (2, 3, 1), trial
    assert store.all("SELECT count(*) FROM absence") == [(0,)]
    assert store.all("SELECT count(*) FROM import_run") == [(0,)]
    real = (await send(api, token, ListKind.ABSENCES, content, file_name="borta.xlsx")).json()
    assert real["outcomes"] == trial["outcomes"]
    said = {o["individual_number"]: o["reason"]["sv"] for o in real["outcomes"] if o["reason"]}
    assert "Ingen lånar" in said["S-1"]
    assert "finns inte" in said["Z-9"]
    assert "inget av" in said["A-2"]
    kept = store.all("SELECT kind, taken, refused FROM import_run JOIN import_refusal USING (import_id)")
    assert kept == [("absences", 2, 3)] * 3
    again = (await send(api, token, ListKind.ABSENCES, content)).json()
    assert (again["taken"], again["unchanged"]) == (0, 2)
    assert [line[1] for line in store.audit()] == ["import.absences"] * 3


async def test_loan_facts_come_from_a_csv_with_the_lists_own_headings(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    technician = make_token("technician")
    await api.call("PUT", "sources/maker", technician, json={"title": "M", "kind": "gateway"})
    rows: list[dict[str, Any]] = [
        {"individual_number": "A-1", "prescribed_interval_days": 7, "source": "maker", "borrower_key": "k-87654321",
         "replaced_by": "B-1", "replaced_from": SINCE},
        {"individual_number": "A-2", "prescribed_interval_days": 900},
        {"individual_number": "B-1", "source": "none"},
        {"individual_number": "S-1", "borrower_key": "19121212-1212"},
    ]  # fmt: skip
    content = listed(ListKind.LOAN_FACTS, *rows, csv=True).replace("Källa".encode(), b"Vag")
    report = (await send(api, technician, ListKind.LOAN_FACTS, content, title="source=Vag")).json()
    assert [outcome["outcome"] for outcome in report["outcomes"]] == ["taken", "refused", "refused", "refused"]
    facts = (await api.get(f"devices/{town.chair.device_id}/loan", technician)).json()
    assert (facts["prescribed_interval_days"], facts["source"]["code"]) == (7, "maker")
    assert facts["replaced_by"]["individual_number"] == "B-1"
    again = (await send(api, technician, ListKind.LOAN_FACTS, content, title="source=Vag")).json()
    assert (again["taken"], again["unchanged"]) == (0, 1)
    wrong = await send(api, technician, ListKind.LOAN_FACTS, content, title="namn=Namn")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "no_such_field")


async def test_repairs_of_another_system_are_taken_once_and_none_twice(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token = make_token("analyst")
    store.execute(
        "INSERT INTO work_order (device_no, state, priority, audience, title_sv, title_en, reported_at, start_by,"
        " done_by, created_by, closed_at, solved) VALUES (%s, 'done', 'ordinary', 'technical', 'x', 'x', now(), now(),"
        " now(), 'x', now(), 'visit')",
        town.chair.device_no,
    )
    [(own,)] = store.all("SELECT order_id FROM work_order")
    rows: list[dict[str, Any]] = [
        {"individual_number": "A-1", "reference": "R-1", "done_on": SINCE, "minutes_spent": 45, "cost_sek": "1 250,50"},
        {"individual_number": "A-1", "reference": str(own), "done_on": SINCE},
        {"individual_number": "A-1", "reference": "R-2", "done_on": SINCE, "minutes_spent": -5},
        {"individual_number": "A-1", "reference": "R-3", "done_on": SINCE, "cost_sek": "-1"},
        {"individual_number": "A-1", "reference": "R-4", "done_on": (TODAY + timedelta(days=1)).isoformat()},
        {"individual_number": "A-1", "reference": "R-5", "done_on": SINCE, "cause": "ring 191212121212"},
    ]
    report = (await send(api, token, ListKind.REPAIRS, listed(ListKind.REPAIRS, *rows))).json()
    outcomes = [outcome["outcome"] for outcome in report["outcomes"]]
    assert outcomes == ["taken", "unchanged", "refused", "refused", "refused", "refused"]
    assert store.all("SELECT reference, minutes_spent, cost_sek::text FROM device_repair") == [("R-1", 45, "1250.50")]


async def test_placements_come_from_a_list(api: Api, make_token: MakeToken, town: Town, store: Store) -> None:
    token = make_token("analyst")
    await api.call("PUT", "stores/a", token, json={"title": "A"})
    told = (("S-1", "a"), ("S-1", "a"), ("A-1", "a"), ("S-1", "x"))
    rows = [{"individual_number": number, "store": code} for number, code in told]
    report = (await send(api, token, ListKind.PLACEMENTS, listed(ListKind.PLACEMENTS, *rows))).json()
    assert [o["outcome"] for o in report["outcomes"]] == ["taken", "unchanged", "refused", "refused"]
    assert store.all("SELECT count(*) FROM buffer_placement") == [(1,)]


@pytest.mark.parametrize(
    ("role", "kind", "allowed"),
    [
        ("carer", ListKind.ABSENCES, True),
        ("carer", ListKind.REPAIRS, False),
        ("prescriber_unit", ListKind.LOAN_FACTS, True),
        ("prescriber_unit", ListKind.PLACEMENTS, False),
        ("clinical", ListKind.REPAIRS, False),
    ],
)
async def test_a_list_takes_the_right_that_writing_one_row_takes(
    api: Api, make_token: MakeToken, role: str, kind: ListKind, *, allowed: bool
) -> None:
    answer = await send(api, make_token(role), kind, listed(kind, {"individual_number": "x", "store": "y"}))
    assert answer.status_code == (200 if allowed else 403), answer.text


async def test_a_unit_writes_only_of_devices_in_its_sight_and_a_file_that_is_no_list_is_refused(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    unit = make_token("prescriber_unit", payers=[town.payer])
    rows: list[dict[str, Any]] = [{"individual_number": n, "kind": "resa", "from_day": SINCE} for n in ("A-1", "B-1")]
    report = (await send(api, unit, ListKind.ABSENCES, listed(ListKind.ABSENCES, *rows))).json()
    assert [outcome["outcome"] for outcome in report["outcomes"]] == ["taken", "refused"]
    for content in (b"", b"PK\x03\x04", listed(ListKind.PLACEMENTS, {"individual_number": "A-1"})):
        answer = await send(api, unit, ListKind.ABSENCES, content)
        assert (answer.status_code, answer.json()["code"]) == (422, "list_refused")


async def test_a_carers_list_rests_dose_alarms_and_an_analysts_does_not(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    content = listed(ListKind.ABSENCES, {"individual_number": "A-2", "kind": "sjukhus", "from_day": SINCE})
    await send(api, make_token("analyst"), ListKind.ABSENCES, content)
    assert store.all("SELECT count(*) FROM dose_absence") == [(0,)]
    other = listed(ListKind.ABSENCES, {"individual_number": "A-2", "kind": "resa", "from_day": SINCE})
    await send(api, make_token("carer", audiences=(Audience.CARE,)), ListKind.ABSENCES, other)
    assert store.all("SELECT reason FROM dose_absence") == [("travel",)]
