"""The register's import against a real database: a dry run, once, again; bad rows kept; the payer check; the rule."""

import asyncio
import time
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import psycopg
import pytest

from diagnostics.idle.run import refresh
from fleet.plumbing.sheets import Column, read_table, write_workbook
from fleet.plumbing.store.register import NewDevice, RegisterError, enroll_devices
from fleet.plumbing.store.register_import import Report, import_register
from fleet.register_rows import TITLES
from fleet.registry import load_registry
from tests.fixtures.database import Database, MakePayer, Payer
from tests.integration.recall.conftest import NOW, Api, MakeToken, Store
from tests.integration.recall.test_lists import LIMITS

COLUMNS = tuple(Column(field=name, title=title, explanation="") for name, title in TITLES.items())
DISPENSER = load_registry()["dispenser"].models[0].key
SCALE = load_registry()["scale"].models[0].key


@pytest.fixture
def units(make_payer: MakePayer, store: Store) -> dict[str, Payer]:
    payers = {code: make_payer(code) for code in ("kommun-a", "kommun-b")}
    for code, payer in payers.items():
        store.execute(
            "INSERT INTO prescriber (code, unit_name, payer_id, legal_frame) VALUES (%s, %s, %s, 'HSL')",
            f"rehab-{code[-1]}",
            f"Rehab {code[-1].upper()}",
            payer.payer_id,
        )
    return payers


def line(number: str, **overrides: Any) -> dict[str, Any]:
    row = {"individual_number": number, "device_class": "scale", "model": SCALE, "payer": "kommun-a"}
    loan: dict[str, Any] = {"legal_frame": "HSL", "prescriber": "rehab-a", "loan_started": "2026-01-15"}
    return {**row, **loan, **overrides}


def listed(*rows: dict[str, Any]) -> bytes:
    out = BytesIO()
    write_workbook(out, sheet="Register", columns=COLUMNS, rows=[[row.get(name) for name in TITLES] for row in rows])
    return out.getvalue()


def take(database: Database, content: bytes, *, dry_run: bool = False) -> Report:
    with psycopg.connect(database.owner) as connection:
        return import_register(
            connection,
            content,
            load_registry(),
            file_name="individer.xlsx",
            actor="test",
            now=datetime.now(UTC),
            dry_run=dry_run,
        )


IN_STORE = dict.fromkeys(("payer", "legal_frame", "prescriber", "loan_started"), "")
GOOD = [line("0001"), line("0002", **IN_STORE), line("0003", payer="kommun-b")]
BAD = [
    line("0004", device_class="dispenser", model=DISPENSER, administration_service="ja", basic_equipment="ja"),
    line("0001"),
    line("0005", payer="kommun-z"),
]


@pytest.mark.usefixtures("units")
def test_a_dry_run_tells_and_changes_nothing_the_real_one_takes_and_the_next_finds_it_known(
    database: Database, store: Store
) -> None:
    content = listed(*GOOD, *BAD)
    trial = take(database, content, dry_run=True)
    assert (trial.registered, trial.lent, trial.refused) == (3, 2, 3)
    assert store.all("SELECT count(*) FROM device") == [(0,)]
    assert store.all("SELECT count(*) FROM import_run") == [(0,)]
    first = take(database, content)
    assert (first.registered, first.lent, first.refused, first.unchanged) == (3, 2, 3, 0)
    rows = store.all("SELECT individual_number, stock_state, enrolled_at FROM device ORDER BY 1")
    assert rows == [("0001", "on_loan", None), ("0002", "in_stock", None), ("0003", "on_loan", None)]
    [(started,)] = store.all("SELECT DISTINCT (started_at AT TIME ZONE 'Europe/Stockholm')::date FROM loan")
    assert started == date(2026, 1, 15)
    kept = store.all("SELECT row_no, reason, cells ->> 'individnummer' FROM import_refusal ORDER BY row_no")
    assert [(row, number) for row, _, number in kept] == [(5, "0004"), (6, "0001"), (7, "0005")]
    assert "alltid personligt förskriven" in kept[0][1]
    assert "två gånger" in kept[1][1]
    again = take(database, content)
    assert (again.registered, again.lent, again.corrected, again.unchanged) == (0, 0, 0, 3)
    changed = take(database, listed(line("0001", serial_number="S-9")))
    assert (changed.corrected, changed.lent) == (1, 0)
    assert store.all("SELECT serial_number FROM device WHERE individual_number = '0001'") == [("S-9",)]


@pytest.mark.usefixtures("units")
async def test_payers_that_do_not_fit_their_prescriber_are_listed_with_what_could_be_checked(
    api: Api, make_token: MakeToken, database: Database, store: Store
) -> None:
    take(database, listed(*GOOD, line("0006", prescriber="")))
    body = (await api.get("payer-checks", make_token("analyst", name="reader"))).json()
    assert [item["individual_number"] for item in body["items"]] == ["0003"]
    assert "baskoden" in body["items"][0]["reason"]["sv"]
    assert (body["on_loan"], body["with_prescriber"], body["counted_at"]) == (3, 2, None), "counted for this answer"
    assert store.audit() == [("reader", "payers.check", None)]
    assert (await api.get("payer-checks", make_token("carer"))).status_code == 403


async def test_a_payer_finds_its_own_loans_that_another_payers_unit_prescribed_and_no_others(
    api: Api, make_token: MakeToken, database: Database, units: dict[str, Payer]
) -> None:
    take(database, listed(*GOOD, line("0006", prescriber="")))
    tokens = [make_token("analyst", payers=[units[code]]) for code in ("kommun-b", "kommun-a")]
    pays, other = [(await api.get("payer-checks", token)).json() for token in tokens]
    [found] = pays["items"]
    assert (found["individual_number"], found["prescriber"]["code"], found["prescriber_payer"]["code"]) == (
        "0003",
        "rehab-a",
        "kommun-a",
    )
    assert other["items"] == [], "the unit's own payer sees nothing of another's loan"


