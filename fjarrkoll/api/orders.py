"""`fjarrkoll orders`: draft, work and export work orders; what they have saved and taught."""

from pathlib import Path
from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import ApiError, Json, open_client
from fjarrkoll.api.output import (
    NOTHING,
    JsonOption,
    LanguageOption,
    LimitOption,
    either,
    local_time,
    number,
    print_json,
    print_line,
    print_table,
    tell,
)
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Draft, work, export and count work orders.")

Device = Annotated[str, typer.Argument(help="Individual number, or device id")]
Number = Annotated[int, typer.Argument(min=1, help="Number of the work order")]
Reason = Annotated[str, typer.Option(help="Why")]
Technician = Annotated[str | None, typer.Option(help="Unit or login that sees to it")]
_PRIORITIES: Final = {
    "on_call": Text("jour", "on-call"),
    "acute": Text("akut", "acute"),
    "ordinary": Text("ordinarie", "ordinary"),
}
_STATES: Final = {
    "draft": Text("utkast", "draft"),
    "placed": Text("beställd", "placed"),
    "started": Text("påbörjad", "started"),
    "done": Text("klar", "done"),
    "cancelled": Text("avbruten", "cancelled"),
}
_SOLVED: Final = {
    "remotely": Text("på distans", "remotely"),
    "visit": Text("vid besök", "by a visit"),
    "exchanged": Text("utbytt", "exchanged"),
    "no_fault_found": Text("inget fel funnet", "no fault found"),
}
_ORDER: Final = Text("Arbetsorder", "Order")
_PRIORITY: Final = Text("Prioritet", "Priority")
_STATE: Final = Text("Läge", "State")
_DUE: Final = Text("Klar senast", "Done by")
_ABOUT: Final = Text("Gäller", "About")
_LATE: Final = Text("försenad", "late")


