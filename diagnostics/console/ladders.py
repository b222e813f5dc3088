"""Ladders and rota: who is called when, as a form without script; a gap is refused and shown where it is."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from diagnostics.administration import ladders
from diagnostics.administration.ladders import Recipient, RotaRefusedError
from diagnostics.console.alarms import printable
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.problems import Problem
from diagnostics.rights import Right
from diagnostics.work import Door
from fleet.calendar import DayKind
from fleet.ladder import INSTALLATION, Ladder, LadderError
from fleet.ladder_document import DAY_WORDS, write_ladder
from fleet.rota import Finding

MOST_STEPS: Final = 8
MOST_DUTIES: Final = 10
DAYS: Final = ("every_day", "workdays", "free_days", "weekends", "holidays")
_Row = dict[str, str]


async def show_ladders(request: Request) -> Response:
    """Every ladder with what is wrong with it from now on, and who can be called."""
    async with Door(resources_of(request)).open(with_right(request, Right.ADMINISTER)) as work:
        found, people = await ladders.list_ladders(work)
    return page(request, "ladders.html", ladders=found, people=people)


async def new_ladder(request: Request) -> Response:
    """An empty form."""
    async with Door(resources_of(request)).open(with_right(request, Right.ADMINISTER)) as work:
        people = await ladders.recipients(work)
    return _form(request, people, _empty(), version=0)


async def show_ladder(request: Request) -> Response:
    """One ladder as a form."""
    async with Door(resources_of(request)).open(with_right(request, Right.ADMINISTER)) as work:
        found, people = await ladders.show_ladder(work, request.path_params["code"])
    return _form(request, people, _fields(found.ladder), version=found.version, findings=found.findings)


async def save_ladder(request: Request) -> Response:
    """Saves a ladder without gaps; else shows the form as it was filled in, and what is wrong."""
    form, caller = await form_of(request), with_right(request, Right.ADMINISTER)
    fields, version = _given(form), _number(form, "version")
    try:
        async with Door(resources_of(request)).open(caller) as work:
            await ladders.save_ladder(work, _document(fields), version)
    except RotaRefusedError as refusal:
        wrong: dict[str, Any] = {"findings": refusal.findings, "refused": True}
    except LadderError as error:
        wrong = {"sentence": str(error), "refused": True}
    except Problem as problem:
        wrong = {"problem": problem, "refused": True}
    else:
        return seen(f"{ROOT}/administration/ladders/{fields['code']}?saved=1")
    async with Door(resources_of(request)).open(caller) as work:
        people = await ladders.recipients(work)
    return _form(request, people, fields, version=version, **wrong)


def _form(  # noqa: PLR0913 - everything the page shows
    request: Request,
    people: list[Recipient],
    fields: Mapping[str, Any],
    *,
    version: int,
    findings: list[Finding] | None = None,
    sentence: str = "",
    problem: Problem | None = None,
    refused: bool = False,
) -> Response:
    return page(
        request,
        "ladder.html",
        status=422 if refused else 200,
        people=[*(person.code for person in people), INSTALLATION],
        fields=_with_room(fields),
        version=version,
        findings=findings or [],
        sentence=sentence,
        problem=problem,
        refused=refused,
        days=DAYS,
        saved=request.query_params.get("saved") == "1",
    )


def _empty() -> dict[str, Any]:
    return {"code": "", "steps": [], "last_resort": [INSTALLATION], "repeat": "5", "calm_repeat": "1440"}


def _fields(ladder: Ladder) -> dict[str, Any]:
    """A ladder as what stands in the form's fields."""
    document = write_ladder(ladder)
    return {
        "code": ladder.code,
        "steps": [
            {
                "wait": f"{step['wait_minutes']:g}",
                "falls_through": step["falls_through"],
                "duties": [row for duty in step["call"] for row in _rows(duty)],
            }
            for step in document["steps"]
        ],
        "last_resort": list(ladder.last_resort),
        "repeat": f"{document['repeat_minutes']:g}",
        "calm_repeat": f"{document['calm_repeat_minutes']:g}",
    }


def _rows(duty: Mapping[str, Any]) -> list[_Row]:
    """A duty as rows of the form: one for each of its windows and kinds of day that have a word."""
    common = {
        "recipient": duty["recipient"],
        "first": str(duty.get("first_day") or ""),
        "last": str(duty.get("last_day") or ""),
    }
    windows = duty["when"] or [{"days": sorted(DayKind), "begins": "00:00", "ends": "00:00"}]
    return [
        {**common, "days": word, "begins": window["begins"], "ends": window["ends"]}
        for window in windows
        for word in _day_words(frozenset(DayKind(kind) for kind in window["days"]))
    ]


def _day_words(kinds: frozenset[DayKind]) -> list[str]:
    word = next((word for word in DAYS if DAY_WORDS[word] == kinds), None)
    return [word] if word else sorted(kind.value for kind in kinds)


def _with_room(fields: Mapping[str, Any]) -> dict[str, Any]:
    """With an empty row in every step and an empty step at the end, for what is to be added without script."""
    blank = {"recipient": "", "days": "every_day", "begins": "00:00", "ends": "00:00", "first": "", "last": ""}
    steps = [
        {**step, "duties": [*step["duties"], blank][:MOST_DUTIES]}
        for step in [*fields["steps"], {"wait": "5", "falls_through": False, "duties": []}][:MOST_STEPS]
    ]
    return {**fields, "steps": steps}


def _given(form: FormData) -> dict[str, Any]:
    """What stands in the form's fields; rows without a recipient and steps without a row are none."""
    steps = []
    for number in range(MOST_STEPS):
        duties = [row for place in range(MOST_DUTIES) if (row := _row(form, f"s{number}d{place}_"))["recipient"]]
        if duties:
            step = {"wait": _text(form, f"s{number}_wait"), "falls_through": bool(form.get(f"s{number}_falls"))}
            steps.append({**step, "duties": duties})
    return {
        "code": _text(form, "code").lower(),
        "steps": steps,
        "last_resort": [str(code)[:40] for code in form.getlist("last_resort")],
        "repeat": _text(form, "repeat"),
        "calm_repeat": _text(form, "calm_repeat"),
    }


def _row(form: FormData, prefix: str) -> _Row:
    return {name: _text(form, prefix + name) for name in ("recipient", "days", "begins", "ends", "first", "last")}


def _document(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "code": fields["code"],
        "steps": [
            {
                "wait_minutes": _minutes(step["wait"]),
                "falls_through": step["falls_through"],
                "call": [_duty(row) for row in step["duties"]],
            }
            for step in fields["steps"]
        ],
        "last_resort": fields["last_resort"],
        "repeat_minutes": _minutes(fields["repeat"]),
        "calm_repeat_minutes": _minutes(fields["calm_repeat"]),
    }


def _duty(row: _Row) -> dict[str, Any]:
    days = {f"{name}_day": row[name] for name in ("first", "last") if row[name]}
    when = [{"days": row["days"], "begins": row["begins"] or "00:00", "ends": row["ends"] or "00:00"}]
    return {"recipient": row["recipient"], "when": when, **days}


def _minutes(text: str) -> float | str:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


def _number(form: FormData, name: str) -> int:
    text = _text(form, name)
    return int(text) if text.isdecimal() and len(text) < 9 else -1


def _text(form: FormData, name: str) -> str:
    return printable(str(form.get(name, ""))).strip()[:60]
