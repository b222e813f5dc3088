"""Decides what is said of devices' readiness, and asks them for what is missing; callable without HTTP."""

from collections import Counter
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Final

from diagnostics.commands.schemas import CommandRequest
from diagnostics.commands.waiting import ask
from diagnostics.devices import repository as devices
from diagnostics.orders import repository as workshop
from diagnostics.orders.hours import limits_of
from diagnostics.paging import cut, decode_cursor
from diagnostics.problems import Problem
from diagnostics.queries import Row
from diagnostics.readiness import repository
from diagnostics.readiness.judging import facts_of
from diagnostics.readiness.schemas import (
    Approval,
    CheckItem,
    ModelAnswer,
    ReadinessCounts,
    ReadinessItem,
    ReadinessList,
    ReadinessQuery,
    Schedule,
    ScheduleRequest,
    ServiceRequest,
    Staged,
    StagedItem,
)
from diagnostics.schemas import BilingualText
from diagnostics.security import Caller
from diagnostics.work import Door, Work
from fleet.clock import local_day
from fleet.readiness import Check, Readiness, Verdict, commands_to_stage, judge
from fleet.text import Text

_STAGE_UPDATE: Final = "stage_update"


async def one(work: Work, device_id: str) -> ReadinessItem:
    """Whether one device can be handed out.

    Raises:
        Problem: no such device in the caller's scope.
    """
    device = await devices.identity(work, device_id)
    items = await _judged(work, [device["device_no"]])
    await work.record("readiness.read", device["device_no"], verdict=items[0].verdict)
    return items[0]


async def of_list(work: Work, names: Sequence[str]) -> ReadinessList:
    """The verdicts on devices named by individual number or id; those that are not there are named, too."""
    rows = await repository.by_numbers(work, names)
    known = {row[column] for row in rows for column in ("individual_number", "device_id")}
    missing = [name for name in dict.fromkeys(names) if name not in known]
    items = await _judged(work, [row["device_no"] for row in rows])
    await work.record("readiness.list", devices=[row["device_no"] for row in rows])
    return ReadinessList(items=items, next_cursor=None, counts=_counts(items, len(missing)), not_found=missing)


async def search(work: Work, query: ReadinessQuery) -> ReadinessList:
    """A page of verdicts on the devices of a depot, a model or a prescribing unit.

    Raises:
        Problem: not exactly one of the three is given.
    """
    given = {way: value for way in ("depot", "model", "unit") if (value := getattr(query, way)) is not None}
    if len(given) != 1:
        raise _choose_one()
    (way, choice), *_ = given.items()
    after = decode_cursor(query.cursor, tuple[str])
    rows = await repository.chosen(work, way, choice, after[0] if after else None, query.limit + 1)
    page, cursor = cut(rows, query.limit, lambda row: (row["individual_number"],))
    items = await _judged(work, [row["device_no"] for row in page])
    await work.record("readiness.list", devices=[row["device_no"] for row in page], asked=given)
    return ReadinessList(items=items, next_cursor=cursor, counts=_counts(items, 0), not_found=[])


async def stage(door: Door, caller: Caller, device_id: str, key: str) -> Staged:
    """Asks the device for everything that would bring light or mend, each under a key made of the caller's.

    Sent again with the same key nothing happens twice. A command that may not be asked for is listed with its reason.

    Raises:
        Problem: no such device in the caller's scope.
    """
    async with door.open(caller) as work:
        item = await one(work, device_id)
        device = await devices.identity(work, device_id)
        approved = await repository.approvals(work, device["model_key"])
    names = tuple(dict.fromkeys(name for check in item.checks for name in check.commands))
    wanted = [entry["version"] for entry in approved if entry["withdrawn_at"] is None][:1]
    wishes = [
        CommandRequest(name=name, parameters={"version": wanted[0]} if name == _STAGE_UPDATE and wanted else {})
        for name in names
    ]
    staged = [await _ask(door, caller, device_id, wish, key) for wish in wishes]
    return Staged(device_id=device_id, held=device["held"], staged=staged)


async def model(work: Work, model_key: str) -> ModelAnswer:
    """Approved software and the maker's schedule of a model.

    Raises:
        Problem: there is no such model.
    """
    answer = await _model(work, model_key)
    await work.record("readiness.model", model=model_key)
    return answer


async def approve(work: Work, model_key: str, version: str, note: str) -> ModelAnswer:
    """Makes a version the wanted one; those approved before stay approved.

    Raises:
        Problem: there is no such model.
    """
    await repository.model(work, model_key)
    await repository.approve(work, model_key, version, note)
    await work.record("software.approve", model=model_key, version=version)
    return await _model(work, model_key)


