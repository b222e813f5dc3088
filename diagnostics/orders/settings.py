"""The workshop's numbers, shown and changed; and what the fleet's orders have taught."""

from http import HTTPStatus

from diagnostics.orders import repository
from diagnostics.orders.hours import BOUNDS, calendar_of
from diagnostics.orders.schemas import CauseItem, Causes, SettingItem, SettingRequest, SettingsAnswer
from diagnostics.problems import Problem, not_found
from diagnostics.work import Work
from fleet.text import Text


async def show(work: Work) -> SettingsAnswer:
    """Every number with its basis."""
    rows = await repository.settings(work)
    await work.record("workshop.read")
    return _answer(rows)


async def change(work: Work, name: str, request: SettingRequest) -> SettingsAnswer:
    """Sets one number.

    Raises:
        Problem: there is none of that name, or the value makes no sense.
    """
    rows = await repository.settings(work)
    if name not in rows or name not in BOUNDS:
        raise not_found(Text("Siffran", "The number"))
    low, high = BOUNDS[name]
    if not low <= request.value <= high:
        raise _out_of_bounds(Text(f"Mellan {low} och {high}.", f"Between {low} and {high}."))
    try:
        calendar_of({**rows, name: {"value": request.value}})
    except ValueError as error:
        raise _out_of_bounds(
            Text("Öppning ska ligga före halvdagens och dagens slut.", "Opening must lie before either closing.")
        ) from error
    was = rows[name]["value"]
    await repository.set_setting(work, name, request.value, request.basis)
    await work.record("workshop.set", name=name, was=was, value=request.value)
    return _answer(await repository.settings(work))


async def causes(work: Work, device_class: str | None, fault_code: str | None) -> Causes:
    """How often each fault turned out to be which cause."""
    rows = await repository.causes(work, device_class, fault_code)
    await work.record("causes.read", asked={"class": device_class, "fault_code": fault_code})
    return Causes(items=[CauseItem(**row) for row in rows])


def _answer(rows: dict[str, dict[str, object]]) -> SettingsAnswer:
    return SettingsAnswer(items=[SettingItem.model_validate(row) for row in rows.values()])


def _out_of_bounds(detail: Text) -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "out_of_bounds",
        Text("Värdet går inte", "The value does not do"),
        detail,
    )
