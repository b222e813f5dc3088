"""What the console calls things, in Swedish and English; the words of the glossary."""

from collections.abc import Mapping
from typing import Final

from fleet.text import Text

VERDICTS: Final[Mapping[str, Text]] = {
    "used": Text("Används", "Used"),
    "unused": Text("Oanvänd", "Unused"),
    "never_started": Text("Aldrig börjat användas", "Never started"),
    "too_early": Text("För tidigt att bedöma", "Too early to judge"),
    "silent": Text("Tyst – okänt", "Silent – unknown"),
    "never_connected": Text("Aldrig ansluten – okänt", "Never connected – unknown"),
    "cannot_report": Text("Kan inte rapportera – okänt", "Cannot report – unknown"),
    "in_stock": Text("I lager", "In stock"),
}
STEPS: Final[Mapping[str, Text]] = {
    "none": Text("Inget", "Nothing"),
    "note": Text("Notera", "Note"),
    "contact": Text("Kontakta förskrivaren", "Contact the prescriber"),
    "propose": Text("Föreslå återlämning", "Propose a return"),
}
SEVERITIES: Final[Mapping[str, Text]] = {
    "critical": Text("Kritiskt", "Critical"),
    "high": Text("Allvarligt", "High"),
    "warning": Text("Varning", "Warning"),
    "info": Text("Upplysning", "Information"),
}
# A shape of its own for each, so that colour is never the only sign.
SHAPES: Final[Mapping[str, str]] = {"critical": "■", "high": "▲", "warning": "◆", "info": "●"}
COLOURS: Final[Mapping[str, str]] = {"critical": "danger", "high": "danger", "warning": "warning", "info": "info"}
ROLES: Final[Mapping[str, Text]] = {
    "technician": Text("Hjälpmedelstekniker", "Technician"),
    "carer": Text("Vårdpersonal", "Carer"),
    "clinical": Text("Klinisk personal", "Clinical staff"),
    "analyst": Text("Analytiker", "Analyst"),
    "prescriber_unit": Text("Förskrivande enhet", "Prescriber unit"),
    "administrator": Text("Administratör", "Administrator"),
}
STOCK_STATES: Final[Mapping[str, Text]] = {
    "in_stock": Text("I lager", "In stock"),
    "on_loan": Text("Uthyrt", "On loan"),
    "buffer_store": Text("I buffertförråd", "In a buffer store"),
    "reconditioning": Text("Under rekonditionering", "Being reconditioned"),
    "scrapped": Text("Skrotat", "Scrapped"),
    "lost": Text("Förkommet", "Lost"),
}


def known(table: Mapping[str, Text], word: object) -> Text:
    """The words for a stable word; one that has none yet is shown as it is, never hidden."""
    spelled = str(getattr(word, "value", word))
    return table.get(spelled) or Text(spelled, spelled)
