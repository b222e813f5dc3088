"""The price list: what is, was and will be charged for each model, and a new price from a day on."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.administration import prices
from diagnostics.console.alarms import printable
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.problems import Problem, invalid
from diagnostics.rights import Right
from diagnostics.work import Door
from fleet.clock import local_day


async def show_prices(request: Request) -> Response:
    """Every model with its prices over time."""
    return await _shown(request)


async def set_price(request: Request) -> Response:
    """A new price; what is wrong is said above the form."""
    form, caller = await form_of(request), with_right(request, Right.ADMINISTER)
    given = {name: printable(str(form.get(name, ""))).strip() for name in ("model", "begins", "rent")}
    try:
        begins = date.fromisoformat(given["begins"])
        rent = Decimal("".join(given["rent"].split()).replace(",", "."))
        async with Door(resources_of(request)).open(caller) as work:
            await prices.set_price(work, given["model"], begins, rent)
    except (ValueError, InvalidOperation):
        return await _shown(request, problem=invalid([]), given=given)
    except Problem as problem:
        return await _shown(request, problem=problem, given=given)
    return seen(f"{ROOT}/administration/prices?saved=1")


async def _shown(request: Request, **more: Any) -> Response:  # noqa: ANN401 - what a try led to
    problem: Problem | None = more.get("problem")
    async with Door(resources_of(request)).open(with_right(request, Right.ADMINISTER)) as work:
        found = await prices.list_prices(work)
    return page(
        request,
        "prices.html",
        status=200 if problem is None else int(problem.status),
        models=found,
        today=local_day(resources_of(request).clock()),
        saved=request.query_params.get("saved") == "1",
        **({"problem": None, "given": {}} | more),
    )
