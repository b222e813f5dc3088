"""Reads the idle list and its denominators; what the caller may not see, the database neither gives nor counts."""

from typing import Any, Final

from psycopg.sql import SQL, Literal

from diagnostics.queries import Row, fetch_all, fetch_one, formatted, room
from diagnostics.verdicts import JUDGED
from diagnostics.work import Work
from fleet.idle import Step, Verdict

_SQL: Final = room(__file__)
_WITHOUT_SINCE: Final = frozenset({Verdict.USED, Verdict.IN_STOCK})
_LATER: Final = SQL("(%(after_since)s::date IS NULL OR (v.since, v.device_no) > (%(after_since)s, %(after_device)s))")
_HIGHER: Final = SQL("(%(after_device)s::integer IS NULL OR v.device_no > %(after_device)s) AND v.since IS NULL")


_FILTERS: Final = {
    "step": SQL("v.step = %(step)s"),
    "device_class": SQL("d.device_class = %(device_class)s"),
    "payer": SQL("d.payer_id = (SELECT payer_id FROM payer WHERE code = %(payer)s)"),
    "opinion": SQL("v.opinion = %(opinion)s"),
}
_A_STEP: Final = SQL("v.step <> 'none'")
"""Said once more where a step is asked for, as the index of steps has it."""


async def idle(work: Work, verdict: Verdict | None, filters: dict[str, Any]) -> list[Row]:
    """Devices with a verdict, or proven unused where None, the longest since first."""
    which = SQL("v.proven_unused") if verdict is None else SQL("v.verdict = %(verdict)s")
    after = _HIGHER if verdict in _WITHOUT_SINCE else _LATER
    given = [condition for name, condition in _FILTERS.items() if filters[name] is not None]
    if filters["step"] not in {None, Step.NONE}:
        given.append(_A_STEP)
    statement = formatted(
        _SQL["idle"],
        judged=JUDGED,
        which=which,
        filters=SQL(" AND ").join(given) if given else SQL("true"),
        after=after,
        limit=Literal(int(filters["limit"])),
    )
    return await fetch_all(work.connection, statement, {**filters, "verdict": verdict})


async def counts(work: Work, device_class: str | None, payer: str | None) -> list[Row]:
    """How many devices there are per verdict and step, with their rent, as the latest run counted them."""
    return await fetch_all(work.connection, _SQL["summary"], {"device_class": device_class, "payer": payer})


GROUPS: Final = {
    "payer": SQL("p.name"),
    "municipality": SQL("CASE WHEN p.kind = 'municipality' THEN p.name END"),
    "class": SQL("f.device_class"),
    "prescriber": SQL("r.unit_name"),
    "depot": SQL("o.name"),
}
"""By what money is told. A device whose payer is no municipality stands under the empty name there."""


async def money(work: Work, group: str) -> list[Row]:
    """Denominators, cost so far and savings by one of GROUPS, the largest saving first."""
    return await fetch_all(work.connection, formatted(_SQL["money"], group=GROUPS[group]))


async def latest_run(work: Work) -> Row | None:
    """When the verdicts were made last; None before the first run."""
    return await fetch_one(work.connection, _SQL["latest_run"])
