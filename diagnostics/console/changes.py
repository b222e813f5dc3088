"""What has changed since yesterday, for the start page: each role's own matters, counted or named, never many."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from diagnostics.alarms.service import ended_words
from diagnostics.commands.service import title_of
from diagnostics.queries import Row, fetch_all, room
from diagnostics.rights import Right, may
from diagnostics.work import Work
from fleet.text import Text

_SQL: Final = room(__file__)
LATELY: Final = timedelta(days=1)
_MOST: Final = 500
"""Rows that are counted; beyond them it is "at least so many"."""
_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed, per kind; a role that has nothing to do with a kind has none of it.

    Attributes:
        alarms: those that have ended, the newest first.
        commands: those the caller asked for and that were answered, the newest first.
        cases: recall cases that moved: state to how many.
        verdicts: devices whose verdict turned: (verdict, step) to how many.
        faults: fault codes that became known: code to how many devices, the most first.
        settings: what was set for whole classes.
        capped: whether a count may be more than it says.
    """

    since: datetime
    alarms: list[Row]
    commands: list[Row]
    cases: list[Row]
    verdicts: list[Row]
    faults: list[Row]
    settings: list[Row]
    capped: bool

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return any((self.alarms, self.commands, self.cases, self.verdicts, self.faults, self.settings))


async def lately(work: Work) -> Changes:
    """What changed since this time yesterday, as far as the caller may see and has to do with it."""
    role, since = work.caller.role, work.now - LATELY
    asked = {
        "alarms": may(role, Right.TAKE_ALARMS),
        "commands": may(role, Right.COMMAND_READ),
        "cases": may(role, Right.SEE_RECALLS),
        "verdicts": may(role, Right.MOVE_RECALLS),
        "faults": may(role, Right.SEE_ORDERS) and may(role, Right.WORK_ORDERS),
        "settings": may(role, Right.ADMINISTER),
    }
    values: dict[str, Any] = {"since": since, "by": work.caller.name, "most": _MOST, "named": _NAMED}
    found = {
        name: await fetch_all(work.connection, _SQL[f"changed_{name}"], values) if wanted else []
        for name, wanted in asked.items()
    }
    for row in found["alarms"]:
        row["why"] = ended_words(row["cleared_why"] or "condition_ended")
        row["title"] = Text(row["title_sv"], row["title_en"])
    for row in found["commands"]:
        row["title"] = title_of(work.registry, row["device_class"], row["name"])
    await work.record("start.changes", devices=[row["device_no"] for row in (*found["alarms"], *found["commands"])])
    capped = any(sum(row["number"] for row in found[name]) >= _MOST for name in ("cases", "verdicts", "faults"))
    return Changes(since=since, **found, capped=capped)
