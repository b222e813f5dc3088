"""How long a region's lists take: pages of cases, figures, the recall and idle lists as files, answers coming back.

    python -m benchmarks.recall_lists 21000

Fills a database of its own with so many cases, and asks the API in this process as the analyst who sees every payer.
"""

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg

from diagnostics.app import build_app
from diagnostics.lists.columns import load_layout
from diagnostics.rates import Limiter, Rate
from diagnostics.resources import Limits
from diagnostics.server import open_resources
from fjarrkoll.services import REGION, Postgres, install
from fleet.plumbing.sheets import Limits as SheetLimits
from fleet.plumbing.sheets import read_table, write_workbook
from fleet.plumbing.store.bootstrap import DatabaseUrls, Passwords, bootstrap
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.register import create_token
from fleet.registry import load_registry

ASKED: Final = 40
PAGE_MILLISECONDS: Final = 100.0
EXPORT_SECONDS: Final = 10.0
_LIMITS: Final = SheetLimits(file_bytes=16 * 1024**2, unpacked_bytes=128 * 1024**2, rows=50_000)
_FILL: Final = """
    WITH model AS (SELECT model_key, device_class FROM device_model ORDER BY model_key LIMIT 1), made AS (
        INSERT INTO device (device_id, individual_number, device_class, model_key)
        SELECT 'd-many-' || n, to_char(n, 'FM0000000'), device_class, model_key FROM model, generate_series(1, %s) n
        RETURNING device_no, individual_number, device_class, model_key),
    lent AS (
        INSERT INTO loan (device_no, payer_id, legal_frame, prescriber_id, started_at)
        SELECT device_no, %s, 'HSL', (SELECT prescriber_id FROM prescriber WHERE code = 'rehab-1'),
               now() - interval '90 days'
          FROM made RETURNING loan_id, device_no, payer_id, legal_frame, prescriber_id)
    INSERT INTO recall_case (device_no, loan_id, payer_id, legal_frame, prescriber_id, individual_number, device_class,
                             model_key, verdict, since, known_until, days, rent_sek, proposed_at, proposed_by,
                             changed_at, changed_by, why)
    SELECT device_no, loan_id, payer_id, legal_frame, prescriber_id, individual_number, device_class, model_key,
           'unused', current_date - 40, current_date, 40, 125, now(), 'x', now(), 'x', 'x'
      FROM made JOIN lent USING (device_no)
"""


_JUDGE: Final = """
    INSERT INTO idle_verdict (device_no, loan_started_at, device_class, payer_id,
           verdict, step, since, days, judged_day,
                              judged_at, last_used_day, last_heard_day, p_in_use, opinion, rent_sek, cost_sek)
    SELECT device_no, loan_started_at, device_class, payer_id,
           'unused', 'propose', current_date - 40, 40, current_date, now(),
           current_date - 40, current_date, 0.02, 'agrees', 125, 164
      FROM device WHERE loan_started_at IS NOT NULL ON CONFLICT DO NOTHING
"""


