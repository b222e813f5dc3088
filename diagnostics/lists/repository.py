"""Reads what lists and letters need, and keeps the rows that were not taken."""

import json
import uuid
from collections.abc import Mapping
from typing import Any, Final

from diagnostics.lists.schemas import AnswersReport
from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from diagnostics.recall import repository as recalls
from diagnostics.work import Work
from fleet.clock import local_day

_SQL: Final = room(__file__)


async def units(work: Work) -> list[Row]:
    """Prescriber units with cases to answer."""
    return await fetch_all(work.connection, _SQL["units"])


async def unit(work: Work, code: str) -> str | None:
    """The name of a unit in sight."""
    row = await fetch_one(work.connection, _SQL["unit"], {"prescriber": code})
    return None if row is None else str(row["unit_name"])


async def cases_by_id(work: Work, case_ids: list[int]) -> list[Row]:
    """Cases by number, as far as the caller sees them."""
    if not case_ids:
        return []
    return await recalls.cases(work, local_day(work.now), case_ids=sorted(set(case_ids)), limit=len(case_ids))


async def keep_run(
    work: Work, digest: bytes, file_name: str, report: AnswersReport, cells: Mapping[int, Mapping[str, Any]]
) -> None:
    """Keeps that a list came in, and its refused rows as they came."""
    import_id = uuid.uuid4()
    about = {"import_id": import_id, "file_name": file_name, "actor": work.caller.name, "now": work.now}
    counts = {"taken": report.taken, "unchanged": report.unchanged, "refused": report.refused}
    await execute(work.connection, _SQL["add_run"], {**about, **counts, "file_sha256": digest})
    refused = [outcome for outcome in report.outcomes if outcome.outcome == "refused"]
    await execute(
        work.connection,
        _SQL["add_refusals"],
        {
            "import_id": import_id,
            "rows": [outcome.row for outcome in refused],
            "reasons": [outcome.reason.sv if outcome.reason else "" for outcome in refused],
            "cells": [json.dumps(cells[outcome.row], default=str, ensure_ascii=False) for outcome in refused],
        },
    )
