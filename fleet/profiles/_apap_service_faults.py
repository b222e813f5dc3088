"""APAP faults of what is around the machine: air path, humidifier, clock, card, transmission, parts and data.

Native systems are explained in `_apap_machine_faults`. `gateway` codes are this contract's own; a maker's reminders and
a card's checksum errors become fault messages there, because no card can send a message itself.
"""

from typing import Final

from fleet.faults import Fault, Remedy, Severity, native
from fleet.signals import Audience, Basis
from fleet.text import Text

AIR_PATH_FAULTS: Final = (
    Fault(
        code="PAP-AIR-01",
        title=Text("Luftintaget är igensatt", "Air inlet blocked"),
        cause=Text("Filtret är smutsigt, blött eller av fel sort.", "The filter is dirty, wet or of the wrong kind."),
        action=Text(
            "Be användaren byta luftfilter och ställa apparaten fritt. Skicka filter.",
            "Ask the user to change the air filter and give the device free space. Send filters.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("philips INLET_BLOCKED"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S35 (notice; the spelling of the code is ours)",
    ),
    Fault(
        code="PAP-AIR-02",
        title=Text("Slang eller mask är igensatt", "Hose or mask blocked"),
        cause=Text(
            "Slangen är vikt eller maskens utandningshål är igensatta.",
            "The hose is kinked or the mask's vents are blocked.",
        ),
        action=Text(
            "Be användaren räta ut slangen och rengöra masken.",
            "Ask the user to straighten the hose and clean the mask.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("philips LOW_LEAK"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S35 (notice 'low leak'; the spelling of the code is ours)",
    ),
    Fault(
        code="PAP-LEK-01",
        title=Text("Stort läckage", "High leak"),
        cause=Text(
            "Masken sitter inte tätt eller maskkudden är sliten. Över 24 L/min räknas som stort läckage.",
            "The mask does not seal or its cushion is worn. More than 24 L/min counts as high leak.",
        ),
        action=Text(
            "Prova ut masken igen. Byt kudde eller mask.",
            "Fit the mask again. Replace the cushion or the mask.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.CLEARS_ITSELF,
        derived=True,
        basis=Basis.VERIFIED,
        source="domain 3.4: S42 (0.40 L/s at the 95th percentile), S45 (VGR: at most two masks a year)",
    ),
    Fault(
        code="PAP-HUM-01",
        title=Text("Fel på befuktaren", "Humidifier fault"),
        cause=Text(
            "Befuktarens värmare är trasig eller vattenbehållaren sitter fel.",
            "The humidifier's heater is broken or the water tub is not seated.",
        ),
        action=Text(
            "Be användaren ta ur och sätta tillbaka vattenbehållaren. Byt behållaren om felet är kvar.",
            "Ask the user to take the water tub out and put it back. Exchange the tub if the fault remains.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("resmed Fault.Humidifier"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S31 (channel present; values undocumented)",
    ),
    Fault(
        code="PAP-TUB-01",
        title=Text("Fel på värmeslangen", "Heated tube fault"),
        cause=Text("Slangens värmetråd eller kontakt är trasig.", "The tube's heating wire or connector is broken."),
        action=Text(
            "Be användaren trycka fast slangens kontakt. Byt slang om felet är kvar.",
            "Ask the user to press the tube's connector home. Swap the tube if the fault remains.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("resmed Fault.HeatedTube"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S31 (channel present; values undocumented)",
    ),
    Fault(
        code="PAP-OXI-01",
        title=Text("Pulsoximetern svarar inte", "Oximeter does not answer"),
        cause=Text(
            "Givaren har lossnat eller oximetern är urkopplad.", "The probe came off or the oximeter is unplugged."
        ),
        action=Text("Be användaren sätta tillbaka givaren.", "Ask the user to put the probe back."),
        severity=Severity.INFO,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("gateway OXIMETER_LOST"),
        source="gateway vocabulary of this contract",
    ),
)

DATA_FAULTS: Final = (
    Fault(
        code="PAP-RTC-01",
        title=Text("Apparatens klocka är ogiltig", "Device clock invalid"),
        cause=Text(
            "Klockans batteri är slut eller klockan ställdes till en omöjlig tid vid service.",
            "The clock's battery is flat or the clock was set to an impossible time in service.",
        ),
        action=Text("Ställ klockan med serviceverktyget.", "Set the clock with the service tool."),
        severity=Severity.INFO,
        remedy=Remedy.WORKSHOP,
        native=native("transcend 6"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S36 p. 48 (6 flashes)",
    ),
    Fault(
        code="PAP-CRD-01",
        title=Text("Minneskortet går inte att använda", "Memory card cannot be used"),
        cause=Text(
            "Kortet är skrivskyddat, slitet, smutsigt eller felvänt.",
            "The card is write-protected, worn, dirty or the wrong way round.",
        ),
        action=Text(
            "Be användaren ta ur kortet, kontrollera låsspärren och sätta in det igen. Skicka annars ett nytt kort.",
            "Ask the user to take the card out, check the lock tab and put it back. Otherwise send a new card.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("transcend-card 1 5", "remstar C-1 C-8 C-9"),
        basis=Basis.VERIFIED,
        source="domain 3.4: S36 p. 49 (card group); S37's page of card codes",
    ),
    Fault(
        code="PAP-MDM-01",
        title=Text("Inga data på två dygn", "No data for two days"),
        cause=Text(
            "Flygplansläge, dålig täckning eller urkopplad apparat. Kortet kan ha sparat nätterna ändå.",
            "Flight mode, poor coverage or an unplugged device. The card may have kept the nights all the same.",
        ),
        action=Text(
            "Vänta in nästa sändning. Be annars användaren stänga av flygplansläget. Räkna inte nätterna som oanvända.",
            "Wait for the next upload. Otherwise ask the user to leave flight mode. Do not count the nights as unused.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.PLATFORM,
        derived=True,
        source="domain 3.4, 3.5",
    ),
    Fault(
        code="PAP-MDM-02",
        title=Text("Modemet får inte kontakt", "Modem cannot register"),
        cause=Text("SIM-kortet är spärrat eller täckning saknas.", "The SIM is blocked or there is no coverage."),
        action=Text(
            "Starta om gatewayen på distans. Kontrollera abonnemanget.",
            "Restart the gateway remotely. Check the subscription.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.PLATFORM,
        native=native("gateway MODEM_NOT_REGISTERED"),
        clearable=True,
        source="gateway vocabulary of this contract",
    ),
    Fault(
        code="PAP-DAT-01",
        title=Text("Nattens data är ofullständiga", "The night's data are incomplete"),
        cause=Text(
            "Kontrollsumman stämmer inte eller detaljerna saknas, ofta för att strömmen bröts medan kortet skrevs.",
            "The checksum is wrong or the detail is missing, often because power was cut while the card was written.",
        ),
        action=Text(
            "Begär natten på nytt. Räkna den inte som oanvänd.",
            "Request the night again. Do not count it as unused.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.PLATFORM,
        native=native("gateway CRC_MISMATCH DETAIL_MISSING"),
        clearable=True,
        basis=Basis.VERIFIED,
        source="domain 3.1, 3.4: S31 (Crc16 in every record); the code's spelling is ours",
    ),
    Fault(
        code="PAP-DAT-02",
        title=Text("Två apparater har samma natt", "Two devices recorded the same night"),
        cause=Text(
            "Apparaten byttes, en klocka går fel eller två personer använder dem.",
            "The device was swapped, a clock is wrong or two persons use them.",
        ),
        action=Text(
            "Låt den behandlande enheten avgöra. Slå aldrig ihop nätterna.",
            "Let the treating unit decide. Never merge the nights.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.CARE_CHAIN,
        derived=True,
        basis=Basis.VERIFIED,
        source="domain 1 (finding 4), 3.4: S32",
    ),
    Fault(
        code="PAP-GW-01",
        title=Text("Gatewayens klocka är orimlig", "Gateway clock implausible"),
        cause=Text(
            "Gatewayen har startat utan tidssynkronisering.", "The gateway started without time synchronisation."
        ),
        action=Text("Synkronisera klockan på distans.", "Synchronise the clock remotely."),
        severity=Severity.INFO,
        remedy=Remedy.PLATFORM,
        native=native("gateway CLOCK_IMPLAUSIBLE"),
        clearable=True,
        source="gateway vocabulary of this contract",
    ),
    Fault(
        code="PAP-REM-01",
        title=Text("Förbrukningsdel ska bytas", "Consumable due"),
        cause=Text(
            "Bytesintervallet har gått ut: filter en månad, mask tre, slang sex, vattenbehållare nio.",
            "The interval has passed: filter one month, mask three, tubing six, water tub nine.",
        ),
        action=Text("Skicka delen till användaren.", "Send the part to the user."),
        severity=Severity.INFO,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("gateway REMINDER_FILTER REMINDER_MASK REMINDER_TUBING REMINDER_HUMIDIFIER"),
        basis=Basis.VERIFIED,
        source="domain 3.1, 3.4: S32 (P1M, P3M, P6M, P9M on AirSense 11); the code's spelling is ours",
    ),
    Fault(
        code="PAP-CLN-01",
        title=Text("Kvarstående AHI över överenskommen gräns", "Residual AHI above the agreed limit"),
        cause=Text(
            "Behandlingen håller inte andningsuppehållen under den gräns som kliniken satt.",
            "The therapy does not keep the apneas below the limit the clinic has set.",
        ),
        action=Text("Förskrivaren bedömer behandlingen.", "The prescriber reviews the therapy."),
        severity=Severity.INFO,
        remedy=Remedy.CARE_CHAIN,
        derived=True,
        audience=Audience.CLINICAL,
        source="domain 3.3, 3.4",
    ),
)

SERVICE_FAULTS: Final = (*AIR_PATH_FAULTS, *DATA_FAULTS)
