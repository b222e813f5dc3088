"""The analyst's story in the demo: an idle device is proposed, its unit answers in the list, it comes back."""

from io import BytesIO
from typing import Any, Final

from diagnostics.lists.columns import load_layout
from fjarrkoll.demo.client import DemoClient
from fleet.plumbing.sheets import Limits, read_table, write_workbook

WHY: Final = {"why": "demo: månadens genomgång"}
_LIMITS: Final = Limits(file_bytes=4 * 1024**2, unpacked_bytes=64 * 1024**2, rows=10_000)
# What people do once the unit has answered "may be fetched".
_STEPS: Final = ("order", "collect", "deregister", "recondition", "stock")


async def walk_a_case(client: DemoClient) -> dict[str, Any]:
    """Proposes what the verdicts prove unused, has one unit answer, and follows its device to the depot.

    Returns:
        `recalls_proposed`, `answers_taken`, `recall_state` (of the case followed) and `passport_advice`; zero and empty
        texts where nothing could be proposed.
    """
    nothing = {"recalls_proposed": 0, "answers_taken": 0, "recall_state": "", "passport_advice": ""}
    case_ids = (await client.ask_analyst("POST", "recalls", json=WHY)).json()["case_ids"]
    if not case_ids:
        return nothing
    case = (await client.ask_analyst("GET", f"recalls/{case_ids[0]}")).json()
    answered = _answered((await client.ask_analyst("GET", "recalls/list")).content, str(case["case_id"]))
    report = (await client.ask_analyst("POST", "recalls/answers", content=answered)).json()
    for action in _STEPS:
        await client.ask_analyst("POST", f"recalls/{case['case_id']}/move", json={"action": action, **WHY})
    end = (await client.ask_analyst("GET", f"recalls/{case['case_id']}")).json()
    passport = (await client.ask_analyst("GET", f"devices/{case['device_id']}/passport")).json()
    return {
        "recalls_proposed": len(case_ids),
        "answers_taken": report["taken"],
        "recall_state": end["state"],
        "passport_advice": passport["advice"],
    }


def _answered(content: bytes, case_id: str) -> bytes:
    """The list as a prescriber unit sends it back: opened, one row answered, saved as a workbook of its own."""
    columns = load_layout().columns
    titles = {column.field: " ".join(column.title.casefold().split()) for column in columns}
    out, rows = BytesIO(), []
    for row in read_table(content, [titles["case_id"]], _LIMITS).rows:
        cells = {field: row.cells.get(title) for field, title in titles.items()}
        if str(cells["case_id"]) == case_id:
            cells["answer"] = "kan hämtas"
        rows.append([cells[column.field] for column in columns])
    write_workbook(out, sheet="Svar", columns=columns, rows=rows)
    return out.getvalue()
