"""Words of the API in the two languages of the screen."""

from collections.abc import Mapping
from typing import Any, Final

from fleet.text import Text

VERDICTS: Final[Mapping[str, Text]] = {
    "used": Text("används", "used"),
    "unused": Text("oanvänt", "unused"),
    "never_started": Text("aldrig taget i bruk", "never started"),
    "replaced": Text("ersatt", "replaced"),
    "too_early": Text("för tidigt", "too early"),
    "absent": Text("frånvaro", "absent"),
    "silent": Text("tyst", "silent"),
    "source_lost": Text("källa tappad", "source lost"),
    "never_connected": Text("aldrig anslutet", "never connected"),
    "cannot_report": Text("kan inte rapportera", "cannot report"),
    "in_stock": Text("i lager", "in stock"),
    "not_judged": Text("inte bedömt än", "not judged yet"),
}
STEPS: Final[Mapping[str, Text]] = {
    "none": Text("–", "–"),
    "note": Text("notera", "note"),
    "contact": Text("kontakta", "contact"),
    "propose": Text("föreslå retur", "propose return"),
}
SEVERITIES: Final[Mapping[str, Text]] = {
    "info": Text("upplysning", "info"),
    "warning": Text("varning", "warning"),
    "high": Text("hög", "high"),
    "critical": Text("kritisk", "critical"),
}
STATES: Final[Mapping[str, Text]] = {
    "queued": Text("väntar på att skickas", "waiting to be sent"),
    "sent": Text("skickat", "sent"),
    "delivered": Text("mottaget", "delivered"),
    "running": Text("utförs", "running"),
    "succeeded": Text("utfört", "done"),
    "refused": Text("nekat av hjälpmedlet", "refused by the device"),
    "failed": Text("misslyckat", "failed"),
    "expired": Text("utan svar", "without an answer"),
    "cancelled": Text("avbrutet", "cancelled"),
    "unknown": Text("okänt om det utfördes", "unknown whether it was done"),
}
UNKNOWN: Final = Text("okänt", "unknown")
NEVER: Final = Text("aldrig", "never")
NUMBER: Final = Text("Individnummer", "Number")
DEVICES: Final = Text("Hjälpmedel", "Devices")
DEVICE_CLASS: Final = Text("Typ", "Class")
MODEL: Final = Text("Modell", "Model")
PAYER: Final = Text("Betalare", "Payer")
LAST_SEEN: Final = Text("Senast sedd", "Last seen")
LAST_USED: Final = Text("Senast använd", "Last used")
USE: Final = Text("Användning", "Use")
ALARMS: Final = Text("Larm", "Alarms")
VALUE: Final = Text("Värde", "Value")
TIME: Final = Text("Tid", "Time")
KNOWN: Final = Text("Känt", "Known")
METRIC: Final = Text("Mätvärde", "Metric")
FAULTS: Final = Text("Felkoder", "Faults")
CODE: Final = Text("Kod", "Code")
MEANING: Final = Text("Betydelse", "Meaning")
ACTION: Final = Text("Åtgärd", "Action")
SEVERITY: Final = Text("Allvar", "Severity")
SINCE: Final = Text("Sedan", "Since")
DAYS: Final = Text("Dagar", "Days")
TAKEN: Final = Text("Kvitterat av", "Taken by")
REASON: Final = Text("Skäl", "Reason")
STEP: Final = Text("Förslag", "Step")
COST: Final = Text("Kostnad hittills", "Cost so far")
RENT: Final = Text("Hyra/mån", "Rent/month")


def word(table: Mapping[str, Text], name: str, language: str) -> str:
    """A word in a language; one that is not known yet stands as the API spells it."""
    found = table.get(name)
    return name if found is None else found.to(language)


def seen(text: str | None, language: str) -> str:
    """A time that stands for itself, or "never"."""
    return NEVER.to(language) if text is None else text


HELD: Final = Text(
    "AVVIKELSESPÄRR: hjälpmedlet får inte ändras, rengöras eller lämnas ut.",
    "INCIDENT HOLD: the device must not be changed, cleaned or handed out.",
)


ONLINE: Final = Text(
    "Har kontakt: hjälpmedlet har självt svarat den senaste minuten.",
    "Online: the device itself has answered within the last minute.",
)


def number_of(item: Mapping[str, Any]) -> str:
    """A device's individual number, marked where an incident hold lies on it."""
    return f"{item['individual_number']}{mark(item)}"


def mark(item: Mapping[str, Any]) -> str:
    """The mark behind whatever names a held device; nothing for others."""
    return " ⛔" if item.get("held") or item.get("on_hold") else ""
