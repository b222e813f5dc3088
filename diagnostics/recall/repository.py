"""Reads and moves recall cases; what the caller may not see, the database neither gives nor lets be moved."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from diagnostics.work import Work
from fleet.recall import FINAL, SAVED_DAYS

SQL: Final = room(__file__)
NO_FILTER: Final[dict[str, Any]] = {
    "case_id": None,
    "case_ids": None,
    "states": None,
    "device_class": None,
    "payer": None,
    "prescriber": None,
    "individual_number": None,
    "overdue": False,
    "after": None,
    "limit": 200,
}
_UNCHANGED: Final[dict[str, Any]] = dict.fromkeys(
    (
        "asked_at",
        "answered_at",
        "snoozed_until",
        "ordered_at",
        "order_number",
        "rent_stops",
        "pick_up_by",
        "deregister_by",
        "collected_at",
        "deregistered_at",
        "closed_at",
    )
)


async def cases(work: Work, today: date, **filters: Any) -> list[Row]:  # noqa: ANN401 - SQL parameters
    """Cases, newest first; a filter not given lets everything through."""
    return await fetch_all(work.connection, SQL["cases"], {**NO_FILTER, "today": today, **filters})


async def pressing(work: Work, states: Sequence[str], most: int, **filters: Any) -> list[int]:  # noqa: ANN401 - SQL
    """The numbers of the most pressing cases of each state, at most so many of each."""
    asked = {"device_class": None, "payer": None, "prescriber": None, **filters}
    rows = await fetch_all(work.connection, SQL["pressing"], {**asked, "states": list(states), "most": most})
    return [row["case_id"] for row in rows]


async def journal(work: Work, case_id: int) -> list[Row]:
    """Every transition of a case, oldest first."""
    return await fetch_all(work.connection, SQL["journal"], {"case_id": case_id})


async def ground(work: Work, device_id: str, today: date) -> Row | None:
    """What a proposal of this device would rest on; None for a device out of sight."""
    return await fetch_one(
        work.connection, SQL["ground"], {"device_id": device_id, "today": today, "final": sorted(FINAL)}
    )


async def propose(work: Work, today: date, why: str, **filters: Any) -> list[Row]:  # noqa: ANN401 - SQL parameters
    """Proposes every device that the filters and the verdicts let through; the new cases."""
    about = {"now": work.now, "today": today, "actor": work.caller.name, "why": why, "final": sorted(FINAL)}
    return await fetch_all(work.connection, SQL["propose"], {**about, **filters})


async def move(  # noqa: PLR0913 - a transition is told in full
    work: Work, case_id: int, *, before: str, action: str, after: str, why: str, changes: dict[str, Any]
) -> bool:
    """Moves a case if it still stands where the move was decided; whether it did."""
    about = {"case_id": case_id, "before": before, "action": action, "after": after, "why": why}
    parameters = {**_UNCHANGED, **about, **changes, "now": work.now, "actor": work.caller.name}
    return await execute(work.connection, SQL["move"], parameters) == 1


async def totals(work: Work, today: date, device_class: str | None, payer: str | None) -> list[Row]:
    """Counts and money by state."""
    parameters = {"today": today, "device_class": device_class, "payer": payer, "most_days": SAVED_DAYS}
    return await fetch_all(work.connection, SQL["totals"], parameters)


async def answers(work: Work, device_class: str | None, payer: str | None) -> Row:
    """How the proposals were answered."""
    row = await fetch_one(work.connection, SQL["answers"], {"device_class": device_class, "payer": payer})
    return row or {"needed": 0, "woken_up": 0, "confirmed": 0, "waiting": 0}
