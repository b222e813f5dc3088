"""Scale faults: measuring, user, clock, radio link, hub and hardware.

Native signs come from three worlds: the Bluetooth weight service (`wss`), the text on a display, and our own hub
(`gateway`). The letters on displays contradict each other: "Lo" is an empty battery on one scale and "LO" too little
weight on another, hence the key (system, code). Severity and remedy are our own judgement (domain 5.4).
"""

from typing import Final

from fleet.faults import Fault, NativeCode, Remedy, Severity, native
from fleet.signals import Audience, Basis
from fleet.text import Text

MEASURING_FAULTS: Final = (
    Fault(
        code="SCL-BAT-01",
        title=Text("Vågens batterier är slut", "Scale batteries low"),
        cause=Text("Batterierna är förbrukade.", "The cells are used up."),
        action=Text("Byt alla batterier samtidigt.", "Replace all cells together."),
        severity=Severity.INFO,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("taylor Lo", "a-and-d Lo"),
        basis=Basis.VERIFIED,
        source="domain 5.4, S74; A&D spelling assumed",
    ),
    Fault(
        code="SCL-MEA-01",
        title=Text("Mätningen misslyckades", "Measurement failed"),
        cause=Text("Personen klev av för tidigt.", "The person stepped off too early."),
        action=Text(
            "Väg igen och stå stilla tills vågen är klar.", "Weigh again and stand still until the scale is done."
        ),
        severity=Severity.INFO,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("wss 0xFFFF", "a-and-d Err", "taylor ERR"),
        basis=Basis.VERIFIED,
        source="domain 5.1 and 5.4, S72 (raw 0xFFFF), S74",
    ),
    Fault(
        code="SCL-MEA-02",
        title=Text("Vågen står ostadigt", "Unstable platform"),
        cause=Text("Vågen står på en matta eller ett ojämnt golv.", "The scale stands on carpet or an uneven floor."),
        action=Text("Ställ vågen på ett hårt och jämnt golv.", "Place the scale on a hard, level floor."),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=(NativeCode("taylor", "Error 1"), *native("generic-display UnSt")),
        basis=Basis.VERIFIED,
        source="domain 5.4, S74",
    ),
    Fault(
        code="SCL-MEA-03",
        title=Text("Överlast", "Overload"),
        cause=Text("Vikten är större än vågen klarar.", "The weight is above the scale's capacity."),
        action=Text("Byt till en modell för högre vikt.", "Change to a model with higher capacity."),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=(NativeCode("taylor", "Error 2"), *native("generic-display OL")),
        basis=Basis.VERIFIED,
        source="domain 5.4, S74",
    ),
    Fault(
        code="SCL-MEA-04",
        title=Text("Vågen hittar inte noll", "Zero or initialisation error"),
        cause=Text("Vågen har flyttats utan att nollställas.", "The scale was moved and not set to zero."),
        action=Text(
            "Tryck lätt på vågen med foten och vänta tills den visar 0,0.",
            "Press the scale lightly with a foot and wait until it shows 0.0.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=(NativeCode("taylor", "Error 0"),),
        basis=Basis.VERIFIED,
        source="domain 5.4, S74",
    ),
    Fault(
        code="SCL-MEA-05",
        title=Text("För lite vikt på vågen", "Below minimum weight"),
        cause=Text("Ett föremål eller ett husdjur på vågen.", "An object or a pet on the scale."),
        action=Text("Ingen åtgärd behövs.", "No action needed."),
        severity=Severity.INFO,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("generic-display LO"),
        basis=Basis.VERIFIED,
        source="domain 5.4, S74",
    ),
    Fault(
        code="SCL-MEA-06",
        title=Text("Ostabila värden kastades", "Unstable readings dropped"),
        cause=Text("Vågen sände innan värdet hade stannat.", "The scale sent before the reading had settled."),
        action=Text(
            "Ingen åtgärd om det sker sällan, annars kontrollera golvet.",
            "No action if rare; otherwise check the floor.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("mi-scale not-stabilised"),
        basis=Basis.VERIFIED,
        source="domain 5.1, S108 (stabilised bit)",
    ),
    Fault(
        code="SCL-MEA-07",
        title=Text("Ingen kontakt med fötterna", "No contact with the feet"),
        cause=Text(
            "Strumpor, torr hud eller fötterna bredvid elektroderna.", "Socks, dry skin or feet beside the electrodes."
        ),
        action=Text("Väg barfota med fötterna mitt på plattorna.", "Weigh barefoot with the feet on the plates."),
        severity=Severity.INFO,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("mi-scale no-impedance"),
        source="assumed",
    ),
    Fault(
        code="SCL-DRF-01",
        title=Text("Vågen har börjat visa fel", "Scale has drifted"),
        cause=Text(
            "Alla användares vikt ändrades samtidigt, eller mer än 1 kg fel vid kontrollvägning.",
            "Everyone's weight changed at once, or more than 1 kg off in a control weighing.",
        ),
        action=Text(
            "Gör en kontrollvägning. Byt vågen om felet är kvar.",
            "Do a control weighing. Exchange the scale if it stays.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.WORKSHOP,
        derived=True,
        source="domain 5.4",
    ),
    Fault(
        code="SCL-DRF-02",
        title=Text("Dags för kontrollvägning", "Control weighing due"),
        cause=Text("Det var länge sedan vågen kontrollerades.", "The scale has not been checked for long."),
        action=Text("Kontrollväg med känd vikt.", "Check with a known weight."),
        severity=Severity.INFO,
        remedy=Remedy.WORKSHOP,
        derived=True,
        source="assumed",
    ),
    Fault(
        code="SCL-USR-01",
        title=Text("Okänd person på vågen", "Unknown person on the scale"),
        cause=Text("Någon annan i hushållet har vägt sig.", "Somebody else in the household weighed themselves."),
        action=Text(
            "Räkna inte värdet. Fråga brukaren vem som vägde sig.", "Do not count the value. Ask the user who it was."
        ),
        severity=Severity.INFO,
        remedy=Remedy.CARE_CHAIN,
        native=native("wss user-0xFF"),
        audience=Audience.CLINICAL,
        basis=Basis.VERIFIED,
        source="domain 5.1 and 5.4, S70 (user id 0xFF unknown)",
    ),
    Fault(
        code="SCL-UNT-01",
        title=Text("Vågen har ställts om till pund", "Scale was switched to pounds"),
        cause=Text("Enhetsknappen på undersidan trycktes in.", "The unit button underneath was pressed."),
        action=Text(
            "Värdena räknas om. Ställ tillbaka vågen till kg vid nästa besök.",
            "Values are converted. Set the scale back to kg at the next visit.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("wss imperial"),
        basis=Basis.VERIFIED,
        source="domain 5.1 and 5.4, S70 (flag bit 0)",
    ),
)

HUB_AND_HARDWARE_FAULTS: Final = (
    Fault(
        code="SCL-CLK-01",
        title=Text("Vågens klocka är inte ställd", "Clock not set"),
        cause=Text(
            "Batteriet byttes, eller värdet saknar tid.", "The battery was changed, or the reading has no time."
        ),
        action=Text(
            "Ställ klockan på distans. Värden får mottagningstid så länge.",
            "Sync the clock remotely; reception time is used meanwhile.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.PLATFORM,
        native=native("wss no-timestamp clock-reset", "gateway clock"),
        clearable=True,
        source="domain 5.4",
    ),
    Fault(
        code="SCL-DUP-01",
        title=Text("Gamla mätningar sänds igen", "Stored readings replayed"),
        cause=Text("Vågen tömde sitt minne efter ett avbrott.", "The scale emptied its memory after a break."),
        action=Text("Ingen åtgärd, dubbletter sorteras bort.", "No action; duplicates are sorted out."),
        severity=Severity.INFO,
        remedy=Remedy.PLATFORM,
        native=native("gateway replay"),
        clearable=True,
        source="domain 5.4",
    ),
    Fault(
        code="SCL-NET-01",
        title=Text("Navet är tyst", "Hub silent"),
        cause=Text("Navet är avstängt eller saknar täckning.", "The hub is off or has no coverage."),
        action=Text("Be brukaren kontrollera navets nätsladd.", "Ask the user to check the hub's power cord."),
        severity=Severity.INFO,
        remedy=Remedy.PLATFORM,
        derived=True,
        source="domain 5.4",
    ),
    Fault(
        code="SCL-NET-02",
        title=Text("Navets minne är nästan fullt", "Hub memory almost full"),
        cause=Text("Navet har länge varit utan täckning.", "The hub has been without coverage for long."),
        action=Text("Flytta navet närmare ett fönster.", "Move the hub closer to a window."),
        severity=Severity.WARNING,
        remedy=Remedy.PLATFORM,
        native=native("gateway outbox-full"),
        clearable=True,
        source="assumed",
    ),
    Fault(
        code="SCL-NET-03",
        title=Text("Navet går på batteri", "Hub on battery"),
        cause=Text("Nätsladden är urdragen eller strömmen har gått.", "The power cord is out or there is a power cut."),
        action=Text("Sätt i nätsladden.", "Plug the power cord in."),
        severity=Severity.INFO,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("gateway mains-lost"),
        clearable=True,
        source="assumed",
    ),
    Fault(
        code="SCL-BLE-01",
        title=Text("Svag radiolänk till vågen", "Weak link to the scale"),
        cause=Text(
            "Vågen står för långt bort eller hopparningen är förlorad.",
            "The scale is too far away or the pairing is lost.",
        ),
        action=Text("Flytta navet närmare och para ihop på nytt.", "Move the hub closer and pair again."),
        severity=Severity.INFO,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("gateway weak-link bond-lost"),
        clearable=True,
        source="domain 5.4",
    ),
    Fault(
        code="SCL-BLE-02",
        title=Text("Vågen är parad med en annan telefon", "Scale is paired with another phone"),
        cause=Text(
            "En anhörig har kopplat vågen till sin egen app.", "A relative connected the scale to their own app."
        ),
        action=Text(
            "Ta bort vågen ur telefonen och para ihop med navet.",
            "Remove the scale from the phone and pair with the hub.",
        ),
        severity=Severity.WARNING,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("gateway pairing-rejected"),
        clearable=True,
        source="domain 5.4 (phone change)",
    ),
    Fault(
        code="SCL-HW-01",
        title=Text("Lastgivaren är trasig", "Load cell broken"),
        cause=Text("Vågen har fått ett slag eller blivit blöt.", "The scale took a knock or got wet."),
        action=Text("Byt vågen.", "Exchange the scale."),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("gateway load-cell"),
        source="assumed",
    ),
    Fault(
        code="SCL-HW-02",
        title=Text("Vågens minne är skadat", "Scale memory damaged"),
        cause=Text("Kalibreringen kan inte läsas.", "The calibration cannot be read."),
        action=Text("Byt vågen.", "Exchange the scale."),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("gateway memory"),
        source="assumed",
    ),
    Fault(
        code="SCL-TMP-01",
        title=Text("För kallt eller för varmt för vågen", "Too cold or too warm for the scale"),
        cause=Text("Vågen står i ett ouppvärmt rum.", "The scale stands in an unheated room."),
        action=Text(
            "Ställ vågen i rumstemperatur en timme före vägning.",
            "Keep the scale at room temperature for an hour before weighing.",
        ),
        severity=Severity.INFO,
        remedy=Remedy.USER_WITH_GUIDANCE,
        native=native("gateway temperature"),
        source="assumed",
    ),
    Fault(
        code="SCL-FW-01",
        title=Text("Navets program är för gammalt", "Hub software too old"),
        cause=Text("En uppdatering har uteblivit.", "An update was missed."),
        action=Text(
            "Starta om navet så att det hämtar uppdateringen.", "Restart the hub so that it fetches the update."
        ),
        severity=Severity.INFO,
        remedy=Remedy.PLATFORM,
        native=native("gateway software-old"),
        clearable=True,
        source="assumed",
    ),
)

FAULTS: Final = (*MEASURING_FAULTS, *HUB_AND_HARDWARE_FAULTS)
