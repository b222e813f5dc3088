"""What the workshop's pages call things, in Swedish and English; the words of the glossary."""

from collections.abc import Mapping
from typing import Final

from fleet.text import Text

LEVELS: Final[Mapping[str, Text]] = {
    "read": Text("Läsa", "Read"),
    "reversible": Text("Göra, går att göra om", "Do, can be undone"),
    "setting": Text("Ställa in, kräver två personer", "Set, takes two persons"),
}
OPERATING: Final[Mapping[str, Text]] = {
    "resting": Text("vilar", "is at rest"),
    "driving": Text("kör", "is driving"),
    "seat_moving": Text("rör sitsen", "moves its seat"),
    "charging": Text("laddar", "is charging"),
    "standby": Text("väntar", "stands by"),
    "therapy": Text("behandlar", "treats"),
    "mask_off_running": Text("är igång utan mask", "runs without mask"),
    "idle": Text("väntar", "waits"),
    "dosing": Text("ger en dos", "gives a dose"),
    "refilling": Text("fylls på", "is being refilled"),
    "on_battery": Text("går på batteri", "runs on battery"),
    "measuring": Text("mäter", "is measuring"),
    "running": Text("är igång", "is running"),
    "static": Text("står i fast läge", "is in static mode"),
    "cpr": Text("är tömd för HLR", "is emptied for CPR"),
}
# Why a command waits or ended, by the stable words of diagnostics/commands/states.py.
REASONS: Final[Mapping[str, Text]] = {
    "asked": Text("Någon bad om det.", "Somebody asked for it."),
    "handed_over": Text("Det lämnades över för att nå hjälpmedlet.", "It was handed over to reach the device."),
    "device_said": Text("Hjälpmedlet sade det självt.", "The device itself said so."),
    "approved": Text("En andra person godkände det.", "A second person approved it."),
    "not_sent": Text("Det kunde inte skickas i tid.", "It could not be sent in time."),
    "no_answer": Text(
        "Hjälpmedlet svarade inte. Det säger inget om hur det mår.",
        "The device did not answer. That says nothing of how it is.",
    ),
    "no_result": Text(
        "Hjälpmedlet tog emot det men berättade aldrig hur det gick.",
        "The device took it on but never told how it went.",
    ),
    "not_approved": Text("Ingen andra person godkände det i tid.", "No second person approved it in time."),
    "awaits_approval": Text(
        "Det skickas först när en andra person med en annan roll har godkänt det.",
        "It is sent once a second person with another role has approved it.",
    ),
    "taken_back": Text("Det togs tillbaka.", "It was taken back."),
    "denied": Text("En andra person sade nej.", "A second person said no."),
    "incident_hold": Text(
        "Hjälpmedlet är spärrat efter en avvikelse; bara läsning är tillåten.",
        "The device is held after an incident; only reading is allowed.",
    ),
    "asker_revoked": Text("Den som begärde det har inte längre tillträde.", "Who asked for it has no access any more."),
    "asker_lost_right": Text("Den som begärde det får inte längre göra det.", "Who asked for it may not any more."),
    "asker_lost_sight": Text(
        "Den som begärde det ser inte längre hjälpmedlet.", "Who asked for it no longer sees the device."
    ),
    "approver_revoked": Text("Den som godkände har inte längre tillträde.", "Who approved it has no access any more."),
    "approver_lost_right": Text("Den som godkände får inte längre göra det.", "Who approved it may not any more."),
    "approver_lost_sight": Text(
        "Den som godkände ser inte längre hjälpmedlet.", "Who approved it no longer sees the device."
    ),
    "same_person": Text("Samma person begärde och godkände.", "The same person asked and approved."),
}
APPROVALS: Final[Mapping[str, Text]] = {
    "not_needed": Text("Behövs inte", "Not needed"),
    "awaiting": Text("Väntar på en andra person", "Waits for a second person"),
    "approved": Text("Godkänt", "Approved"),
    "denied": Text("Nekat", "Denied"),
}
ADVICE: Final[Mapping[str, Text]] = {
    "remote": Text("Löses på distans", "Solved remotely"),
    "visit": Text("Besök", "Visit"),
    "exchange": Text("Byt ut", "Exchange"),
    "care": Text("Vården ser till det", "For the care staff"),
}
DOERS: Final[Mapping[str, Text]] = {
    "platform": Text("på distans, härifrån", "remotely, from here"),
    "user": Text("brukaren", "the user"),
    "technician": Text("teknikern", "the technician"),
    "care": Text("vårdpersonalen", "the care staff"),
}
CONCLUSIONS: Final[Mapping[str, Text]] = {
    "found": Text("En trolig orsak är funnen", "A probable cause is found"),
    "cannot_tell": Text("Det går inte att säga än", "It cannot be told yet"),
    "nothing_found": Text("Inget fel är funnet", "Nothing wrong is found"),
}
READY: Final[Mapping[str, Text]] = {
    "ready": Text("Klar att lämna ut", "Ready to hand out"),
    "not_ready": Text("Inte klar", "Not ready"),
    "unknown": Text("Okänt, alltså inte klar", "Unknown, so not ready"),
}
CHECKS: Final[Mapping[str, Text]] = {
    "stock": Text("Lagerläge", "Stock state"),
    "hold": Text("Avvikelsespärr", "Incident hold"),
    "contact": Text("Kontakt", "Contact"),
    "software": Text("Programversion", "Software"),
    "battery": Text("Batteri", "Battery"),
    "faults": Text("Felkoder", "Fault codes"),
    "clock": Text("Klocka", "Clock"),
    "schedule": Text("Doseringsschema", "Dosing schedule"),
    "inspection": Text("Besiktning", "Inspection"),
    "calibration": Text("Kalibrering", "Calibration"),
    "maintenance": Text("Service", "Maintenance"),
}
CHECK_ANSWERS: Final[Mapping[str, Text]] = {
    "ok": Text("Bra", "Good"),
    "not_ok": Text("Inte bra", "Not good"),
    "unknown": Text("Okänt", "Unknown"),
    "not_needed": Text("Behövs inte", "Not needed"),
}
CHECK_SHAPES: Final[Mapping[str, str]] = {"ok": "✓", "not_ok": "✗", "unknown": "?", "not_needed": "–"}
CHECK_COLOURS: Final[Mapping[str, str]] = {"ok": "success", "not_ok": "danger", "unknown": "warning"}
GRADES: Final[Mapping[str, Text]] = {
    "pass": Text("Godkänt", "Passed"),
    "warn": Text("Anmärkning", "Remark"),
    "fail": Text("Underkänt", "Failed"),
    "not_tested": Text("Inte provat", "Not tested"),
}
GRADE_SHAPES: Final[Mapping[str, str]] = {"pass": "✓", "warn": "◆", "fail": "✗", "not_tested": "?"}
SOLVED: Final[Mapping[str, Text]] = {
    "remotely": Text("Löst på distans", "Solved remotely"),
    "visit": Text("Löst vid besök", "Solved by a visit"),
    "exchanged": Text("Utbytt", "Exchanged"),
    "no_fault_found": Text("Inget fel hittades", "No fault found"),
}
FINDING_KINDS: Final[Mapping[str, Text]] = {
    "fault": Text("Fel", "Fault"),
    "alarm": Text("Larm", "Alarm"),
    "diagnosis": Text("Diagnos", "Diagnosis"),
    "person": Text("Anmärkning", "Remark"),
}
TRENDS: Final[Mapping[str, Text]] = {
    "rising": Text("ökar", "rising"),
    "falling": Text("minskar", "falling"),
    "steady": Text("jämn", "steady"),
    "unknown": Text("okänd", "unknown"),
}


def reason(word: str) -> Text:
    """Why a command waits or has ended: our own words in both languages, a device's own as it wrote them."""
    if (known := REASONS.get(word)) is not None:
        return known
    before = "not while "
    if word.startswith(before) and (state := OPERATING.get(word.removeprefix(before))) is not None:
        return Text(
            f"Hjälpmedlet sade nej: det {state.sv} just nu. Försök när det vilar.",
            f"The device said no: it {state.en} right now. Try when it is at rest.",
        )
    return Text(f"Hjälpmedlet svarade: {word}", f"The device answered: {word}")