@app.command("list")
def list_orders(  # noqa: PLR0913 - each is an option of the command
    *,
    state: Annotated[str, typer.Option(help="open, closed, all, or one state")] = "open",
    priority: Annotated[str | None, typer.Option(help="on_call, acute or ordinary")] = None,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class")] = None,
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    depot: Annotated[str | None, typer.Option(help="Code of the depot")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is or was done too late")] = False,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show work orders, the most pressing first. Example: fjarrkoll orders list --priority acute."""
    with open_client(language) as client:
        filters = {"state": state, "priority": priority, "class_": device_class, "payer": payer, "depot": depot}
        answer = client.list("orders", limit, overdue=overdue, **filters)
    if as_json:
        print_json(answer)
        return
    columns = (_ORDER, words.NUMBER, words.MODEL, _PRIORITY, _STATE, _DUE, _ABOUT)
    print_table("", [column.to(language) for column in columns], [_row(item, language) for item in answer["items"]])


@app.command("show")
def show_order(order: Number, *, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Show one work order with its course. Example: fjarrkoll orders show 100001."""
    with open_client(language) as client:
        _print(client.get(f"orders/{order}"), language, as_json=as_json)


@app.command("draft")
def draft_order(  # noqa: PLR0913 - each is an option of the command
    device: Device,
    *,
    fault: Annotated[list[int] | None, typer.Option(help="fault_id; may be given several times")] = None,
    alarm: Annotated[list[int] | None, typer.Option(help="Number of an alarm; several times")] = None,
    cause: Annotated[list[str] | None, typer.Option(help="Diagnosed cause; several times")] = None,
    remark: Annotated[str | None, typer.Option(help="What somebody tells, without any name")] = None,
    priority: Annotated[str | None, typer.Option(help="on_call, acute or ordinary; else what the findings say")] = None,
    description: Annotated[str, typer.Option(help="Free text")] = "",
    part: Annotated[list[str] | None, typer.Option(help="To bring; several times")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Make a work order of findings, or add them to the open one about the same matter.

    Example: fjarrkoll orders draft 1234567 --fault 4711.
    """
    body = {
        "faults": fault or [],
        "alarms": alarm or [],
        "causes": cause or [],
        "remark": remark,
        "priority": priority,
        "description": description,
        "parts": part or [],
    }
    with open_client(language) as client:
        answer = client.send("POST", f"devices/{client.device_id(device)}/orders", body)
    if as_json:
        print_json(answer)
        return
    if not answer["new"]:
        print_line(Text("Samma sak har redan en öppen arbetsorder:", "The matter has an open order:").to(language))
    _print(answer["order"], language, as_json=False)


@app.command("place")
def place(
    order: Number,
    *,
    reason: Reason = "",
    technician: Technician = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Place a drafted order. Example: fjarrkoll orders place 100001 --technician verkstad-syd."""
    _move(f"orders/{order}/place", language, as_json=as_json, reason=reason, technician=technician)


@app.command("start")
def start(
    order: Number,
    *,
    reason: Reason = "",
    technician: Technician = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Say that work has begun. Example: fjarrkoll orders start 100001."""
    _move(f"orders/{order}/start", language, as_json=as_json, reason=reason, technician=technician)


@app.command("cancel")
def cancel(
    order: Number,
    *,
    reason: Reason = "",
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Cancel an order. Example: fjarrkoll orders cancel 100001 --reason "not reached"."""
    _move(f"orders/{order}/cancel", language, as_json=as_json, reason=reason)


@app.command("finish")
def finish(  # noqa: PLR0913 - each is an option of the command
    order: Number,
    solved: Annotated[str, typer.Argument(help="remotely, visit, exchanged or no_fault_found")],
    *,
    cause: Annotated[str, typer.Option(help="Cause found")] = "",
    part: Annotated[list[str] | None, typer.Option(help="Part used; several times")] = None,
    visits: Annotated[int, typer.Option(min=0, help="How many visits")] = 0,
    first_visit_fixed: Annotated[bool | None, typer.Option(help="Whether the first visit ended it")] = None,
    minutes: Annotated[int | None, typer.Option(min=0, help="All working time, journey included")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Record what came of an order. Example: fjarrkoll orders finish 100001 remotely --minutes 20."""
    body = {
        "solved": solved,
        "cause": cause,
        "parts_used": part or [],
        "visits": visits,
        "first_visit_fixed": first_visit_fixed,
        "minutes_spent": minutes,
    }
    with open_client(language) as client:
        _print(client.send("POST", f"orders/{order}/finish", body), language, as_json=as_json)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Ends in .csv, .xlsx or .json")],
    *,
    state: Annotated[str, typer.Option(help="open, closed, all, or one state")] = "open",
    payer: Annotated[str | None, typer.Option(help="Code of the payer")] = None,
    language: LanguageOption = "sv",
) -> None:
    """Write work orders to a file with the fields technicians use. Example: fjarrkoll orders export lista.xlsx."""
    shape = file.suffix.lower().removeprefix(".")
    if shape not in {"csv", "xlsx", "json"}:
        raise ApiError(Text("Filen ska heta .csv, .xlsx eller .json.", "Name it .csv, .xlsx or .json.").to(language))
    with open_client(language) as client:
        file.write_bytes(client.file("orders/export", state=state, payer=payer, format=shape))
    tell(Text(f"Skrev {file}.", f"Wrote {file}.").to(language))


@app.command("measures")
def measures(
    *,
    start: Annotated[str | None, typer.Option("--from", help="2026-08-01T00:00:00Z; 120 days ago if absent")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Now if absent")] = None,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Hours saved, visits avoided and first-visit fix rate, with denominators. Example: fjarrkoll orders measures."""
    with open_client(language) as client:
        answer = client.get("orders/measures", from_=start, to_=end, class_=device_class)
    if as_json:
        print_json(answer)
        return
    print_line(either(answer["meaning"], language))
    basis = Text("Antagandets grund", "Basis of the assumption").to(language)
    print_line(f"{basis}: {answer['visit_minutes_basis']}")
    now = Text(
        f"Öppna nu: {answer['open_now']}, försenade: {answer['overdue_now']}.",
        f"Open now: {answer['open_now']}, late: {answer['overdue_now']}.",
    )
    print_line(now.to(language))


@app.command("causes")
def causes(
    *,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class")] = None,
    fault_code: Annotated[str | None, typer.Option("--fault", help="Normalised fault code")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show what orders have taught of each fault. Example: fjarrkoll orders causes --class wheelchair."""
    with open_client(language) as client:
        answer = client.get("orders/causes", class_=device_class, fault_code=fault_code)
    if as_json:
        print_json(answer)
        return
    columns = (words.CODE, Text("Orsak", "Cause"), words.MODEL, Text("Antal", "Orders"))
    more = (Text("På distans", "Remotely"), Text("Första besöket", "First visit"))
    rows = [
        [
            entry["fault_code"],
            entry["cause"] or words.UNKNOWN.to(language),
            entry["model_key"],
            str(entry["orders"]),
            str(entry["solved_remotely"]),
            f"{entry['first_visit_fixed']}/{entry['first_visit_known']}",
        ]
        for entry in answer["items"]
    ]
    print_table("", [column.to(language) for column in (*columns, *more)], rows)


@app.command("set")
def set_number(
    name: Annotated[str, typer.Argument(help="Name of the number, such as visit_minutes")],
    value: Annotated[int, typer.Argument(help="Its value")],
    basis: Annotated[str, typer.Argument(help="Where it comes from")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Set a number the workshop reckons with. Example: fjarrkoll orders set visit_minutes 140 "time study 2026"."""
    with open_client(language) as client:
        answer = client.send("PUT", f"orders/settings/{name}", {"value": value, "basis": basis})
    _print_settings(answer, as_json=as_json)


@app.command("settings")
def settings(*, as_json: JsonOption = False, language: LanguageOption = "sv") -> None:
    """Show the numbers the workshop reckons with, each with its basis."""
    with open_client(language) as client:
        _print_settings(client.get("orders/settings"), as_json=as_json)


def _move(where: str, language: str, *, as_json: bool, **body: str | None) -> None:
    with open_client(language) as client:
        answer = client.send("POST", where, body)
    _print(answer, language, as_json=as_json)


def _row(item: Json, language: str) -> list[str]:
    late = f" ({_LATE.to(language)})" if item["overdue"] else ""
    return [
        str(item["order_id"]),
        words.number_of(item),
        f"{item['maker']} {item['model']}",
        words.word(_PRIORITIES, item["priority"], language),
        words.word(_STATES, item["state"], language),
        f"{local_time(item['done_by'])}{late}",
        ("⚠ " if item["on_hold"] else "") + either(item["title"], language),
    ]


def _print(order: Json, language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(order)
        return
    head = f"{_ORDER.to(language)} {order['order_id']}  {words.number_of(order)}  {order['maker']} {order['model']}"
    print_line(head)
    if order["on_hold"]:
        print_line(Text("⚠ AVVIKELSESPÄRR: ska lämnas orört", "⚠ INCIDENT HOLD: leave untouched").to(language))
    print_line(f"{either(order['title'], language)}. {order['description']}".rstrip())
    state = words.word(_STATES, order["state"], language)
    priority = words.word(_PRIORITIES, order["priority"], language)
    late = f" ({_LATE.to(language)})" if order["overdue"] else ""
    print_line(f"{state}, {priority}; {_DUE.to(language).lower()} {local_time(order['done_by'])}{late}")
    for finding in order["findings"]:
        clocks = f"{local_time(finding['happened_at'])} / {local_time(finding['known_at'])}"
        print_line(f"  {finding['kind']}: {either(finding['title'], language)}  ({clocks})")
    for step in order["transitions"]:
        where = words.word(_STATES, step["state"], language)
        print_line(f"  {local_time(step['at'])}  {where}  {step['by']}  {step['reason']}".rstrip())
    if order["outcome"] is not None:
        _print_outcome(order["outcome"], language)


def _print_outcome(outcome: Json, language: str) -> None:
    solved = words.word(_SOLVED, outcome["solved"], language)
    parts = ", ".join(outcome["parts_used"]) or NOTHING
    minutes = number(outcome["minutes_spent"], language)
    cause = outcome["cause"] or words.UNKNOWN.to(language)
    told = Text(
        f"Löst {solved}; orsak: {cause}; delar: {parts}; minuter: {minutes}",
        f"Solved {solved}; cause: {cause}; parts: {parts}; minutes: {minutes}",
    )
    print_line(told.to(language))


def _print_settings(answer: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    for entry in answer["items"]:
        print_line(f"{entry['name']:<24} {entry['value']:>6}  {entry['basis']}")
