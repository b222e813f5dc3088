"""States in words, shape and colour, the same on every panel; colour is never the only signal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fleet.errors import RejectionReason
from fleet.faults import Severity
from fleet.health import MEANINGS, Condition
from fleet.idle import Step, Verdict
from fleet.recall import State


@dataclass(frozen=True, slots=True)
class Word:
    """How one stored value is shown."""

    text: str
    color: str


# Grafana's named colours; with the shape in front, a print in black and white says the same.
SEVERITIES: Final[dict[str, Word]] = {
    Severity.CRITICAL: Word("⛔ Kritisk", "dark-red"),
    Severity.HIGH: Word("▲ Hög", "orange"),
    Severity.WARNING: Word("● Varning", "yellow"),
    Severity.INFO: Word("ℹ Information", "blue"),
    "unknown": Word("? Okänd", "purple"),
}
VERDICTS: Final[dict[str, Word]] = {
    Verdict.USED: Word("✓ Används", "green"),
    Verdict.UNUSED: Word("✗ Används inte", "orange"),
    Verdict.NEVER_STARTED: Word("✗ Aldrig börjat användas", "orange"),
    Verdict.REPLACED: Word("✗ Ersatt av ett annat", "orange"),
    Verdict.ABSENT: Word("… Frånvaro registrerad", "blue"),
    Verdict.SOURCE_LOST: Word("? Okänt – källan tystnade", "purple"),
    Verdict.NOT_JUDGED: Word("? Okänt – inte bedömd än", "purple"),
    Verdict.TOO_EARLY: Word("… För tidigt att bedöma", "blue"),
    Verdict.SILENT: Word("? Okänt – tyst", "purple"),
    Verdict.NEVER_CONNECTED: Word("? Okänt – aldrig hörd under lånet", "purple"),
    Verdict.CANNOT_REPORT: Word("? Okänt – kan inte rapportera", "purple"),
    Verdict.IN_STOCK: Word("□ Inte utlånad", "text"),
}
STEPS: Final[dict[str, Word]] = {
    Step.NONE: Word("Inget än", "text"),
    Step.NOTE: Word("Notera", "blue"),
    Step.CONTACT: Word("Kontakta förskrivaren", "yellow"),
    Step.PROPOSE: Word("Föreslå återlämning", "orange"),
}
LEGS: Final[dict[str, Word]] = {
    "sent": Word("Första utskick", "text"),
    "delivered": Word("Leverans", "text"),
    "taken": Word("Taget", "text"),
}
CANARIES: Final[dict[str, Word]] = {
    "arrived": Word("✓ Kom fram", "green"),
    "lost": Word("✗ Kom inte fram", "dark-red"),
    "running": Word("… På väg", "blue"),
}
REASONS: Final[dict[str, Word]] = {
    RejectionReason.NOT_UTF8: Word("Inte UTF-8", "text"),
    RejectionReason.NOT_JSON: Word("Inte JSON", "text"),
    RejectionReason.WRONG_SHAPE: Word("Fel form", "text"),
    RejectionReason.TOO_LARGE: Word("För stort", "text"),
    RejectionReason.OUT_OF_RANGE: Word("Värde utanför gränserna", "text"),
    RejectionReason.UNKNOWN_DEVICE: Word("Okänd enhet", "text"),
    RejectionReason.UNKNOWN_TOPIC: Word("Okänt ämne (topic)", "text"),
    RejectionReason.UNKNOWN_UNIT: Word("Okänd eller fel måttenhet", "text"),
    RejectionReason.WRONG_CLASS: Word("Fel hjälpmedelstyp", "text"),
    RejectionReason.UNKNOWN_COMMAND: Word("Svar på okänt kommando", "text"),
    RejectionReason.CONFLICT: Word("Samma nummer, annat innehåll", "text"),
}
CASES: Final[dict[str, Word]] = {
    State.PROPOSED: Word("○ Föreslagen", "blue"),
    State.ASKED: Word("? Förskrivaren tillfrågad", "blue"),
    State.NEEDED: Word("✗ Behövs", "yellow"),
    State.CONFIRMED_UNUSED: Word("✓ Bekräftat oanvänd", "orange"),
    State.PICK_UP_ORDERED: Word("→ Hämtorder lagd", "orange"),
    State.COLLECTED: Word("↓ Hämtad", "green"),
    State.DEREGISTERED: Word("↓ Avregistrerad", "green"),
    State.RECONDITIONED: Word("✓ Rekonditionerad", "green"),
    State.PARTS: Word("◧ Reservdelar", "text"),
    State.SCRAPPED: Word("■ Skrotad", "text"),
    State.IN_STOCK: Word("□ I lager", "green"),
    State.LOST: Word("! Förkommen", "dark-red"),
    State.WOKEN_UP: Word("↻ Stoppad: används igen", "yellow"),
    State.WITHDRAWN: Word("– Återtagen", "text"),
}
YES_NO: Final[dict[str, Word]] = {"0": Word("Nej", "text"), "1": Word("Ja", "blue")}
TAKEN: Final[dict[str, Word]] = {"true": Word("✓ Tagen", "green"), "false": Word("▲ Ingen har tagit den", "orange")}
PACE: Final[dict[str, Word]] = {
    "in_step": Word("✓ I fas", "green"),
    "behind": Word("▲ Efter", "orange"),
    "standing": Word("⛔ Står still", "dark-red"),
}


CONDITIONS: Final[dict[str, Word]] = {
    Condition.NOW: Word("⛔ Nu", "dark-red"),
    Condition.UNKNOWN: Word("? Okänt", "purple"),
    Condition.OVER: Word("● Över", "yellow"),
    Condition.WELL: Word("✓ Inget på sju dygn", "green"),
}
CONCERNS: Final[dict[str, Word]] = {
    concern: Word(f"⚠ {meaning.title.sv}" if meaning.loses else meaning.title.sv, "text")
    for concern, meaning in MEANINGS.items()
}


def mapping(words: Mapping[str, Word]) -> list[dict[str, object]]:
    """Grafana's value mapping for a set of words."""
    options = {
        str(value): {"text": word.text, "color": word.color, "index": index}
        for index, (value, word) in enumerate(words.items())
    }
    return [{"type": "value", "options": options}]