async def test_a_unit_that_moves_to_another_payer_makes_its_loans_disagree_and_moving_back_mends_them(
    api: Api, make_token: MakeToken, database: Database, store: Store, units: dict[str, Payer]
) -> None:
    take(database, listed(*GOOD, line("0006", prescriber="")))
    analyst = make_token("analyst")

    async def astray() -> list[str]:
        return [item["individual_number"] for item in (await api.get("payer-checks", analyst)).json()["items"]]

    move = "UPDATE prescriber SET payer_id = %s, legal_frame = %s WHERE code = 'rehab-a'"
    store.execute(move, units["kommun-b"].payer_id, "HSL")
    assert await astray() == ["0001"]
    store.execute(move, units["kommun-b"].payer_id, "SoL")
    assert await astray() == ["0001", "0003"], "the right payer under another frame disagrees, too"
    store.execute(move, units["kommun-a"].payer_id, "HSL")
    assert await astray() == ["0003"]
    store.execute("UPDATE loan SET disagrees = false")
    assert await astray() == ["0003"], "nobody writes the mark but the database"
    store.execute("UPDATE loan SET prescriber_id = NULL")
    assert await astray() == []


async def test_a_loan_written_while_its_unit_moves_is_marked_by_where_the_unit_went(
    api: Api, make_token: MakeToken, database: Database, units: dict[str, Payer]
) -> None:
    move = "UPDATE prescriber SET payer_id = %s WHERE code = 'rehab-a'"
    with psycopg.connect(database.owner) as moving:
        moving.execute(move, [units["kommun-b"].payer_id])
        written = asyncio.create_task(asyncio.to_thread(take, database, listed(line("0001", prescriber="rehab-a"))))
        await asyncio.to_thread(_wait_for_a_waiting_lock, database)
        moving.commit()
    await written
    found = (await api.get("payer-checks", make_token("analyst"))).json()["items"]
    assert [item["individual_number"] for item in found] == ["0001"]


def _wait_for_a_waiting_lock(database: Database) -> None:
    waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ends = time.monotonic() + 10
    with psycopg.connect(database.owner, autocommit=True) as connection:
        while connection.execute(waiting).fetchone() is None:
            assert time.monotonic() < ends, "the loan was written without waiting for its unit"
            time.sleep(0.02)


@pytest.mark.usefixtures("units")
async def test_after_a_run_of_verdicts_the_loans_of_the_payer_check_are_those_it_counted(
    api: Api, make_token: MakeToken, database: Database
) -> None:
    take(database, listed(*GOOD, line("0006", prescriber="")))
    with psycopg.connect(database.worker) as connection:
        refresh(connection, load_registry(), NOW)
    body = (await api.get("payer-checks", make_token("analyst"))).json()
    assert (body["on_loan"], body["with_prescriber"]) == (3, 2)
    assert datetime.fromisoformat(body["counted_at"]) == NOW


@pytest.mark.usefixtures("units")
async def test_the_payer_check_goes_out_as_a_file_with_its_denominators_and_no_formula(
    api: Api, make_token: MakeToken, database: Database, store: Store
) -> None:
    take(database, listed(*GOOD, line("0006", prescriber="")))
    store.execute("UPDATE payer SET name = '=1+1' WHERE code = 'kommun-b'")
    analyst = make_token("analyst", name="reader")
    file = await api.get("payer-checks/list", analyst)
    table = read_table(file.content, ["Individnummer", "Betalare", "Varför"], LIMITS)
    assert [row.cells["individnummer"] for row in table.rows] == ["0003"]
    assert "baskoden" in str(table.rows[0].cells["varför"])
    with ZipFile(BytesIO(file.content)) as book:
        sheets = b"".join(book.read(name) for name in book.namelist())
    assert b"=1+1" in sheets
    assert b"<f>" not in sheets
    text = (await api.get("payer-checks/list", analyst, format="csv")).content.decode("utf-8-sig")
    assert "=1+1" in text
    assert not any(cell.strip('"').startswith("=") for row in text.splitlines() for cell in row.split(";"))
    assert [line[1] for line in store.audit()] == ["payers.export"] * 2
    assert (await api.get("payer-checks/list", make_token("carer"))).status_code == 403


def test_the_database_and_enrolling_refuse_a_pooled_dispenser_with_an_administration_service(
    database: Database, store: Store
) -> None:
    new = NewDevice(device_class="dispenser", model_key=DISPENSER, individual_number="1", administration_service=True)
    with psycopg.connect(database.owner) as connection:
        [made] = enroll_devices(connection, [new], datetime.now(UTC))
        pooled = NewDevice(
            device_class="dispenser",
            model_key=DISPENSER,
            individual_number="2",
            administration_service=True,
            basic_equipment=True,
        )
        with pytest.raises(RegisterError, match="always prescribed to a person"):
            enroll_devices(connection, [pooled], datetime.now(UTC))
    with pytest.raises(psycopg.errors.CheckViolation):
        store.execute("UPDATE device SET basic_equipment = true WHERE device_no = %s", made.device_no)


@pytest.mark.usefixtures("units")
def test_a_loan_before_an_earlier_ones_end_is_refused_at_its_row(database: Database, store: Store) -> None:
    take(database, listed(line("0001")))
    store.execute("UPDATE loan SET ended_at = now()")
    early = take(database, listed(line("0001")))
    assert early.refused == 1
    assert early.outcomes[0].reason is not None
    assert "tidigare uthyrning" in early.outcomes[0].reason.sv
    assert store.all("SELECT count(*) FROM loan") == [(1,)]
