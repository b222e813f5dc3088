"""Dispenser faults of what keeps it running: power, network, lock, schedule, clock, electronics.

Native systems are explained in `_dispenser_dose_faults`. Severity and remedy are our own judgement (domain 4.4).
"""

from typing import Final

from fleet.faults import Fault, NativeCode, Remedy, Severity, native
from fleet.signals import Basis
from fleet.text import Text

POWER_FAULTS: Final = (
    Fault(
        code="MED-PWR-01",
        title=Text("Nätströmmen är borta", "Mains lost"),
        cause=Text("Kontakten är urdragen eller det är strömavbrott.", "The plug is pulled or there is an outage."),
        action=Text(
            "Ring brukaren och be hen sätta i kontakten. Åk dit innan reservbatteriet tar slut.",
            "Phone the user to plug it in. Visit before the backup battery runs out.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("dispenser-gateway MAINS_LOST", "philips-mds POWER_INTERRUPTION", "simplyhome POWER_FAILURE"),
        basis=Basis.VERIFIED,
        source="domain 4.2, 4.4: S55, S61; S56 (18 h of backup on one model)",
    ),
    Fault(
        code="MED-PWR-02",
        title=Text("Batteriet är snart slut", "Battery nearly empty"),
        cause=Text(
            "Långt strömavbrott, eller batterier som inte har bytts.",
            "A long outage, or batteries that were not changed.",
        ),
        action=Text(
            "Åk dit innan automaten stannar. Ha nästa dos med.",
            "Go there before the dispenser stops. Bring the next dose.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.CLEARS_ITSELF,
        native=(*native("dispenser-gateway BATTERY_LOW"), NativeCode("pivotell-gsm", "Low Battery")),
        basis=Basis.VERIFIED,
        source="domain 4.2, 4.4: S58",
    ),
    Fault(
        code="MED-PWR-03",
        title=Text("Reservbatteriet är slitet", "Backup battery worn"),
        cause=Text(
            "Batteriet har åldrats och håller inte längre en natt.", "The battery has aged and no longer lasts a night."
        ),
        action=Text("Byt batteri vid nästa service.", "Replace the battery at the next service."),
        severity=Severity.WARNING,
        remedy=Remedy.WORKSHOP,
        native=native("dispenser-gateway BATTERY_WORN"),
        source="domain 4.4; gateway vocabulary of this contract",
    ),
)

NETWORK_FAULTS: Final = (
    Fault(
        code="MED-NET-01",
        title=Text("Ingen kontakt", "No contact"),
        cause=Text("Tillfälligt dålig täckning.", "Poor coverage for a while."),
        action=Text("Vänta, om ingen dos är på väg.", "Wait, if no dose is due."),
        severity=Severity.INFO,
        remedy=Remedy.PLATFORM,
        derived=True,
        source="domain 4.4",
    ),
    Fault(
        code="MED-NET-02",
        title=Text("Ingen kontakt vid dostid", "No contact across a dose time"),
        cause=Text("SIM-kort, operatör eller ström.", "SIM card, operator or power."),
        action=Text(
            "Ring brukaren: ingen vet om dosen togs. Räkna den varken som tagen eller missad.",
            "Phone the user: nobody knows whether the dose was taken. Count it neither as taken nor as missed.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.PLATFORM,
        derived=True,
        source="domain 4.4, 4.5",
    ),
    Fault(
        code="MED-NET-03",
        title=Text("Gatewayen får inte kontakt med automaten", "Gateway lost the dispenser"),
        cause=Text(
            "Gatewayen är i gång men hör inte automaten.",
            "The gateway is running but does not hear the dispenser.",
        ),
        action=Text(
            "Starta om gatewayen på distans. Ring brukaren om en dos är på väg.",
            "Restart the gateway remotely. Phone the user if a dose is due.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.PLATFORM,
        native=native("dispenser-gateway LINK_LOST"),
        source="gateway vocabulary of this contract",
    ),
)

HANDLING_FAULTS: Final = (
    Fault(
        code="MED-SEC-01",
        title=Text("Locket öppnat utanför påfyllning", "Lid opened outside a refill"),
        cause=Text("Nyckeln används fel, eller nyfikenhet.", "Misuse of the key, or curiosity."),
        action=Text("Kontrollera innehållet mot schemat.", "Check the content against the schedule."),
        severity=Severity.HIGH,
        remedy=Remedy.CARE_CHAIN,
        native=native("dispenser-gateway LID_OPEN"),
        source="domain 4.4; gateway vocabulary of this contract",
    ),
    Fault(
        code="MED-SEC-02",
        title=Text("Automaten har flyttats, vält eller brutits upp", "Dispenser moved, tipped over or forced"),
        cause=Text(
            "Automaten har hanterats ovarsamt eller vänts upp och ner.", "Rough handling, or it was turned over."
        ),
        action=Text(
            "Ring brukaren och be hen ställa automaten rätt. Kontrollera facken vid besök.",
            "Phone the user to put it upright. Check the cups at a visit.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.CARE_CHAIN,
        native=(*native("dispenser-gateway TILT TAMPER"), NativeCode("pivotell-gsm", "Device Upside Down")),
        basis=Basis.VERIFIED,
        source="domain 4.2, 4.4: S58",
    ),
)

CONTROL_FAULTS: Final = (
    Fault(
        code="MED-CFG-01",
        title=Text("Schemat är borta eller av fel version", "Schedule lost or of the wrong version"),
        cause=Text(
            "Automaten nollställdes eller hämtningen av schemat misslyckades.",
            "The dispenser was reset or the download of the schedule failed.",
        ),
        action=Text(
            "Ge nästa dos manuellt. Hämta schemat på nytt och ta ur facken i ordning innan de laddas om.",
            "Give the next dose by hand. Download the schedule again and unload the cups in order before reloading.",
        ),
        severity=Severity.CRITICAL,
        remedy=Remedy.WORKSHOP,
        native=native("dispenser-gateway SCHEDULE_LOST SCHEDULE_VERSION", "philips-mds LOST_SCHEDULE"),
        basis=Basis.VERIFIED,
        source="domain 4.4: S105",
    ),
    Fault(
        code="MED-CFG-02",
        title=Text("Klockan går fel", "Clock wrong"),
        cause=Text(
            "Automaten har inte fått rätt tid, till exempel vid omställning till sommar- eller vintertid.",
            "The dispenser did not get the right time, for instance when clocks changed.",
        ),
        action=Text(
            "Synkronisera klockan på distans och kontrollera tiden för nästa dos.",
            "Synchronise the clock remotely and verify the time of the next dose.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.PLATFORM,
        native=native("dispenser-gateway CLOCK"),
        source="domain 4.4, 4.5; gateway vocabulary of this contract",
    ),
    Fault(
        code="MED-SYS-01",
        title=Text("Automaten har ett internt fel", "Dispenser has an internal fault"),
        cause=Text("Elektroniken underkände sitt självtest.", "The electronics failed their self-test."),
        action=Text("Ge dosen manuellt. Byt automaten.", "Give the dose by hand. Exchange the dispenser."),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=(*native("dispenser-gateway SELF_TEST"), NativeCode("pivotell-gsm", "Device Error")),
        basis=Basis.VERIFIED,
        source="domain 4.2, 4.4: S58",
    ),
)

UPKEEP_FAULTS: Final = (*POWER_FAULTS, *NETWORK_FAULTS, *HANDLING_FAULTS, *CONTROL_FAULTS)
