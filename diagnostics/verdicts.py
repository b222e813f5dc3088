"""The idle verdict in every list of devices: read as the latest run left it, with its reasons made from its numbers."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from psycopg.sql import SQL

from diagnostics.queries import room
from fleet.idle import Found, Opinion, Step, Verdict

JUDGED: Final[SQL] = room(__file__)["judged"]
"""A query of every device in scope with `verdict`, `step`, `since` and the numbers behind them."""


def found(row: Mapping[str, Any], today: date) -> Found:
    """The verdict of one row of JUDGED."""
    verdict, since = Verdict(row["verdict"]), row["since"]
    days = row["days"] if row["days"] is not None else None if since is None else (today - since).days
    return Found(
        verdict=verdict,
        step=Step(row["step"]),
        since=since,
        days=days,
        last_used=row["last_used_day"],
        last_heard=row["last_heard_day"],
        unheard_days=row["unheard_days"] or 0,
        absent_days=row["absent_days"] or 0,
        quiet_days=row["quiet_days"] or 0,
        note_days=row["note_days"],
        contact_days=row["contact_days"],
        propose_days=row["propose_days"],
        usual_gap_days=row["usual_gap_days"],
        longest_gap_days=row["longest_gap_days"],
        other_device=row["other_device"],
        double_days=row["double_days"] or 0,
        source=row["source_title"],
        in_use=row["p_in_use"],
        in_use_low=row["p_low"],
        in_use_high=row["p_high"],
        opinion=Opinion(row["opinion"] or "none"),
    )
