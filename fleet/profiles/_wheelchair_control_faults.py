"""Wheelchair faults of what controls the chair: joystick, bus, controller, seat, special inputs, service and gateway.

Severity and remedy are our own judgement throughout (domain 2.5). Only faults of our own gateway may be cleared from
afar: no maker lets a third party clear a chair's log, and the log is evidence after an accident (domain 1, finding 9).
"""

from typing import Final

from fleet.faults import Fault, Remedy, Severity, native
from fleet.signals import Basis
from fleet.text import Text

CONTROL_SYSTEM_FAULTS: Final = (
    Fault(
        code="WC-JOY-01",
        title=Text("Fel på joystick eller gasreglage", "Joystick or throttle fault"),
        cause=Text(
            "Joysticken är böjd eller skadad, eller dess kabel är bruten.",
            "The joystick is bent or damaged, or its cable is broken.",
        ),
        action=Text(
            "Kör inte. Kontrollera kabeln och byt joysticken.",
            "Do not drive. Check the cable and replace the joystick.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("vr2 7", "q50-r 7", "rascal 7", "linx remote-joystick", "hhp 05-00"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S1 VR2, S13 Q50 R, S7 Rascal, S6 LiNX (by name), S5 HHP",
    ),
    Fault(
        code="WC-JOY-02",
        title=Text("Joysticken var inte i neutralläge vid start", "Joystick out of neutral at power-up"),
        cause=Text(
            "Joysticken hölls åt sidan när stolen slogs på.",
            "The joystick was held aside when the chair was switched on.",
        ),
        action=Text("Släpp joysticken och starta om stolen.", "Release the joystick and restart the chair."),
        severity=Severity.INFO,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("vr2 joystick-displaced", "hhp 01-01"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S2 VR2, S5 HHP",
    ),
    Fault(
        code="WC-COM-01",
        title=Text("Kommunikationsfel mellan moduler", "Communication fault between modules"),
        cause=Text(
            "Kabeln mellan joystick och drivmodul är skadad eller sitter löst.",
            "The cable between joystick and power module is damaged or loose.",
        ),
        action=Text(
            "Kontrollera kabeln och dess kontakter. Byt modul en i taget för att hitta den felande.",
            "Check the cable and its plugs. Swap one module at a time to find the faulty one.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("pilot-plus 7+speed", "q50-r 7+speed", "rascal 9", "rem24 9 10", "meyra E09 E10 E11"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S3 Pilot+ (7 bars with flashing speed lamps), S13 Q50 R, S7 Rascal, S12 REM24, S31m Meyra",
    ),
    Fault(
        code="WC-COM-02",
        title=Text("En bussledning borta, stolen går i nödläge", "One bus line lost, limp mode"),
        cause=Text(
            "Avbrott eller kortslutning på den ena bussledaren (CANL).", "Open or short circuit on one bus wire (CANL)."
        ),
        action=Text(
            "Mät busskabelns ledare. Lossa moduler en i taget om kabeln är hel.",
            "Test the bus cable for continuity. Unplug modules one at a time if the cable is sound.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.WORKSHOP,
        native=native("dx 9"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S4 DX",
    ),
    Fault(
        code="WC-COM-03",
        title=Text("Modul passar inte eller är okänd", "Module incompatible or unknown"),
        cause=Text(
            "Fel reservdel eller fel konfiguration efter byte.",
            "Wrong spare part or wrong configuration after an exchange.",
        ),
        action=Text(
            "Montera rätt modul eller läs in rätt konfiguration.",
            "Fit the right module or load the right configuration.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("rascal 11", "ics 201D", "linx network-configuration"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S7 Rascal, S8 ICS, S6 LiNX (by name)",
    ),
    Fault(
        code="WC-COM-04",
        title=Text("Radiolänken till drivaggregatet bröts", "Radio link to the assist drive lost"),
        cause=Text("Armbandet är urladdat eller utom räckhåll.", "The wristband is discharged or out of range."),
        action=Text("Ladda armbandet och koppla ihop det igen.", "Charge the wristband and connect it again."),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("smartdrive BLEDisconnect"),
        basis=Basis.VERIFIED,
        source="domain 2.2: S15 SmartDrive error counters; cause and remedy assumed",
    ),
    Fault(
        code="WC-CTL-01",
        title=Text("Internt fel i styrelektroniken", "Internal controller fault"),
        cause=Text(
            "Drivmodulen eller en annan styrmodul är trasig.", "The power module or another control module is broken."
        ),
        action=Text("Byt modulen och programmera om stolen.", "Replace the module and reprogram the chair."),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native(
            "vr2 8", "q50-r 8", "rascal 8", "rem24 1", "linx module", "meyra E00 E01 E02 E03 E04 E05 E08 E12 E13 E14"
        ),
        basis=Basis.VERIFIED,
        source="domain 2.5: S1 VR2, S13 Q50 R, S7 Rascal, S12 REM24, S6 LiNX (by name), S31m Meyra",
    ),
    Fault(
        code="WC-CTL-02",
        title=Text("Minnet kunde inte skrivas", "Flash or parameter write failed"),
        cause=Text("Minnesfel i en styrmodul.", "Memory error in a control module."),
        action=Text(
            "Läs in parametrarna på nytt med serviceverktyget.", "Load the parameters again with the service tool."
        ),
        severity=Severity.WARNING,
        remedy=Remedy.WORKSHOP,
        native=native("ics 2014 2015", "meyra E06 E07"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S8 ICS, S31m Meyra",
    ),
    Fault(
        code="WC-CTL-03",
        title=Text("Stolen behöver startas om", "Restart needed"),
        cause=Text("En ny del har lästs in av styrsystemet.", "The control system has learned a new part."),
        action=Text("Stäng av stolen och starta den igen.", "Switch the chair off and on again."),
        severity=Severity.INFO,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("ics 2017", "r-net restart"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S8 ICS, S9 R-net (restart icon, no number)",
    ),
    Fault(
        code="WC-CTL-04",
        title=Text("Rörelsegivaren ger orimliga värden", "Motion sensor out of range"),
        cause=Text(
            "Drivaggregatet har fått en stöt eller givaren är trasig.",
            "The assist drive took a knock or its sensor is broken.",
        ),
        action=Text(
            "Starta om aggregatet. Lämna in det om felet återkommer.",
            "Restart the drive. Hand it in if the fault returns.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("smartdrive GyroRange"),
        basis=Basis.VERIFIED,
        source="domain 2.2: S15 SmartDrive error counters; cause and remedy assumed",
    ),
    Fault(
        code="WC-CTL-05",
        title=Text("Fel som styrsystemet inte kan namnge", "Fault the control system cannot name"),
        cause=Text("Styrsystemet anger ingen orsak.", "The control system states no cause."),
        action=Text(
            "Kontrollera alla kontakter och kablar. Kontakta leverantören.",
            "Check all plugs and cables. Contact the supplier.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("rascal 10"),
        basis=Basis.VERIFIED,
        source="domain 2.1: S7 Rascal",
    ),
)

SEAT_FAULTS: Final = (
    Fault(
        code="WC-SEA-01",
        title=Text("Knapplådan till sitsen svarar inte", "Seat switchbox cannot communicate"),
        cause=Text(
            "Kabeln till knapplådan sitter löst eller är skadad.", "The cable to the switchbox is loose or damaged."
        ),
        action=Text(
            "Tryck fast kabeln. Byt den om felet är kvar.", "Reseat the cable. Replace it if the fault remains."
        ),
        severity=Severity.WARNING,
        remedy=Remedy.WORKSHOP,
        native=native("ics 2029 2039 2049 2059"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S8 ICS (third digit is the node)",
    ),
    Fault(
        code="WC-SEA-02",
        title=Text("En nödvändig sitsmodul saknas", "Required seat node missing"),
        cause=Text("En modul är urkopplad.", "A node is unplugged."),
        action=Text(
            "Anslut modulen eller läs in rätt konfiguration.", "Reconnect the node or load the right configuration."
        ),
        severity=Severity.WARNING,
        remedy=Remedy.WORKSHOP,
        native=native("ics 202A 203A 204A 205A"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S8 ICS",
    ),
    Fault(
        code="WC-SEA-03",
        title=Text("Sitsen drar ström i vila", "Seat over-current at idle"),
        cause=Text("Ett ställdon har fastnat eller är kortslutet.", "An actuator is jammed or shorted."),
        action=Text(
            "Använd inte sitsfunktionerna. Kontrollera ställdonen.",
            "Do not use the seat functions. Inspect the actuators.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("ics 2012"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S8 ICS",
    ),
    Fault(
        code="WC-SEA-04",
        title=Text("Sitsknapp intryckt vid start", "Seat switch pressed at start"),
        cause=Text("Något ligger på knappen.", "Something lies on the switch."),
        action=Text("Frigör knappen och starta om stolen.", "Free the switch and restart the chair."),
        severity=Severity.INFO,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("ics 2021 2031 2041 2051"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S8 ICS",
    ),
    Fault(
        code="WC-SEA-05",
        title=Text("Tillbehörsfel eller sitsen i fel höjd", "Accessory fault or seat at wrong height"),
        cause=Text(
            "Kortslutning i en justermotor, eller sitsen står för högt eller för lågt för körning.",
            "Short circuit in an adjusting motor, or the seat is too high or too low for driving.",
        ),
        action=Text(
            "Ställ sitsen i körhöjd. Kontrollera tillbehörens kontakter om felet är kvar.",
            "Set the seat to driving height. Check the accessory plugs if the fault remains.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("rem24 2"),
        basis=Basis.VERIFIED,
        source="domain 2.1: S12 REM24",
    ),
    Fault(
        code="WC-INP-01",
        title=Text("Specialstyrning urkopplad", "Specialty input detached"),
        cause=Text("Kontakten till specialstyrningen har lossnat.", "The plug of the specialty input has come out."),
        action=Text("Anslut kontakten och starta om stolen.", "Reconnect the plug and restart the chair."),
        severity=Severity.HIGH,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("r-net 0905"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S9 R-net (SID Detached)",
    ),
    Fault(
        code="WC-INP-02",
        title=Text("Specialstyrningen skickar fel meddelanden", "Input device message error"),
        cause=Text(
            "Programvara eller inställning passar inte styrsystemet.",
            "Firmware or configuration does not fit the control system.",
        ),
        action=Text(
            "Uppdatera programvaran och kontrollera R-net-inställningen. Byt kretskortet om felet är kvar.",
            "Update the firmware and check the R-net setup. Replace the board if the fault remains.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.WORKSHOP,
        native=native("r-net 9803 9804 9805 9806 9807 9808 9809 9810 9811 9812 9813"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S10 mo-vis on R-net",
    ),
)

SERVICE_FAULTS: Final = (
    Fault(
        code="WC-SRV-01",
        title=Text("Dags för service", "Service due"),
        cause=Text("Serviceintervallet har gått ut.", "The service interval has run out."),
        action=Text("Boka årlig service.", "Book the yearly service."),
        severity=Severity.INFO,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("hhp 01-03"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S5 HHP; yearly service S2",
    ),
    Fault(
        code="WC-GW-01",
        title=Text("Kommunikationsenheten är tyst", "Gateway offline"),
        cause=Text("Ingen täckning, eller stolen står i förråd.", "No coverage, or the chair is in a store-room."),
        action=Text(
            "Vänta till nästa väntade livstecken. Fråga var stolen står innan något beställs.",
            "Wait for the next expected sign of life. Ask where the chair is before ordering anything.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.PLATFORM,
        derived=True,
        source="domain 2.5",
    ),
    Fault(
        code="WC-GW-02",
        title=Text("Klockan går orimligt fel", "Clock implausible"),
        cause=Text("Klockbatteriet i kommunikationsenheten är slut.", "The clock battery of the gateway is flat."),
        action=Text(
            "Ställ klockan på distans. Mätvärden får mottagningstid så länge.",
            "Sync the clock remotely. Readings get reception time meanwhile.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.PLATFORM,
        native=native("gateway clock"),
        clearable=True,
        source="domain 2.5",
    ),
    Fault(
        code="WC-GW-03",
        title=Text("Kommunikationsenheten når inte stolen", "Gateway cannot reach the chair"),
        cause=Text(
            "Kabeln mellan kommunikationsenheten och stolens buss är lös.",
            "The cable between gateway and the chair's bus is loose.",
        ),
        action=Text(
            "Starta om kommunikationsenheten på distans. Kontrollera kabeln vid nästa besök.",
            "Restart the gateway remotely. Check the cable at the next visit.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.PLATFORM,
        native=native("gateway bus-silent"),
        clearable=True,
        source="assumed",
    ),
    Fault(
        code="WC-GW-04",
        title=Text("Kommunikationsenhetens minne är nästan fullt", "Gateway memory almost full"),
        cause=Text("Stolen har länge varit utan täckning.", "The chair has been without coverage for long."),
        action=Text(
            "Flytta stolen till en plats med täckning så att värdena kan skickas.",
            "Take the chair where there is coverage so that readings can be sent.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.PLATFORM,
        native=native("gateway outbox-full"),
        clearable=True,
        source="assumed",
    ),
)

CONTROL_FAULTS: Final = (*CONTROL_SYSTEM_FAULTS, *SEAT_FAULTS, *SERVICE_FAULTS)