def fill(owner_url: str, payer_id: int, number: int) -> None:
    """So many devices on loan, each with an open case of one prescriber unit; their proofs are not the matter here."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("ALTER TABLE recall_case DISABLE TRIGGER recall_ground")
        connection.execute(
            "INSERT INTO prescriber (code, unit_name, payer_id, legal_frame) VALUES ('rehab-1', 'Rehab 1', %s, 'HSL')",
            [payer_id],
        )
        connection.execute(_FILL, [number, payer_id])
        connection.execute("UPDATE device SET enrolled_at = now() WHERE enrolled_at IS NULL")
        connection.execute(_JUDGE)
        connection.execute("ALTER TABLE recall_case ENABLE TRIGGER recall_ground")
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("ANALYZE recall_case, recall_transition, device, loan")


@contextmanager
def region(cases: int) -> Iterator[DatabaseUrls]:
    """A database with so many cases."""
    folder = Path(tempfile.mkdtemp(prefix="fjarrkoll-recall-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        with Postgres(install(), folder / "database", settings=REGION) as server:
            urls = bootstrap(server.superuser_dsn(), "fjarrkoll", Passwords.generate())
            migrate(urls.owner, load_registry())
            with psycopg.connect(urls.owner) as connection:
                connection.execute("INSERT INTO payer (code, name, kind) VALUES ('kommun-a', 'A', 'municipality')")
            fill(urls.owner, 1, cases)
            yield urls
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def measure(urls: DatabaseUrls) -> bool:
    """Prints what pages, figures, export and import take; whether pages (95th percentile) and exports are in time."""
    with psycopg.connect(urls.owner) as connection:
        token = create_token(connection, "benchmark", "analyst")
    async with open_resources(urls.api) as resources:
        resources.limits = Limits(requests=Limiter(Rate(burst=10_000, per_second=10_000)))
        transport = httpx.ASGITransport(app=build_app(resources))
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers, timeout=120) as api:
            pages = await _pages(api)
            files = await _files(api)
    return max(pages) <= PAGE_MILLISECONDS and max(files) <= EXPORT_SECONDS


async def _pages(api: httpx.AsyncClient) -> list[float]:
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "first page": ("recalls", {}),
        "open": ("recalls", {"open": "true"}),
        "of a payer": ("recalls", {"payer": "kommun-a"}),
        "of a unit": ("recalls", {"prescriber": "rehab-1"}),
        "one number": ("recalls", {"individual_number": "0000007"}),
        "overdue": ("recalls", {"overdue": "true"}),
        "figures": ("recalls/summary", {}),
        "units": ("recalls/units", {}),
    }
    slowest = []
    for name, (path, query) in asked.items():
        took = []
        for _ in range(ASKED):
            began = time.perf_counter()
            (await api.get(f"/api/v1/{path}", params=query)).raise_for_status()
            took.append((time.perf_counter() - began) * 1000)
        slowest.append(statistics.quantiles(took, n=20)[-1])
        middle = statistics.median(took)
        print(f"{name:<12} p50 {middle:7.1f} ms   p95 {slowest[-1]:7.1f} ms   max {max(took):7.1f} ms")
    return slowest


async def _files(api: httpx.AsyncClient) -> list[float]:
    seconds = []
    content = b""
    for path, kind in (("idle", "csv"), ("idle", "xlsx"), ("recalls", "csv"), ("recalls", "xlsx")):
        wall, processor = time.perf_counter(), time.process_time()
        answer = await api.get(f"/api/v1/{path}/list", params={"format": kind})
        seconds.append(time.perf_counter() - wall)
        content = answer.raise_for_status().content
        used, rows = time.process_time() - processor, answer.headers["x-rows"]
        print(f"{path:<7} {kind:<4} {seconds[-1]:6.2f} s, {used:.2f} s CPU here, {rows} rows, {len(content)} bytes")
    answered = _answered(content)
    wall = time.perf_counter()
    report = (await api.post("/api/v1/recalls/answers", content=answered)).raise_for_status().json()
    print(f"answers in   {time.perf_counter() - wall:6.2f} s, {report['taken']} taken of {report['rows']} rows")
    return seconds


def _answered(content: bytes) -> bytes:
    """The list with every tenth row answered."""
    columns = load_layout().columns
    titles = [" ".join(column.title.casefold().split()) for column in columns]
    place = [column.field for column in columns].index("answer")
    rows = [[row.cells.get(title) for title in titles] for row in read_table(content, [titles[0]], _LIMITS).rows]
    for row in rows[::10]:
        row[place] = "kan hämtas"
    out = BytesIO()
    write_workbook(out, sheet="Svar", columns=columns, rows=rows)
    return out.getvalue()


if __name__ == "__main__":
    with region(int(sys.argv[1]) if len(sys.argv) > 1 else 21_000) as made:
        sys.exit(0 if asyncio.run(measure(made)) else 1)
