"""What the console calls things, in Swedish and English; the words of the glossary."""

from collections.abc import Mapping
from typing import Final

from fleet.recall import STATE_WORDS
from fleet.text import Text

VERDICTS: Final[Mapping[str, Text]] = {
    "used": Text("Används", "Used"),
    "unused": Text("Oanvänd", "Unused"),
    "never_started": Text("Aldrig börjat användas", "Never started"),
    "replaced": Text("Ersatt av ett annat", "Replaced by another"),
    "too_early": Text("För tidigt att bedöma", "Too early to judge"),
    "absent": Text("Frånvaro registrerad", "Absence registered"),
    "silent": Text("Tyst – okänt", "Silent – unknown"),
    "source_lost": Text("Källan tystnade – okänt", "Source lost – unknown"),
    "never_connected": Text("Aldrig ansluten – okänt", "Never connected – unknown"),
    "cannot_report": Text("Kan inte rapportera – okänt", "Cannot report – unknown"),
    "in_stock": Text("I lager", "In stock"),
    "not_judged": Text("Inte bedömd än", "Not judged yet"),
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
VIEWS: Final[Mapping[str, Text]] = {
    "technical": Text("Teknisk vy", "Technical view"),
    "care": Text("Vård- och larmvy", "Care and alarm view"),
    "clinical": Text("Klinisk vy", "Clinical view"),
}
STOCK_STATES: Final[Mapping[str, Text]] = {
    "in_stock": Text("I lager", "In stock"),
    "on_loan": Text("Uthyrt", "On loan"),
    "buffer_store": Text("I buffertförråd", "In a buffer store"),
    "reconditioning": Text("Under rekonditionering", "Being reconditioned"),
    "scrapped": Text("Skrotat", "Scrapped"),
    "lost": Text("Förkommet", "Lost"),
}

ACTIONS: Final[Mapping[str, Text]] = {
    "propose": Text("Föreslogs", "Proposed"),
    "ask": Text("Fråga förskrivaren", "Ask the prescriber"),
    "need": Text("Behövs fortfarande", "Still needed"),
    "confirm": Text("Bekräfta oanvänd", "Confirm unused"),
    "order": Text("Lägg hämtorder", "Order the pick-up"),
    "collect": Text("Hämtat", "Collected"),
    "deregister": Text("Avregistrera", "Deregister"),
    "recondition": Text("Rekonditionerat", "Reconditioned"),
    "harvest": Text("Ta till vara delar", "Harvest parts"),
    "scrap": Text("Skrota", "Scrap"),
    "stock": Text("Lägg i lager", "Put in stock"),
    "lose": Text("Förkommet", "Lost"),
    "wake_up": Text("Används igen", "Used again"),
    "withdraw": Text("Ta tillbaka förslaget", "Withdraw the proposal"),
}
PRIORITIES: Final[Mapping[str, Text]] = {
    "on_call": Text("Jour, inom 5 timmar", "On call, within 5 hours"),
    "acute": Text("Akut, inom 8 arbetstimmar", "Acute, within 8 working hours"),
    "ordinary": Text("Ordinarie", "Ordinary"),
}
ORDER_FILTERS: Final[Mapping[str, Text]] = {
    "open": Text("Öppna", "Open"),
    "draft": Text("Utkast", "Draft"),
    "placed": Text("Lagd", "Placed"),
    "started": Text("Påbörjad", "Started"),
    "done": Text("Klar", "Done"),
    "cancelled": Text("Avbruten", "Cancelled"),
    "closed": Text("Avslutade", "Closed"),
    "all": Text("Alla", "All"),
}
COMMAND_STATES: Final[Mapping[str, Text]] = {
    "waiting": Text("Väntar på godkännande", "Waiting for approval"),
    "queued": Text("Väntar på att skickas", "Waiting to be sent"),
    "sent": Text("Skickat, inget svar än", "Sent, no answer yet"),
    "delivered": Text("Framme, arbetar", "Delivered, at work"),
    "running": Text("Pågår", "Running"),
    "succeeded": Text("Klart", "Done"),
    "refused": Text("Hjälpmedlet sade nej", "The device refused"),
    "failed": Text("Misslyckades", "Failed"),
    "expired": Text("Inget svar i tid", "No answer in time"),
    "cancelled": Text("Avbrutet", "Cancelled"),
    "unknown": Text("Okänt vad som hände", "Unknown what happened"),
}
ENTRY_KINDS: Final[Mapping[str, Text]] = {
    "readings": Text("Mätvärden", "Readings"),
    "event": Text("Händelse", "Event"),
    "fault": Text("Fel", "Fault"),
    "command": Text("Kommando", "Command"),
    "alarm": Text("Larm", "Alarm"),
    "software": Text("Programversion", "Software"),
    "loan": Text("Uthyrning", "Loan"),
    "order": Text("Arbetsorder", "Work order"),
    "service": Text("Service", "Service"),
    "hold": Text("Avvikelsespärr", "Incident hold"),
}
ALARM_VERDICTS: Final[Mapping[str, Text]] = {
    "true": Text("Riktigt", "Right"),
    "false": Text("Falskt", "False"),
    "expected": Text("Riktigt men väntat", "Right but expected"),
}
CALL_REASONS: Final[Mapping[str, Text]] = {
    "step": Text("Steg", "Step"),
    "last_resort": Text("Sista utväg", "Last resort"),
    "nobody_reachable": Text("Ingen gick att nå", "Nobody could be reached"),
}
JOURNAL_KINDS: Final[Mapping[str, Text]] = {
    "raised": Text("Larmade", "Raised"),
    "noted": Text("Antecknades i efterhand", "Noted afterwards"),
    "rang": Text("Ringde igen", "Rang again"),
    "merged": Text("Hände igen", "Happened again"),
    "corrected": Text("Tiden rättades", "Its time was corrected"),
    "cleared": Text("Upphörde", "Ended"),
    "taken": Text("Kvitterades", "Taken"),
    "offered": Text("Erbjöds någon annan", "Offered to somebody"),
    "given_back": Text("Lämnades tillbaka", "Given back"),
    "commented": Text("Anteckning", "Remark"),
    "resolved": Text("Klart", "Done"),
    "false": Text("Falskt larm", "False alarm"),
    "verdict": Text("Omdöme", "Verdict"),
    "escalated": Text("Nästa steg", "Next step"),
}
CASE_STATES: Final[Mapping[str, Text]] = {
    state.value: Text(text.sv.capitalize(), text.en.capitalize()) for state, text in STATE_WORDS.items()
}
OUTCOMES: Final[Mapping[str, Text]] = {
    "taken": Text("Tagen", "Taken"),
    "unchanged": Text("Redan känd", "Known already"),
    "refused": Text("Nekad", "Refused"),
}
GROUPINGS: Final[Mapping[str, Text]] = {
    "payer": Text("Betalare", "Payer"),
    "municipality": Text("Kommun", "Municipality"),
    "class": Text("Hjälpmedelstyp", "Device class"),
    "prescriber": Text("Förskrivande enhet", "Prescriber unit"),
    "depot": Text("Depå", "Depot"),
}
DEMO_ACTS: Final[Mapping[str, Text]] = {
    "jam": Text("Låt en dosautomat fastna", "Jam a dispenser"),
    "area": Text("Bryt strömmen i ett område", "Cut the power of an area"),
    "battery": Text("Gör ett batteri gammalt", "Age a battery"),
    "idle": Text("Ställ undan en rullstol", "Put a wheelchair aside"),
}
# How far it has come: said when the step is taken, and until then.
DEMO_STEPS: Final[Mapping[str, tuple[Text, Text]]] = {
    "stored": (
        Text("Sparat i databasen", "Stored in the database"),
        Text("Väntar på att sparas", "Waiting to be stored"),
    ),
    "alarm": (Text("Larm", "Alarm"), Text("Väntar på larm", "Waiting for the alarm")),
    "notified": (
        Text("Avisering framme hos mottagaren", "Notification has reached its receiver"),
        Text("Väntar på avisering", "Waiting for the notification"),
    ),
    "judged": (
        Text("Bedömd oanvänd", "Judged unused"),
        Text("Väntar på nästa bedömning", "Waiting for the next verdict"),
    ),
    "proposed": (
        Text("Återlämning föreslagen", "Return proposed"),
        Text("Väntar på förslag om återlämning", "Waiting for the proposal to return it"),
    ),
}

CONDITIONS: Final[Mapping[str, Text]] = {
    "now": Text("Just nu", "Right now"),
    "unknown": Text("Okänt", "Unknown"),
    "over": Text("Över", "Over"),
    "well": Text("Bra", "Well"),
}
JUDGEMENTS: Final[Mapping[str, Text]] = {
    "justified": Text("Befogad", "Justified"),
    "unjustified": Text("Obefogad", "Unjustified"),
    "unclear": Text("Oklart", "Unclear"),
}
DAYS: Final[Mapping[str, Text]] = {
    "every_day": Text("Alla dagar", "Every day"),
    "workdays": Text("Arbetsdagar", "Working days"),
    "free_days": Text("Helg- och lördagar", "Free days"),
    "weekends": Text("Lördag och söndag", "Saturday and Sunday"),
    "holidays": Text("Helgdagar", "Holidays"),
    "workday": Text("Hela arbetsdagar", "Whole working days"),
    "half_day": Text("Halvdagar", "Half days"),
    "weekend": Text("Lördag och söndag utan helgdag", "Saturday and Sunday but no holiday"),
    "holiday": Text("Helgdag", "Holiday"),
}
SETTINGS: Final[Mapping[str, Text]] = {
    "above": Text("larmar över", "alarms above"),
    "below": Text("larmar under", "alarms below"),
    "after_seconds": Text("larmar efter sekunder", "alarms after seconds"),
    "within_seconds": Text("inom sekunder", "within seconds"),
    "note_days": Text("notera efter dagar", "note after days"),
    "contact_days": Text("kontakta efter dagar", "contact after days"),
    "propose_days": Text("föreslå efter dagar", "propose after days"),
}
ROW_OUTCOMES: Final[Mapping[str, Text]] = {
    "taken": Text("Tas in", "Taken"),
    "unchanged": Text("Oförändrad", "Unchanged"),
    "refused": Text("Nekad", "Refused"),
}
# What a person at a page can do about a problem that the API tells to programs.
PROBLEMS: Final[Mapping[str, Text]] = {
    **dict.fromkeys(
        ("unknown_address", "method_not_allowed", "http_error"),
        Text(
            "Länken kan vara gammal eller felskriven. Sök hjälpmedlet i fältet överst, eller börja om från startsidan.",
            "The link may be old or misspelt. Search the device in the field at the top, or begin at the start page.",
        ),
    ),
    "internal_error": Text(
        "Försök igen. Hjälper det inte: säg till den som driver konsolen hos er, och ange numret nedan.",
        "Try again. If that does not help, tell whoever runs the console at your place, with the number below.",
    ),
    "unavailable": Text(
        "Försök igen om några sekunder. Inget som redan är sparat går förlorat.",
        "Try again in a few seconds. Nothing that is saved already is lost.",
    ),
    "too_many_requests": Text("Vänta en minut och försök igen.", "Wait a minute and try again."),
    "too_large": Text(
        "Ett formulär får vara högst 64 kB och en fil högst 4 MB.",
        "A form may have 64 kB at most, and a file 4 MB.",
    ),
}


def known(table: Mapping[str, Text], word: object) -> Text:
    """The words for a stable word; one that has none yet is shown as it is, never hidden."""
    spelled = str(getattr(word, "value", word))
    return table.get(spelled) or Text(spelled, spelled)
