"""Carries out the engine's decisions about one device, inside the judge's transaction."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from diagnostics.alarms.engine import AREA, Action, Decision
from diagnostics.alarms.snapshot import AREA_RULES
from diagnostics.queries import Row, execute, fetch_one, room
from fleet.plumbing.database import Connection
from fleet.rules import Rule

_SQL: Final = room(__file__)
_PLAIN: Final = {
    Action.LINGER: "linger",
    Action.RESUME: "resume",
    Action.RELEASE: "release",
    Action.FORGET: "forget",
}


@dataclass(slots=True)
class Changed:
    """Alarms that ring now, and how many there are of each kind of change.

    Attributes:
        began: numbers of alarms that people are to be told of.
    """

    began: list[int] = field(default_factory=list)


async def apply(  # noqa: PLR0913, PLR0917 - one decision about one device
    connection: Connection, row: Row, rule: Rule | None, decision: Decision, now: datetime, changed: Changed
) -> Row | None:
    """Carries out one decision; the alarm that was raised, cleared or made to ring by it, if any."""
    common = {"device_no": row["device_no"], "rule": decision.rule, "now": now}
    match decision.action:
        case Action.RAISE if rule is not None:
            raised = await fetch_one(connection, _SQL["raise"], _alarm(common, row, rule, decision))
            if raised is not None and decision.quieted_by is None:
                changed.began.append(raised["alarm_id"])
            return raised
        case Action.RING:
            rang = await fetch_one(connection, _SQL["ring"], common)
            changed.began.extend([] if rang is None or rang["taken"] else [rang["alarm_id"]])
            return rang
        case Action.CLEAR:
            return await fetch_one(connection, _SQL["clear"], {**common, "why": decision.why})
        case Action.NOTE if rule is not None:
            await execute(connection, _SQL["note"], {**_alarm(common, row, rule, decision), "why": decision.why})
        case Action.CORRECT if rule is not None:
            await execute(connection, _SQL["correct"], _alarm(common, row, rule, decision))
        case Action.HOLD:
            await execute(connection, _SQL["hold"], {**common, "since": decision.held_since})
        case action if action in _PLAIN:
            await execute(connection, _SQL[_PLAIN[action]], common)
        case _:
            pass
    return None


def _alarm(common: dict[str, Any], row: Row, rule: Rule, decision: Decision) -> dict[str, Any]:
    finding = decision.finding
    if finding is None:
        msg = f"an alarm of {rule.name} without a finding"
        raise ValueError(msg)
    gathered = decision.quieted_by == AREA
    parents = [number for name, number in row["lost"].items() if AREA_RULES.get(name) is rule.gathered]
    return {
        **common,
        "severity": rule.severity,
        "safety": rule.safety,
        "audience": rule.audience,
        "title_sv": rule.title.sv,
        "title_en": rule.title.en,
        "reason_sv": finding.reason.sv,
        "reason_en": finding.reason.en,
        "happened_at": finding.since,
        "late": decision.late,
        "quieted_by": decision.quieted_by,
        "parent_id": parents[0] if gathered and parents else None,
    }
