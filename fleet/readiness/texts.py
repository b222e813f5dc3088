"""The sentences of readiness, in both languages."""

from collections.abc import Mapping
from typing import Final

from fleet.readiness.facts import CheckName
from fleet.text import Text

NAMES: Final[Mapping[CheckName, Text]] = {
    CheckName.STOCK: Text("lagerstatus", "stock state"),
    CheckName.HOLD: Text("avvikelsespärr", "incident hold"),
    CheckName.CONTACT: Text("kontakt", "contact"),
    CheckName.SOFTWARE: Text("programvara", "software"),
    CheckName.BATTERY: Text("batteri", "battery"),
    CheckName.FAULTS: Text("felkoder", "faults"),
    CheckName.CLOCK: Text("klocka", "clock"),
    CheckName.SCHEDULE: Text("serviceplan", "service schedule"),
    CheckName.INSPECTION: Text("besiktning", "inspection"),
    CheckName.CALIBRATION: Text("kalibrering", "calibration"),
    CheckName.MAINTENANCE: Text("förebyggande underhåll", "preventive maintenance"),
}
SERVICE_WORDS: Final[Mapping[CheckName, Text]] = {
    CheckName.INSPECTION: Text("Besiktning", "Inspection"),
    CheckName.CALIBRATION: Text("Kalibrering", "Calibration"),
    CheckName.MAINTENANCE: Text("Service", "Service"),
}
GONE: Final[Mapping[str, Text]] = {
    "scrapped": Text("Skrotat enligt registret.", "Scrapped, says the register."),
    "lost": Text("Förlorat enligt registret.", "Lost, says the register."),
}
CORRECT_REGISTER: Final = Text("Rätta registret om det finns ändå.", "Mend the register if it is there after all.")
HOLD_UNKNOWN: Final = Text("Om det är spärrat är okänt.", "Whether it is on hold is unknown.")
ASK_AGAIN: Final = Text("Fråga igen.", "Ask again.")
ON_HOLD: Final = Text(
    "Avvikelsespärr: får inte lämnas ut och ska lämnas orört.", "Incident hold: must not be handed out nor touched."
)
LIFT_HOLD: Final = Text("Två personer häver spärren när utredningen är klar.", "Two persons lift it afterwards.")
CANNOT_REPORT: Final = Text(
    "Inte anslutet och kan inte rapportera.", "Not enrolled; it cannot report anything by itself."
)
BY_HAND: Final = Text("Anslut det, eller kontrollera för hand.", "Enroll it, or check it by hand.")
NEVER_HEARD: Final = Text("Har aldrig hörts av.", "Has never been heard.")
SWITCH_ON: Final = Text("Slå på det och vänta tills det hörs av.", "Switch it on and wait until it is heard.")
NO_APPROVED: Final = Text(
    "Ingen godkänd version är inlagd för modellen.", "No approved version is entered for the model."
)
ENTER_APPROVED: Final = Text("Lägg in den: fjarrkoll ready approve.", "Enter it: fjarrkoll ready approve.")
NO_VERSION: Final = Text("Versionen är inte känd.", "Its version is not known.")
READ_VERSIONS: Final = Text("Läs programversioner.", "Read its software versions.")
NO_BATTERY: Final = Text("Modellen rapporterar inget batteri.", "The model reports no battery.")
CHARGE_UNKNOWN: Final = Text("Laddningen är inte känd just nu.", "Its charge is not known at present.")
READ_LIVE: Final = Text("Läs aktuella värden.", "Read live values.")
HEALTH_NOT_TOLD: Final = Text(
    "Modellen rapporterar inte batterihälsa, och ingen besiktning är gjord de senaste 90 dagarna.",
    "The model does not report battery health, and no inspection was passed in the last 90 days.",
)
INSPECT_BATTERY: Final = Text("Prova batteriet och anteckna besiktningen.", "Test the battery, record an inspection.")
HEALTH_UNKNOWN: Final = Text("Batterihälsan är inte känd.", "The battery's health is not known.")
FAULTS_UNKNOWN: Final = Text(
    "Inget fel är känt, men det har inte hörts av nyligen.", "No fault is known, but it was not heard lately."
)
READ_FAULTS: Final = Text("Läs felkoder från hjälpmedlet.", "Read the fault codes from the device.")
MEND_FAULTS: Final = Text("Åtgärda felen; fjarrkoll diagnose hjälper.", "Mend them; fjarrkoll diagnose helps.")
NO_FAULT: Final = Text("Inget aktivt fel.", "No active fault.")
NO_FAULT_IN_VIEW: Final = Text(
    "Inget aktivt fel i din vy; fel i andra vyer visas inte för dig.",
    "No active fault in your view; faults of other views are not shown to you.",
)
CLOCK_UNKNOWN: Final = Text("Om klockan går rätt är inte känt.", "Whether its clock is right is not known.")
SYNC: Final = Text("Ställ klockan.", "Set its clock.")
NO_SCHEDULE: Final = Text(
    "Tillverkarens serviceplan är inte inlagd för modellen.", "The maker's schedule is not entered for the model."
)
ENTER_SCHEDULE: Final = Text("Lägg in den: fjarrkoll ready schedule.", "Enter it: fjarrkoll ready schedule.")
