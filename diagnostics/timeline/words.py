"""How each kind of entry is told in both languages; what a device says stands in the data, never in a title."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from diagnostics.timeline.schemas import EntryKind
from fleet.errors import shown
from fleet.profile import DeviceProfile
from fleet.text import Text

Data = Mapping[str, Any]
Told = tuple[Text, Text | None]


def told(kind: EntryKind, data: Data, profile: DeviceProfile | None) -> Told:
    """Title and detail of an entry."""
    return _TELL[kind](data, profile)


def _readings(data: Data, _: DeviceProfile | None) -> Told:
    number = data["readings"]
    return Text(f"{number} avläsningar {data['local_day']}", f"{number} readings on {data['local_day']}"), None


def _event(data: Data, profile: DeviceProfile | None) -> Told:
    titles = {event.name: event.title for event in profile.all_events} if profile else {}
    return titles.get(data["event"]) or _plain(data["event"]), None


def _fault(data: Data, profile: DeviceProfile | None) -> Told:
    known = profile.faults_by_code.get(data["fault_code"] or "") if profile else None
    raw = f"{shown(data['system'])[1:-1]}/{shown(data['code'])[1:-1]}"
    title = known.title if known else Text(f"okänd felkod {raw}", f"unknown fault code {raw}")
    verb = Text("Fel uppstod", "Fault raised") if data["what"] == "raised" else Text("Fel upphörde", "Fault cleared")
    return Text(f"{verb.sv}: {title.sv}", f"{verb.en}: {title.en}"), _plain(raw)


def _command(data: Data, profile: DeviceProfile | None) -> Told:
    command = profile.commands_by_name.get(data["name"]) if profile else None
    title = command.title if command else _plain(data["name"])
    state = _COMMAND_STATES.get(data["state"]) or _plain(data["state"])
    by = data["requested_by"]
    return title, Text(f"{state.sv}, begärt av {by}", f"{state.en}, asked for by {by}")


def _alarm(data: Data, _: DeviceProfile | None) -> Told:
    verb = _ALARM_VERBS[data["what"]]
    title = Text(f"{verb.sv}: {data['title_sv'] or data['rule']}", f"{verb.en}: {data['title_en'] or data['rule']}")
    if data["what"] == "raised":
        return title, Text(data["reason_sv"] or "–", data["reason_en"] or "–")
    return title, _plain(data["by"] if data["what"] == "taken" else data["why"])


def _software(data: Data, _: DeviceProfile | None) -> Told:
    before, after = data["from"] or "?", data["to"] or "?"
    title = Text(f"Programversion {after}", f"Software version {after}")
    detail = Text(f"tidigare {before}", f"before: {before}")
    if data["model_from"] != data["model_to"]:
        models = f"{data['model_from']} → {data['model_to']}"
        detail = Text(f"{detail.sv}; modell {models}", f"{detail.en}; model {models}")
    return title, detail


def _loan(data: Data, _: DeviceProfile | None) -> Told:
    verb = Text("Uthyrning började", "Loan began") if data["what"] == "started" else Text("Återlämnat", "Returned")
    return verb, _plain(f"{data['payer']}, {data['legal_frame']}")


def _order(data: Data, _: DeviceProfile | None) -> Told:
    state = _ORDER_STATES[data["state"]]
    number = data["order_id"]
    title = Text(
        f"Arbetsorder {number} {state.sv}: {data['title_sv']}", f"Work order {number} {state.en}: {data['title_en']}"
    )
    return title, _plain(data["cause"] or data["reason"] or data["by"])


def _service(data: Data, _: DeviceProfile | None) -> Told:
    word = _SERVICES[data["what"]]
    if data["passed"]:
        return Text(f"{word.sv} godkänd", f"{word.en} passed"), _plain(data["note"] or data["by"])
    return Text(f"{word.sv} underkänd", f"{word.en} not passed"), _plain(data["note"] or data["by"])


def _hold(data: Data, _: DeviceProfile | None) -> Told:
    placed = data["what"] == "placed"
    verb = Text("Avvikelsespärr lagd", "Incident hold placed") if placed else Text("Spärren hävd", "Hold lifted")
    return verb, _plain(data["reason"])


def _plain(text: object) -> Text:
    written = str(text or "–").strip() or "–"
    return Text(written, written)


_TELL: Final[Mapping[EntryKind, Callable[[Data, DeviceProfile | None], Told]]] = {
    EntryKind.READINGS: _readings,
    EntryKind.EVENT: _event,
    EntryKind.FAULT: _fault,
    EntryKind.COMMAND: _command,
    EntryKind.ALARM: _alarm,
    EntryKind.SOFTWARE: _software,
    EntryKind.LOAN: _loan,
    EntryKind.ORDER: _order,
    EntryKind.SERVICE: _service,
    EntryKind.HOLD: _hold,
}
_ALARM_VERBS: Final = {
    "raised": Text("Larm", "Alarm"),
    "taken": Text("Larm kvitterat", "Alarm taken"),
    "cleared": Text("Larm över", "Alarm over"),
}
_COMMAND_STATES: Final = {
    "queued": Text("väntar på att skickas", "waiting to be sent"),
    "sent": Text("skickat", "sent"),
    "delivered": Text("mottaget", "delivered"),
    "running": Text("utförs", "running"),
    "succeeded": Text("utfört", "done"),
    "refused": Text("nekat", "refused"),
    "failed": Text("misslyckat", "failed"),
    "expired": Text("utan svar", "without an answer"),
    "cancelled": Text("avbrutet", "cancelled"),
    "unknown": Text("okänt om det utfördes", "unknown whether it was done"),
}
_ORDER_STATES: Final = {
    "draft": Text("utkast", "drafted"),
    "placed": Text("beställd", "placed"),
    "started": Text("påbörjad", "started"),
    "done": Text("klar", "done"),
    "cancelled": Text("avbruten", "cancelled"),
}
_SERVICES: Final = {
    "inspection": Text("Besiktning", "Inspection"),
    "calibration": Text("Kalibrering", "Calibration"),
    "maintenance": Text("Service", "Maintenance"),
}
