"""Is anything lost or late, where, and since when: from the device's message to the call about an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from diagnostics.administration import review
from diagnostics.console.gate import with_right
from diagnostics.console.pages import page, resources_of
from diagnostics.queries import Row, fetch_all, room
from diagnostics.rights import Right
from diagnostics.work import Door
from fleet.health import MEANINGS, Concern, Condition
from fleet.text import Text

_SQL: Final = room(review.__file__)
_ORDER: Final = (Condition.NOW, Condition.UNKNOWN, Condition.OVER, Condition.WELL)
SERVICES: Final[Mapping[str, tuple[Text, Text]]] = {
    "judging": (
        Text("Larmreglerna prövas", "Alarm rules are judged"),
        Text("Nya larm uppstår inte. Se att arbetsprocessen kör.", "No new alarms arise. See that the worker runs."),
    ),
    "notifying": (
        Text("Meddelanden skickas", "Messages are sent"),
        Text("Ingen larmas. Se att arbetsprocessen kör.", "Nobody is called. See that the worker runs."),
    ),
    "escalating": (
        Text("Larmstegen går vidare", "Ladders move on"),
        Text("Ett larm som ingen tar går inte vidare.", "An alarm that nobody takes does not move on."),
    ),
    "calls_waiting": (
        Text("Meddelanden väntar i utkorgen", "Messages wait in the outbox"),
        Text("Kanalen eller leverantören svarar inte.", "The channel or its provider does not answer."),
    ),
    "calls_given_up": (
        Text("Meddelanden som gavs upp", "Messages given up"),
        Text(
            "Se kanalens inställningar; nästa steg har larmats.",
            "See the channel's settings; the next step was called.",
        ),
    ),
    "commands_waiting": (
        Text("Kommandon väntar på att skickas", "Commands wait to be sent"),
        Text("Se att arbetsprocessen når brokern.", "See that the worker reaches the broker."),
    ),
    "canary": (
        Text("Kanarieautomaten", "The canary dispenser"),
        Text("Dygnets prov nådde ingen människa.", "The day's test reached nobody."),
    ),
}


_TROUBLES: Final = frozenset({"calls_waiting", "calls_given_up", "commands_waiting"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """How it stands with one thing.

    Attributes:
        where: the part of the system.
        amount: how much, with its unit; None where not known.
        advice: what to do, where it is not well.
        trouble: whether the title tells what is wrong when it is; else what works when it does.
    """

    where: str
    title: Text
    condition: Condition
    since: datetime | None
    until: datetime | None
    amount: float | None
    unit: Text | None
    advice: Text
    loses: bool = False
    trouble: bool = True


async def show_health(request: Request) -> Response:
    """Everything that is looked after: trouble first, then what nobody knows."""
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_HEALTH)) as work:
        pipeline = await fetch_all(work.connection, _SQL["pipeline"])
        services = await fetch_all(work.connection, _SQL["services"])
        refused = await fetch_all(work.connection, _SQL["refused"])
        await work.record("health.read")
    signs = [*map(_of_pipeline, pipeline), *map(_of_services, services)]
    signs.sort(key=lambda sign: _ORDER.index(sign.condition))
    return page(
        request,
        "health.html",
        signs=signs,
        verdict=verdict(signs, heard=bool(pipeline)),
        heard=bool(pipeline),
        refused=refused,
        now=resources_of(request).clock(),
    )


def verdict(signs: list[Sign], *, heard: bool) -> Condition:
    """The worst of all; never well where an ingest has not been heard of at all, or where anything is unknown."""
    conditions = {sign.condition for sign in signs}
    if Condition.NOW in conditions:
        return Condition.NOW
    if not heard or Condition.UNKNOWN in conditions:
        return Condition.UNKNOWN
    return Condition.WELL


def _of_pipeline(row: Row) -> Sign:
    meaning = MEANINGS[Concern(row["concern"])]
    return Sign(
        where=row["shard"],
        title=meaning.title,
        condition=Condition(row["state"]),
        since=row["since"],
        until=row["until"],
        amount=row["amount"],
        unit=meaning.unit,
        advice=meaning.advice,
        loses=meaning.loses,
    )


def _of_services(row: Row) -> Sign:
    title, advice = SERVICES[row["part"]]
    return Sign(
        where="worker",
        title=title,
        condition=Condition(row["state"]),
        since=row["since"],
        until=None,
        amount=row["amount"],
        unit=None,
        advice=advice,
        trouble=row["part"] in _TROUBLES,
    )
