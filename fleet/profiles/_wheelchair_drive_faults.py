"""Wheelchair faults of what moves the chair: battery, charging, motors, temperature and parking brakes.

Native codes are keyed by control system: three flashes mean a shorted left motor on VR2, a motor fault without a side
on Shark and the right-hand motor on REM24 (domain 2.1). Where a system does not say which side, neither do we: the
hand-held programmer of Rhino2 (`hhp`) knows one motor only, so its 03-xx codes are not put on the left motor (S5).
Severity and remedy are our own judgement throughout (domain 2.5).
"""

from typing import Final

from fleet.faults import Fault, Remedy, Severity, native
from fleet.signals import Basis
from fleet.text import Text

BATTERY_FAULTS: Final = (
    Fault(
        code="WC-BAT-01",
        title=Text("Batteriet är urladdat", "Battery discharged"),
        cause=Text(
            "Stolen har inte laddats, en batteripol sitter löst eller batteriet är slitet.",
            "The chair has not been charged, a terminal is loose or the battery is worn.",
        ),
        action=Text(
            "Ladda över natten. Kontrollera säkring och batteripoler. Gör kapacitetstest om felet återkommer.",
            "Charge overnight. Check fuse and terminals. Do a capacity test if the fault returns.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("vr2 1", "q50-r 1", "dx 7", "rem24 7", "q-logic battery-red"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S1 VR2, S4 DX (<17 V), S11 Q-Logic (red band 24-0 %), S12 REM24, S13 Q50 R",
    ),
    Fault(
        code="WC-BAT-02",
        title=Text("För hög batterispänning", "Battery over-voltage"),
        cause=Text(
            "Motorbromsning i nedförsbacke med fullt batteri, glappkontakt eller fel på laddaren.",
            "Regenerative braking downhill on a full battery, a bad contact or a faulty charger.",
        ),
        action=Text(
            "Kör långsammare utför. Kontrollera batterikontakten. Mät laddarens spänning.",
            "Slow down downhill. Check the battery connector. Measure the charger's voltage.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("vr2 10", "q50-r 10", "dx 8", "rem24 8", "hhp 02-00 02-01"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S1 VR2, S4 DX (>32 V), S5 HHP, S12 REM24, S13 Q50 R",
    ),
    Fault(
        code="WC-BAT-03",
        title=Text("Batteriblocken är olika", "Battery blocks unequal"),
        cause=Text(
            "Det ena av de två blocken har åldrats mer än det andra.",
            "One of the two blocks has aged more than the other.",
        ),
        action=Text("Byt båda blocken samtidigt.", "Replace both blocks together."),
        severity=Severity.WARNING,
        remedy=Remedy.WORKSHOP,
        derived=True,
        source="domain 2.5, S30b",
    ),
    Fault(
        code="WC-BAT-04",
        title=Text("Laddas sällan fullt", "Chronic undercharge"),
        cause=Text(
            "Batteriet har inte blivit fulladdat på flera nätter.",
            "The battery has not been fully charged for several nights.",
        ),
        action=Text(
            "Prata med brukaren om laddvanor. Kontrollera vägguttag och laddare.",
            "Talk with the user about charging habits. Check socket and charger.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.CLEARS_ITSELF,
        derived=True,
        source="domain 2.5, S25",
    ),
    Fault(
        code="WC-BAT-05",
        title=Text("Batterispänning utanför gränserna", "Battery voltage out of range"),
        cause=Text(
            "Spänningen är för låg eller för hög; styrsystemet säger inte vilket.",
            "The voltage is too low or too high; the control system does not say which.",
        ),
        action=Text(
            "Mät batterispänningen i vila. Ladda om den är låg, kontrollera laddare och kontakter om den är hög.",
            "Measure the battery at rest. Charge if low; check charger and connectors if high.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("shark 2", "rascal 2", "smartdrive BatteryVoltage"),
        basis=Basis.VERIFIED,
        source="domain 2.1: S5 Shark, S7 Rascal, S15 SmartDrive",
    ),
    Fault(
        code="WC-CHG-01",
        title=Text("Körning spärrad: laddare eller stoppsignal", "Drive blocked: charger or inhibit"),
        cause=Text(
            "Laddaren är ansluten, sitsen är upphöjd eller en stoppkontakt är aktiv.",
            "The charger is plugged in, the seat is raised or a stop input is active.",
        ),
        action=Text(
            "Dra ur laddaren och sänk sitsen. Stäng av stolen och starta den igen.",
            "Unplug the charger and lower the seat. Switch the chair off and on again.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("vr2 6", "shark 1", "linx chase"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S1 VR2, S5 Shark, S6 LiNX",
    ),
)

MOTOR_FAULTS: Final = (
    Fault(
        code="WC-MOT-01",
        title=Text("Vänster motor: avbrott", "Left motor: open circuit"),
        cause=Text(
            "Motorkontakten sitter löst eller kolen är slitna.", "The motor plug is loose or the brushes are worn."
        ),
        action=Text(
            "Tryck fast kontakten. Mät motorn, 0,8–4 Ω är normalt.",
            "Reseat the plug. Measure the motor; 0.8-4 Ω is normal.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("vr2 2", "q50-r 2"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S1 VR2, S13 Q50 R; resistance S30",
    ),
    Fault(
        code="WC-MOT-02",
        title=Text("Vänster motor: kortslutning eller kabelfel", "Left motor: short circuit or wiring"),
        cause=Text(
            "Skadad kabel eller motorledning i kontakt med en batteripol.",
            "Damaged cable or a motor lead touching a battery pole.",
        ),
        action=Text(
            "Kontrollera kabeln. Byt motorn om kabeln är hel.", "Inspect the cable. Replace the motor if it is sound."
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("vr2 3", "q50-r 3"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S1 VR2, S13 Q50 R",
    ),
    Fault(
        code="WC-MOT-03",
        title=Text("Höger motor: avbrott", "Right motor: open circuit"),
        cause=Text(
            "Motorkontakten sitter löst eller kolen är slitna.", "The motor plug is loose or the brushes are worn."
        ),
        action=Text(
            "Tryck fast kontakten. Mät motorn, 0,8–4 Ω är normalt.",
            "Reseat the plug. Measure the motor; 0.8-4 Ω is normal.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("vr2 4", "q50-r 4"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S1 VR2, S13 Q50 R; resistance S30",
    ),
    Fault(
        code="WC-MOT-04",
        title=Text("Höger motor: kortslutning eller kabelfel", "Right motor: short circuit or wiring"),
        cause=Text(
            "Skadad kabel eller motorledning i kontakt med en batteripol.",
            "Damaged cable or a motor lead touching a battery pole.",
        ),
        action=Text(
            "Kontrollera kabeln. Byt motorn om kabeln är hel.", "Inspect the cable. Replace the motor if it is sound."
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("vr2 5", "q50-r 5"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S1 VR2, S13 Q50 R",
    ),
    Fault(
        code="WC-MOT-05",
        title=Text("Motor: tillfällig kortslutning", "Motor: intermittent short circuit"),
        cause=Text(
            "Ett kol är för styvt och studsar, eller kabeln är skadad.",
            "A brush is too stiff and bounces, or the cable is damaged.",
        ),
        action=Text("Kontrollera kabeln. Byt kol eller motor.", "Check the cable. Replace brushes or motor."),
        severity=Severity.WARNING,
        remedy=Remedy.WORKSHOP,
        native=native("hhp 03-07"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S5 HHP",
    ),
    Fault(
        code="WC-MOT-06",
        title=Text("Motorn överbelastad eller blockerad", "Motor overloaded or stalled"),
        cause=Text(
            "Hjulet har fastnat, kantsten, brant backe eller tung last.",
            "Stuck wheel, kerb, steep slope or heavy load.",
        ),
        action=Text(
            "Stäng av stolen några minuter. Ta bort hindret och starta igen.",
            "Switch the chair off for a few minutes. Remove the obstacle and start again.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("shark 4", "meyra E17", "rascal 1", "smartdrive OverCurrent"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S5 Shark, S31m Meyra (I²t), S7 Rascal, S15 SmartDrive",
    ),
    Fault(
        code="WC-MOT-07",
        title=Text("Vänster motor: fel", "Left motor: fault"),
        cause=Text(
            "Avbrott eller kortslutning i vänster motor eller dess anslutning; styrsystemet säger inte vilket.",
            "Open or short circuit in the left motor or its connection; the system does not say which.",
        ),
        action=Text(
            "Lossa motorkontakten och mät motorn, 0,8–4 Ω är normalt.",
            "Unplug the motor and measure it; 0.8-4 Ω is normal.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("dx 3", "rascal 3", "linx left-motor", "rem24 4"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S7 Rascal, S6 LiNX (by name, flash number unknown), S12 REM24; DX 3 is inferred from DX 4",
    ),
    Fault(
        code="WC-MOT-08",
        title=Text("Höger motor: fel", "Right motor: fault"),
        cause=Text(
            "Avbrott eller kortslutning i höger motor eller dess anslutning; styrsystemet säger inte vilket.",
            "Open or short circuit in the right motor or its connection; the system does not say which.",
        ),
        action=Text(
            "Lossa motorkontakten och mät motorn, 0,8–4 Ω är normalt.",
            "Unplug the motor and measure it; 0.8-4 Ω is normal.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("dx 4", "rascal 4", "linx right-motor", "rem24 3"),
        basis=Basis.VERIFIED,
        source="domain 2.1 and 2.5: S4 DX, S7 Rascal, S6 LiNX (by name, flash number unknown), S12 REM24",
    ),
    Fault(
        code="WC-MOT-09",
        title=Text("Motorfel, sidan anges inte", "Motor fault, side not stated"),
        cause=Text(
            "Kortslutning eller kabelfel i en motor; styrsystemet säger inte vilken.",
            "Short circuit or wiring fault in a motor; the system does not say which.",
        ),
        action=Text(
            "Mät båda motorerna och deras kablar innan reservdel beställs.",
            "Measure both motors and their cables before ordering a part.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("shark 3", "hhp 03-00 03-02 03-03 03-04", "smartdrive MotorPhase"),
        basis=Basis.VERIFIED,
        source="domain 2.1 and 2.5: S5 Shark and HHP, S15 SmartDrive",
    ),
    Fault(
        code="WC-MOT-10",
        title=Text("Motor: avbrott, sidan anges inte", "Motor: open circuit, side not stated"),
        cause=Text(
            "En motorkabel sitter löst eller kolen är slitna.", "A motor cable is loose or the brushes are worn."
        ),
        action=Text(
            "Kontrollera båda motorkontakterna. Vrid hjulen, mät motorerna och byt kol vid behov.",
            "Check both motor plugs. Turn the wheels, measure the motors and replace brushes if needed.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("hhp 03-01"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S5 HHP",
    ),
    Fault(
        code="WC-TMP-01",
        title=Text("Effekten sänkt på grund av värme", "Output reduced by heat"),
        cause=Text("Lång uppförsbacke eller varm omgivning.", "A long climb or warm surroundings."),
        action=Text("Stanna och låt motorerna svalna.", "Stop and let the motors cool."),
        severity=Severity.WARNING,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("q-logic thermal-rollback", "meyra E16", "smartdrive OverTemperature"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S11 Q-Logic (output cut to 20 %; number unknown), S31m Meyra, S15 SmartDrive",
    ),
)

BRAKE_FAULTS: Final = (
    Fault(
        code="WC-BRK-01",
        title=Text("Vänster parkeringsbroms: fel", "Left parking brake: fault"),
        cause=Text(
            "Avbrott eller kortslutning i bromsspolen, eller frikopplingsspaken är öppen.",
            "Brake coil open or shorted, or the freewheel lever is open.",
        ),
        action=Text(
            "Kör inte. Fäll in frikopplingsspaken. Mät bromsspolen, 45–90 Ω är normalt.",
            "Do not drive. Close the freewheel lever. Measure the brake coil; 45-90 Ω is normal.",
        ),
        severity=Severity.CRITICAL,
        remedy=Remedy.WORKSHOP,
        native=native("dx 5", "rascal 5", "linx left-park-brake", "rem24 6"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S4 DX, S7 Rascal, S6 LiNX (by name), S12 REM24; resistance S30",
    ),
    Fault(
        code="WC-BRK-02",
        title=Text("Höger parkeringsbroms: fel", "Right parking brake: fault"),
        cause=Text(
            "Avbrott eller kortslutning i bromsspolen, eller frikopplingsspaken är öppen.",
            "Brake coil open or shorted, or the freewheel lever is open.",
        ),
        action=Text(
            "Kör inte. Fäll in frikopplingsspaken. Mät bromsspolen, 45–90 Ω är normalt.",
            "Do not drive. Close the freewheel lever. Measure the brake coil; 45-90 Ω is normal.",
        ),
        severity=Severity.CRITICAL,
        remedy=Remedy.WORKSHOP,
        native=native("dx 6", "rascal 6", "linx right-park-brake", "rem24 5"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S4 DX, S7 Rascal, S6 LiNX (by name), S12 REM24; resistance S30",
    ),
    Fault(
        code="WC-BRK-03",
        title=Text("Parkeringsbroms: fel, sidan anges inte", "Parking brake: fault, side not stated"),
        cause=Text(
            "Dålig anslutning eller fel i en broms; styrsystemet säger inte vilken.",
            "Bad connection or fault in a brake; the system does not say which.",
        ),
        action=Text(
            "Kör inte. Fäll in båda frikopplingsspakarna. Mät båda bromsspolarna, 45–90 Ω är normalt.",
            "Do not drive. Close both freewheel levers. Measure both brake coils; 45-90 Ω is normal.",
        ),
        severity=Severity.CRITICAL,
        remedy=Remedy.WORKSHOP,
        native=native("vr2 9", "q50-r 9", "shark 5", "hhp 04-00 04-01 04-04"),
        basis=Basis.VERIFIED,
        source="domain 2.5: S1 VR2, S13 Q50 R, S5 Shark and HHP; resistance S30",
    ),
)

DRIVE_FAULTS: Final = (*BATTERY_FAULTS, *MOTOR_FAULTS, *BRAKE_FAULTS)