async def withdraw(work: Work, model_key: str, version: str, note: str) -> ModelAnswer:
    """Takes an approval back.

    Raises:
        Problem: there is no such model, or no such approval.
    """
    await repository.model(work, model_key)
    if not await repository.withdraw(work, model_key, version, note):
        raise _not_approved()
    await work.record("software.withdraw", model=model_key, version=version)
    return await _model(work, model_key)


async def schedule(work: Work, model_key: str, kind: str, request: ScheduleRequest) -> ModelAnswer:
    """Enters how often the maker asks for a service.

    Raises:
        Problem: there is no such model.
    """
    await repository.model(work, model_key)
    await repository.schedule(work, model_key, kind, request.every_days, request.source)
    await work.record("schedule.set", model=model_key, kind=kind, every_days=request.every_days)
    return await _model(work, model_key)


async def note_service(work: Work, device_id: str, request: ServiceRequest) -> ReadinessItem:
    """Writes down a service and checks again.

    Raises:
        Problem: no such device in the caller's scope, or a day that has not come.
    """
    device = await devices.identity(work, device_id)
    if request.done_on > local_day(work.now):
        raise _not_yet()
    device_no = device["device_no"]
    await repository.note_service(
        work, device_no, request.kind, request.done_on, passed=request.passed, note=request.note
    )
    await work.record("service.note", device_no, kind=request.kind, done_on=request.done_on, passed=request.passed)
    return (await _judged(work, [device_no]))[0]


async def _judged(work: Work, device_numbers: Sequence[int]) -> list[ReadinessItem]:
    if not device_numbers:
        return []
    limits = limits_of(await workshop.settings(work))
    rows = await repository.facts(work, device_numbers)
    return [
        _item(work, row, judge(facts_of(work.registry, row, work.caller.audiences), limits, work.now)) for row in rows
    ]


def _item(work: Work, row: Row, found: Readiness) -> ReadinessItem:
    profile = work.registry.by_name.get(row["device_class"])
    declared = profile.commands_by_name.keys() if profile is not None and row["enrolled_at"] is not None else ()
    return ReadinessItem(
        device_id=row["device_id"],
        individual_number=row["individual_number"],
        held=row["on_hold"],
        device_class=row["device_class"],
        maker=row["maker"],
        model=row["model_name"],
        firmware=row["firmware"],
        verdict=found.verdict,
        reason=BilingualText.of(found.reason),
        checked_at=work.now,
        checks=[_check(check, declared) for check in found.checks],
    )


def _check(check: Check, declared: Iterable[str]) -> CheckItem:
    return CheckItem(
        name=check.name,
        answer=check.answer,
        reason=BilingualText.of(check.reason),
        find_out=None if check.find_out is None else BilingualText.of(check.find_out),
        commands=list(commands_to_stage([check], declared)),
    )


def _counts(items: Sequence[ReadinessItem], missing: int) -> ReadinessCounts:
    found = Counter(item.verdict for item in items)
    return ReadinessCounts(
        ready=found[Verdict.READY],
        not_ready=found[Verdict.NOT_READY],
        unknown=found[Verdict.UNKNOWN],
        not_found=missing,
    )


async def _ask(door: Door, caller: Caller, device_id: str, wish: CommandRequest, key: str) -> StagedItem:
    try:
        command_id, _ = await ask(door, caller, device_id, wish, f"{key}.{wish.name}")
    except Problem as problem:
        return StagedItem(command=wish.name, command_id=None, refused=BilingualText.of(problem.detail))
    return StagedItem(command=wish.name, command_id=str(command_id), refused=None)


async def _model(work: Work, model_key: str) -> ModelAnswer:
    row = await repository.model(work, model_key)
    approved = await repository.approvals(work, model_key)
    return ModelAnswer(
        **row,
        software=[
            Approval(**entry, wanted=place == 0 and entry["withdrawn_at"] is None)
            for place, entry in enumerate(approved)
        ],
        schedule=[Schedule(**entry) for entry in await repository.schedules(work, model_key)],
    )


def _choose_one() -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "choose_one",
        Text("Välj ett urval", "Choose one selection"),
        Text("Ange exakt ett av `depot`, `model` och `unit`.", "Give exactly one of `depot`, `model` and `unit`."),
    )


def _not_approved() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "not_approved",
        Text("Versionen är inte godkänd", "The version is not approved"),
        Text("Det finns inget godkännande att dra tillbaka.", "There is no approval to withdraw."),
    )


def _not_yet() -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "not_yet",
        Text("Dagen har inte varit", "The day has not come"),
        Text("Ange den dag då det gjordes.", "Give the day on which it was done."),
    )
