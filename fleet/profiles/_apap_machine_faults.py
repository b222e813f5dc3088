"""APAP faults of the machine itself: control board, pressure, blower, power.

Native codes are keyed by system: E-4 is a null pointer on the System One and DreamStation family (`philips`, S33, S34)
and a defective memory chip on the older REMstar (`remstar`, S37); a table keyed on E-4 alone would send the wrong
advice. Transcend shows its codes as flashes of the fault lamp (`transcend`, S36); the code here is the number of
flashes, and `transcend-card` is the same lamp while the device lamp is lit too. For ResMed the code is the name of the
channel in the nightly summary (`resmed`, S31); its value, which nobody has documented, travels as the subcode.
`gateway` is our own box and its vocabulary is ours.

Severity and remedy are our own judgement throughout (domain 3.4); `source` says where the code and its meaning come
from.
"""

from typing import Final

from fleet.faults import Fault, Remedy, Severity, native
from fleet.signals import Basis
from fleet.text import Text

SYSTEM_FAULTS: Final = (
    Fault(
        code="PAP-SYS-01",
        title=Text("Apparaten har stannat", "Device stopped"),
        cause=Text(
            "Ett självtest underkändes och apparaten gick till säkert läge. Ingen behandling ges.",
            "A self-test failed and the device went to its safe state. No therapy is given.",
        ),
        action=Text(
            "Använd inte apparaten. Byt den från buffertförrådet via behandlande enhet, som ställer in den nya.",
            "Do not use it. Exchange it from buffer stock through the treating unit, which sets up the new one.",
        ),
        severity=Severity.CRITICAL,
        remedy=Remedy.WORKSHOP,
        native=native("philips E-1 STOP"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S33, S34 (level STOP, E-1)",
    ),
    Fault(
        code="PAP-SYS-02",
        title=Text("Minnesfel", "Memory error"),
        cause=Text(
            "En minneskrets på styrkortet är trasig.",
            "A memory chip on the control board is defective.",
        ),
        action=Text(
            "Byt apparaten. Styrkortet byts på verkstad.",
            "Exchange the device. The control board is replaced in the workshop.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("philips E-3", "remstar E-2 E-3 E-4 E-5 E-6 E-7 E-8 E-9 E-10 E-11 E-12"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S33, S34 (E-3, internal RAM); S37 (E-2 to E-12, flash or RAM: replace the main board)",
    ),
    Fault(
        code="PAP-SYS-03",
        title=Text("Programfel, apparaten startade om", "Software error, device restarted"),
        cause=Text(
            "Apparatens program hamnade i ett otillåtet läge och startade om sig självt.",
            "The device's software reached a state it must not be in and restarted itself.",
        ),
        action=Text(
            "Be användaren dra ur kontakten, vänta en minut och starta igen. Byt apparaten om felet återkommer.",
            "Ask the user to unplug it, wait a minute and start it again. Exchange the device if the fault returns.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("philips E-4 E-5 E-6 E-7", "transcend 2"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S34 (E-4 to E-7, level REBOOT); S36 (2 flashes, stack overflow)",
    ),
    Fault(
        code="PAP-SYS-04",
        title=Text("Apparaten hängde sig", "Device hung"),
        cause=Text(
            "Programmet svarade inte och övervakningskretsen startade om apparaten.",
            "The software did not answer and the watchdog restarted the device.",
        ),
        action=Text(
            "Be användaren dra ur kontakten, vänta en minut och starta igen. Byt apparaten om det händer igen.",
            "Ask the user to unplug it, wait a minute and start it again. Exchange the device if it happens again.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("philips E-10"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S34 (E-10 group)",
    ),
    Fault(
        code="PAP-SYS-05",
        title=Text("Startar om gång på gång", "Restarts again and again"),
        cause=Text(
            "Flera omstarter inom ett dygn. Vid den femte stannar en Philips-apparat och går inte att starta.",
            "Several restarts within a day. At the fifth a Philips device stops by itself and will not start again.",
        ),
        action=Text(
            "Byt apparaten innan den stannar, helst före natten.",
            "Exchange the device before it stops, preferably before the night.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        derived=True,
        basis=Basis.VERIFIED,
        source="domain 3.4: S33 (fifth REBOOT or ABORT in 24 h becomes STOP)",
    ),
    Fault(
        code="PAP-SYS-06",
        title=Text("Apparaten anger internt fel", "Device reports an internal fault"),
        cause=Text(
            "Apparatens felflagga är satt. Tillverkaren har inte dokumenterat vad de olika värdena betyder.",
            "The device's fault flag is set. The maker has not documented what its values mean.",
        ),
        action=Text(
            "Läs felet på apparatens skärm och skriv upp det. Byt apparaten.",
            "Read the fault on the device's own screen and write it down. Exchange the device.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("resmed Fault.Device"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S31 (channel present; values 1-16 undocumented)",
    ),
    Fault(
        code="PAP-SYS-07",
        title=Text("Apparaten har larmat", "Device has given an alarm"),
        cause=Text(
            "Apparatens larmflagga är satt. Tillverkaren har inte dokumenterat vad de olika värdena betyder.",
            "The device's alarm flag is set. The maker has not documented what its values mean.",
        ),
        action=Text(
            "Fråga användaren vad skärmen visade. Kontrollera slang, mask och vattenbehållare.",
            "Ask the user what the screen showed. Check tubing, mask and water tub.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.WORKSHOP,
        native=native("resmed Fault.Alarm"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S31 (channel present; values undocumented)",
    ),
)

PRESSURE_FAULTS: Final = (
    Fault(
        code="PAP-PRS-01",
        title=Text("För högt tryck", "Pressure too high"),
        cause=Text(
            "Över 30 cmH2O mättes under behandling: klämd eller lossnad tryckslang, fel på givare eller elektronik.",
            "More than 30 cmH2O was measured in therapy: pinched or loose sense tube, faulty sensor or electronics.",
        ),
        action=Text(
            "Be användaren ta av masken och stänga av. Byt apparaten och lämna den gamla orörd för utredning.",
            "Ask the user to take the mask off and switch off. Exchange the device; leave the old one untouched.",
        ),
        severity=Severity.CRITICAL,
        remedy=Remedy.WORKSHOP,
        native=native("transcend 3"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S36 p. 48 (3 flashes)",
    ),
    Fault(
        code="PAP-PRS-02",
        title=Text("Inget tryck", "No pressure"),
        cause=Text(
            "Under behandling mättes nästan inget tryck: öppen slang, klämd tryckslang, fel på givaren eller fläkten.",
            "Almost no pressure was measured in therapy: open hose, pinched sense tube, faulty sensor or blower.",
        ),
        action=Text(
            "Be användaren ta av masken och kontrollera slangens båda ändar. Byt apparaten om trycket inte kommer.",
            "Ask the user to take the mask off and check both ends of the hose. Exchange it if no pressure comes.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("transcend 4"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S36 p. 48 (4 flashes)",
    ),
    Fault(
        code="PAP-PRS-03",
        title=Text("Tryckgivaren mäter fel", "Pressure sensor out of range"),
        cause=Text(
            "I vila visar givaren ett orimligt tryck: klämd eller igensatt tryckslang, eller trasig givare.",
            "At rest the sensor shows an implausible pressure: pinched or blocked sense tube, or a faulty sensor.",
        ),
        action=Text(
            "Byt apparaten. Givaren kontrolleras på verkstad.", "Exchange the device. The workshop checks the sensor."
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("transcend 7"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S36 p. 48 (7 flashes)",
    ),
    Fault(
        code="PAP-BLW-01",
        title=Text("Fläkten är för varm", "Blower too hot"),
        cause=Text(
            "Fläkten är överhettad: igensatt filter, övertäckt apparat eller slitet lager.",
            "The blower has overheated: clogged filter, covered device or worn bearing.",
        ),
        action=Text(
            "Låt apparaten svalna. Byt filter och frigör luftintaget. Byt apparaten om felet återkommer.",
            "Let the device cool. Change the filter and free the air inlet. Exchange the device if the fault returns.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("transcend 14"),
        basis=Basis.VERIFIED,
        source="S36 p. 49 (14 flashes)",
    ),
    Fault(
        code="PAP-PWR-01",
        title=Text("Strömmen bröts under behandling", "Power lost during therapy"),
        cause=Text(
            "Nätkontakten drogs ur, nätdelen är trasig eller det var strömavbrott.",
            "The plug was pulled, the power supply is broken or there was an outage.",
        ),
        action=Text(
            "Fråga om det var strömavbrott. Kontrollera nätkabel och nätdel.",
            "Ask whether there was an outage. Check the mains cable and the power supply.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("gateway MAINS_LOST"),
        source="gateway vocabulary of this contract",
    ),
)

MACHINE_FAULTS: Final = (*SYSTEM_FAULTS, *PRESSURE_FAULTS)
