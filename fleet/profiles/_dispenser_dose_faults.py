"""Dispenser faults of the dose itself: missed, jammed, out of step, wrong roll, empty, schedule lost.

Makers of the dispensers in Swedish homes have not published their error numbers (domain 4.4, 10.7). `dispenser-gateway`
is therefore this contract's own vocabulary: a gateway or a maker's cloud translates into it. Known spellings stand
beside it under their own systems: what `careousel` shows on its display (S63), what `pivotell-gsm` sends as text
message (S58), and the conditions that the manuals of `philips-mds` (S55, S105), `simplyhome` (S61) and `medsmart` (S60)
name, whose spelling as codes is ours.

No text here may name a medicine: a dose is a place in a schedule. Severity and remedy are our own judgement (domain
4.4).
"""

from typing import Final

from fleet.faults import Fault, NativeCode, Remedy, Severity, native
from fleet.signals import Audience, Basis
from fleet.text import Text

CARE_FAULTS: Final = (
    Fault(
        code="MED-DOS-01",
        title=Text("Dos inte tagen", "Dose missed"),
        cause=Text(
            "Brukaren sover, är borta, mår dåligt eller vill inte.", "The user is asleep, away, unwell or unwilling."
        ),
        action=Text(
            "Ring brukaren. Besök hemmet om ingen svarar. Ärendet går till vården, inte till tekniker.",
            "Phone the user. Go there if nobody answers. This goes to care, not to a technician.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.CARE_CHAIN,
        native=(
            NativeCode("pivotell-gsm", "Dose Not Taken"),
            *native("philips-mds MISSED_DOSE", "simplyhome MISSED_DOSE", "medsmart MISSED_DOSE"),
        ),
        audience=Audience.CARE,
        basis=Basis.VERIFIED,
        source="domain 4.2, 4.4: S55, S58, S60, S61; our own devices send the event dose_missed instead",
    ),
    Fault(
        code="MED-DOS-02",
        title=Text("Flera doser inte tagna", "Repeated missed doses"),
        cause=Text("Minst tre missade doser på sju dagar.", "At least three missed doses in seven days."),
        action=Text(
            "Sjuksköterskan bedömer om automaten fortfarande är rätt hjälpmedel.",
            "The nurse judges whether the dispenser is still the right aid.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.CARE_CHAIN,
        derived=True,
        audience=Audience.CARE,
        source="domain 4.4",
    ),
    Fault(
        code="MED-DOS-03",
        title=Text("Dos tagen i förväg", "Dose taken early"),
        cause=Text("Planerad frånvaro.", "Planned absence."),
        action=Text("Ingen åtgärd, noteras bara.", "Nothing to do, it is only noted."),
        severity=Severity.INFO,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("philips-mds EARLY_DOSE"),
        clearable=True,
        audience=Audience.CARE,
        basis=Basis.VERIFIED,
        source="domain 4.2, 4.4: S55",
    ),
    Fault(
        code="MED-USR-01",
        title=Text("Brukaren har bett om hjälp", "Help button pressed"),
        cause=Text("Brukaren tryckte på hjälpknappen.", "The user pressed the help button."),
        action=Text(
            "Ring brukaren genast. Besök hemmet om ingen svarar.",
            "Phone the user at once. Go there if nobody answers.",
        ),
        severity=Severity.CRITICAL,
        remedy=Remedy.CARE_CHAIN,
        native=native("dispenser-gateway HELP_BUTTON", "medsmart HELP"),
        audience=Audience.CARE,
        basis=Basis.VERIFIED,
        source="domain 4.2, 4.4: S60",
    ),
)

MECHANISM_FAULTS: Final = (
    Fault(
        code="MED-MEC-01",
        title=Text("Automaten har kört fast", "Dispenser jammed"),
        cause=Text(
            "En påse eller ett föremål hindrar kassetten eller matningen. Nästa dos kommer inte fram.",
            "A pouch or an object blocks the tray or the feed. The next dose will not come out.",
        ),
        action=Text(
            "Ge dosen manuellt och dokumentera den. Öppna automaten, ta bort hindret och kör självtest.",
            "Give the dose by hand and document it. Open the dispenser, clear the path and run a self-test.",
        ),
        severity=Severity.CRITICAL,
        remedy=Remedy.WORKSHOP,
        native=native(
            "dispenser-gateway JAM",
            "careousel ERROR",
            "philips-mds JAMMED_CUP",
            "simplyhome TRAY_JAM",
            "medsmart JAM",
        ),
        basis=Basis.VERIFIED,
        source="domain 4.2, 4.4: S55, S60, S61, S63",
    ),
    Fault(
        code="MED-MEC-02",
        title=Text("Kassetten kan ha hamnat i fel läge", "Tray may be out of step"),
        cause=Text(
            "Automaten låg upp och ner under en hel dostid. Nästa fack kan vara fel dos.",
            "The dispenser lay upside down through a whole dose window. The next cup may be the wrong dose.",
        ),
        action=Text(
            "Stoppa automaten. Räkna facken, ladda om och låt en sjuksköterska kontrollera nästa dos.",
            "Stop the dispenser. Count the cups, reload and have a nurse check the next dose.",
        ),
        severity=Severity.CRITICAL,
        remedy=Remedy.WORKSHOP,
        native=native("dispenser-gateway OUT_OF_STEP", "careousel TILTED"),
        basis=Basis.VERIFIED,
        source="domain 4.2, 4.4: S63",
    ),
    Fault(
        code="MED-MEC-03",
        title=Text("Påsen kunde inte öppnas", "Pouch could not be opened"),
        cause=Text("Kniven eller öppningsmekanismen är sliten.", "The cutter or the opening mechanism is worn."),
        action=Text("Ge dosen manuellt. Byt automaten.", "Give the dose by hand. Exchange the dispenser."),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("dispenser-gateway CUTTER"),
        source="domain 4.4; gateway vocabulary of this contract",
    ),
    Fault(
        code="MED-MEC-04",
        title=Text("Givaren ser inte påsen", "Pouch not seen by the sensor"),
        cause=Text("Givaren är smutsig eller trasig.", "The sensor is dirty or broken."),
        action=Text(
            "Kontrollera om dosen togs. Rengör givaren, byt automaten om felet är kvar.",
            "Check whether the dose was taken. Clean the sensor; exchange the dispenser if the fault remains.",
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("dispenser-gateway PICKUP_SENSOR"),
        source="domain 4.4; gateway vocabulary of this contract",
    ),
)

CONTENT_FAULTS: Final = (
    Fault(
        code="MED-RD-01",
        title=Text("Texten på påsen går inte att läsa", "Pouch text unreadable"),
        cause=Text("Dåligt tryck eller smutsig lins.", "Poor print or a dirty lens."),
        action=Text(
            "Rengör linsen. Beställ ny rulle om felet är kvar.", "Clean the lens. Order a new roll if it remains."
        ),
        severity=Severity.HIGH,
        remedy=Remedy.WORKSHOP,
        native=native("dispenser-gateway UNREADABLE"),
        source="domain 4.4; gateway vocabulary of this contract",
    ),
    Fault(
        code="MED-RD-02",
        title=Text("Fel rulle laddad", "Wrong roll loaded"),
        cause=Text(
            "Rullen tillhör en annan person. Automaten vägrar dela ut.",
            "The roll belongs to another person. The dispenser refuses it.",
        ),
        action=Text(
            "Ta ur rullen genast. Skriv avvikelserapport. Ladda rätt rulle.",
            "Remove the roll at once. Write a deviation report. Load the right roll.",
        ),
        severity=Severity.CRITICAL,
        remedy=Remedy.CARE_CHAIN,
        native=native("dispenser-gateway WRONG_ROLL"),
        basis=Basis.VERIFIED,
        source="domain 4.1, 4.4: S49 (the machine refuses a wrong roll); the code is ours",
    ),
    Fault(
        code="MED-RD-03",
        title=Text("Rullens ordning stämmer inte med schemat", "Roll order differs from the schedule"),
        cause=Text(
            "Ordinationen har ändrats efter att rullen packades.", "The prescription changed after the roll was packed."
        ),
        action=Text(
            "Sjuksköterskan rättar schemat eller beställer ny rulle.", "The nurse corrects the schedule or the roll."
        ),
        severity=Severity.HIGH,
        remedy=Remedy.CARE_CHAIN,
        native=native("dispenser-gateway ROLL_ORDER"),
        audience=Audience.CARE,
        source="domain 4.4; gateway vocabulary of this contract",
    ),
    Fault(
        code="MED-INV-01",
        title=Text("Doserna tar snart slut", "Few doses left"),
        cause=Text("Påfyllningen är sen: högst tre dygn kvar.", "The refill is late: at most three days are left."),
        action=Text("Planera påfyllning.", "Plan a refill visit."),
        severity=Severity.WARNING,
        remedy=Remedy.CLEARS_ITSELF,
        native=(
            *native("dispenser-gateway ALMOST_EMPTY", "philips-mds ALMOST_EMPTY"),
            NativeCode("pivotell-gsm", "Four Doses Remaining"),
        ),
        audience=Audience.CARE,
        basis=Basis.VERIFIED,
        source="domain 4.2, 4.4: S55 (72 h), S58 (four doses)",
    ),
    Fault(
        code="MED-INV-02",
        title=Text("Automaten är tom", "Dispenser empty"),
        cause=Text("Ingen påfyllning har gjorts.", "Nobody has refilled it."),
        action=Text("Åk dit genast med nästa dos och fyll på.", "Go there at once with the next dose and refill."),
        severity=Severity.CRITICAL,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("dispenser-gateway EMPTY"),
        audience=Audience.CARE,
        source="domain 4.4; gateway vocabulary of this contract",
    ),
    Fault(
        code="MED-INV-03",
        title=Text("Facket för missade doser är fullt", "Missed-dose bin full"),
        cause=Text("Facket har inte tömts.", "The bin has not been emptied."),
        action=Text(
            "Töm facket vid nästa besök, räkna och dokumentera.", "Empty the bin at the next visit, count and document."
        ),
        severity=Severity.HIGH,
        remedy=Remedy.CLEARS_ITSELF,
        native=native("dispenser-gateway BIN_FULL"),
        audience=Audience.CARE,
        source="domain 4.4; gateway vocabulary of this contract",
    ),
)

DOSE_FAULTS: Final = (*CARE_FAULTS, *MECHANISM_FAULTS, *CONTENT_FAULTS)
