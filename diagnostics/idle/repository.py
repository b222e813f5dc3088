"""Reads the idle list and its denominators; what the caller may not see, the database neither gives nor counts."""

from collections.abc import Mapping
from typing import Any, Final

from psycopg.sql import SQL, Composed, Literal

from diagnostics.queries import Row, fetch_all, fetch_one, formatted, room
from diagnostics.verdicts import JUDGED
from diagnostics.work import Work
from fleet.idle import Step, Verdict

_SQL: Final = room(__file__)
_WITHOUT_SINCE: Final = frozenset({Verdict.USED, Verdict.IN_STOCK})
_LATER: Final = SQL("(%(after_since)s::date IS NULL OR (v.since, v.device_no) > (%(after_since)s, %(after_device)s))")
_HIGHER: Final = SQL("(%(after_device)s::integer IS NULL OR v.device_no > %(after_device)s) AND v.since IS NULL")


_OF_VERDICT: Final = {
    "step": SQL("v.step = %(step)s"),
    "opinion": SQL("v.opinion = %(opinion)s"),
    "device_class": SQL("v.device_class = %(device_class)s"),
    "payer": SQL("v.payer_id = (SELECT payer_id FROM payer WHERE code = %(payer)s)"),
    "payers": SQL("v.payer_id = ANY (%(payers)s)"),
}
_OF_DEVICE: Final = {
    "device_class": SQL("d.device_class = %(device_class)s"),
    "payer": SQL("d.payer_id = (SELECT payer_id FROM payer WHERE code = %(payer)s)"),
}
_A_STEP: Final = SQL("v.step <> 'none'")
"""Said once more where a step is asked for, as the index of steps has it."""


async def idle(work: Work, verdict: Verdict | None, filters: dict[str, Any]) -> list[Row]:
    """Devices with a verdict, or proven unused where None, the longest since first."""
    payers = work.caller.scope.payers
    own = {**filters, "payers": None if payers is None else sorted(payers)}
    return await fetch_all(work.connection, listing(verdict, own), {**own, "verdict": verdict})


def listing(verdict: Verdict | None, filters: Mapping[str, Any]) -> Composed:
    """The statement of a page; `payers` are those whose devices the caller may see, None where all.

    Row security says that once more; here it leads to the index.
    """
    which = SQL("v.proven_unused") if verdict is None else SQL("v.verdict = %(verdict)s")
    after = _HIGHER if verdict in _WITHOUT_SINCE else _LATER
    given = [which, after, *_given(_OF_VERDICT, filters)]
    if filters["step"] not in {None, Step.NONE}:
        given.append(_A_STEP)
    return formatted(
        _SQL["idle"],
        judged=JUDGED,
        of_verdict=SQL(" AND ").join(given),
        of_device=SQL(" AND ").join([SQL("true"), *_given(_OF_DEVICE, filters)]),
        limit=Literal(int(filters["limit"])),
    )


def _given(conditions: Mapping[str, SQL], filters: Mapping[str, Any]) -> list[SQL]:
    return [condition for name, condition in conditions.items() if filters[name] is not None]


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


async def money(work: Work, group: str, limit: int | None = None) -> list[Row]:
    """Denominators, cost so far and savings by one of GROUPS, the most to save first: `limit` at most, None for all."""
    return await fetch_all(work.connection, formatted(_SQL["money"], group=GROUPS[group]), {"limit": limit})


async def latest_run(work: Work) -> Row | None:
    """When the verdicts were made last; None before the first run."""
    return await fetch_one(work.connection, _SQL["latest_run"])
