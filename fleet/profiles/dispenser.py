"""The medication dispenser (läkemedelsautomat): what it reports, what may be asked of it, when it counts as used."""

from typing import Final

from fleet.commands import Command, Level, Parameter, Permission, stage_update
from fleet.faults import Severity
from fleet.profile import DeviceProfile
from fleet.profiles._dispenser_dose_faults import DOSE_FAULTS
from fleet.profiles._dispenser_machine_faults import UPKEEP_FAULTS
from fleet.profiles._dispenser_models import MODELS
from fleet.profiles._dispenser_signals import EVENTS, METRICS
from fleet.profiles._dispenser_states import DOSING, ON_BATTERY, REFILLING, STATES, STATES_TOLD
from fleet.rules import (
    AnyOf,
    BatteryHours,
    DoseMissed,
    DoseReported,
    DoseUnknown,
    FaultActive,
    Gathered,
    OtherSchedule,
    Repeated,
    RollUnverified,
    Rule,
    Silence,
    Threshold,
)
from fleet.self_test import Subsystem
from fleet.signals import Audience, Basis
from fleet.text import Text
from fleet.usage import AtLeast, Gather, IdlePolicy, Measure, UsageDefinition

# From the reminder until the dose is taken or locked away, and while staff have their hands in it, nothing may
# interfere.
_BUSY: Final = (DOSING, REFILLING)

# No command hands out, locks away or skips a dose: that would be a motion command and is refused by name. A self-test
# checks electronics and sensors and leaves tray and feed alone.
_CARE_SETTING: Final = Permission(
    by=Text("tillverkarens tjänst för vårdpersonal", "the maker's service for care staff"),
    basis=Basis.ASSUMED,
    source="assumed: shipped products let staff set it from afar (S57-S59)",
)

COMMANDS: Final = (
    stage_update(Text("Lägg ny programvara redo", "Stage a software update"), (*_BUSY, ON_BATTERY)),
    Command(
        name="clear_fault",
        level=Level.REVERSIBLE,
        title=Text("Kvittera fel som inte rör säkerheten", "Clear non-safety faults"),
        refused_while=_BUSY,
        expires_seconds=300,
    ),
    Command(
        name="self_test",
        level=Level.REVERSIBLE,
        title=Text("Kör självtest", "Run self-test"),
        refused_while=(*_BUSY, ON_BATTERY),
        expires_seconds=120,
    ),
    Command(
        name="locate_beep",
        level=Level.REVERSIBLE,
        title=Text("Pip så att automaten hittas", "Beep so that the dispenser is found"),
        # A beep while a dose is due would be taken for the reminder.
        refused_while=_BUSY,
    ),
    Command(
        name="restart_gateway",
        level=Level.REVERSIBLE,
        title=Text("Starta om gatewayen", "Restart the gateway"),
        refused_while=_BUSY,
    ),
    Command(
        name="sync_clock",
        level=Level.REVERSIBLE,
        title=Text("Synkronisera klockan", "Synchronise the clock"),
        refused_while=_BUSY,
    ),
    Command(
        name="set_reminder_volume",
        level=Level.SETTING,
        title=Text("Ställ in påminnelsens ljudstyrka", "Set reminder volume"),
        parameters=(
            # Four steps as on Careousel (S57). No step is silence: muting is the assisted mode, which staff set on
            # site.
            Parameter(name="step", unit="1", low=1, high=4, default=3, title=Text("Steg", "Step")),
        ),
        permission=_CARE_SETTING,
        refused_while=_BUSY,
        expires_seconds=300,
    ),
    Command(
        name="set_late_window_minutes",
        level=Level.SETTING,
        title=Text("Ställ in hur länge en dos väntar", "Set how long a dose waits"),
        parameters=(
            # Five minutes to five hours: what shipped products allow (S57-S59). The value is a nurse's decision, which
            # is why a setting needs a second person in another role.
            Parameter(name="minutes", unit="min", low=5, high=300, default=60, title=Text("Minuter", "Minutes")),
        ),
        permission=_CARE_SETTING,
        refused_while=_BUSY,
        expires_seconds=300,
    ),
)

# Every alarm after which somebody goes without a dose, or gets the wrong one, is for care: the first remedy is a phone
# call and a dose by hand. The technician sees the fault itself, whose audience is technical.
POWER: Final = BatteryHours(
    name="by_level",
    title=Text("Batteriet räcker inte länge", "Battery will not last long"),
    severity=Severity.HIGH,
    level="battery.level",
    mains="mains.present",
    full_hours=18.0,
    # Time enough for a visit before the backup ends (domain 4.4, "visit before backup ends"); the figure is ours.
    below_hours=4.0,
)

SAFETY_RULES: Final[tuple[Rule, ...]] = (
    DoseMissed(
        name="dose_missed",
        title=Text("Dos inte tagen", "Dose missed"),
        severity=Severity.HIGH,
        safety=True,
        audience=Audience.CARE,
        event="dose_missed",
        settled_by=("dose_taken", "staff_override", "absence_started"),
        # Four hours: the usual gap between doses. An older miss, told by a machine that was out of reach, never rings
        # as new, because by then the next dose is due and a call about the last one invites a double dose. Until it was
        # heard again, the silence alarm rang.
        fresh_seconds=4 * 3600,
    ),
    # Offline across its due time: nobody knows whether it was taken. Told later than a miss, sooner than a fault of the
    # machine (domain 4.5); MED-NET-02 is its name in the catalogue.
    DoseUnknown(
        name="dose_unknown",
        title=Text("Okänt om dosen togs", "Not known whether the dose was taken"),
        severity=Severity.HIGH,
        safety=True,
        audience=Audience.CARE,
    ),
    # After a hospital stay the roll in the machine may be the wrong one (domain 4.5).
    RollUnverified(
        name="roll_unverified",
        title=Text("Kontrollera rullen efter frånvaron", "Verify the roll after the absence"),
        severity=Severity.HIGH,
        safety=True,
        audience=Audience.CARE,
    ),
    # The native message of machines that send a fault where ours send an event; about a dose of the schedule it is that
    # machine's word, and `dose_missed` rings.
    DoseReported(
        name="dose_missed_reported",
        title=Text("Dos inte tagen, enligt automaten", "Dose missed, as the machine reports"),
        severity=Severity.HIGH,
        safety=True,
        audience=Audience.CARE,
        faults=("MED-DOS-01",),
    ),
    FaultActive(
        name="help_wanted",
        title=Text("Brukaren har bett om hjälp", "The user asks for help"),
        severity=Severity.CRITICAL,
        safety=True,
        audience=Audience.CARE,
        faults=("MED-USR-01",),
    ),
    FaultActive(
        name="jam",
        title=Text("Automaten har kört fast", "Dispenser jammed"),
        severity=Severity.CRITICAL,
        safety=True,
        audience=Audience.CARE,
        faults=("MED-MEC-01",),
    ),
    FaultActive(
        name="out_of_step",
        title=Text("Nästa fack kan vara fel dos", "The next cup may be the wrong dose"),
        severity=Severity.CRITICAL,
        safety=True,
        audience=Audience.CARE,
        faults=("MED-MEC-02",),
    ),
    FaultActive(
        name="wrong_roll",
        title=Text("Fel rulle eller fel ordning", "Wrong roll or wrong order"),
        severity=Severity.CRITICAL,
        safety=True,
        audience=Audience.CARE,
        faults=("MED-RD-02", "MED-RD-03"),
    ),
    FaultActive(
        name="empty",
        title=Text("Automaten är tom", "Dispenser empty"),
        severity=Severity.CRITICAL,
        safety=True,
        audience=Audience.CARE,
        faults=("MED-INV-02",),
    ),
    AnyOf(
        name="schedule_or_clock_lost",
        title=Text("Schemat eller klockan stämmer inte", "Schedule or clock wrong"),
        severity=Severity.CRITICAL,
        safety=True,
        audience=Audience.CARE,
        parts=(
            FaultActive(
                name="reported",
                title=Text("Enligt automaten", "As the machine says"),
                severity=Severity.CRITICAL,
                faults=("MED-CFG-01", "MED-CFG-02"),
            ),
            OtherSchedule(
                name="other_version",
                title=Text("Automaten följer ett annat schema", "The machine follows another schedule"),
                severity=Severity.CRITICAL,
                metric="schedule.version",
            ),
        ),
    ),
    FaultActive(
        name="dose_not_delivered",
        title=Text("Automaten kan inte lämna dosen", "The dispenser cannot deliver the dose"),
        severity=Severity.HIGH,
        safety=True,
        audience=Audience.CARE,
        faults=("MED-MEC-03", "MED-MEC-04", "MED-RD-01", "MED-SYS-01"),
    ),
    AnyOf(
        name="power_ending",
        title=Text("Automaten stannar snart, batteriet är slut", "The dispenser will stop soon, battery empty"),
        severity=Severity.HIGH,
        safety=True,
        audience=Audience.CARE,
        parts=(
            FaultActive(
                name="reported",
                title=Text("Enligt automaten", "As the machine says"),
                severity=Severity.HIGH,
                faults=("MED-PWR-02",),
            ),
            POWER,
        ),
    ),
    # Two ways to be out of sight: nothing comes at all, or a gateway lives on beside a machine it no longer hears.
    Silence(
        name="silent",
        title=Text("Automaten hör inte av sig", "Dispenser silent"),
        severity=Severity.HIGH,
        safety=True,
        audience=Audience.CARE,
        # Three heartbeats (reliability G10: EN grade 4 asks for 3 minutes).
        after_seconds=180,
        # A mast that fails takes hundreds with it: they are told as one, with a list. The dose that comes due meanwhile
        # still rings for itself.
        gathered=Gathered.CONTACT,
        adjust={"after_seconds": (120, 900)},
    ),
    FaultActive(
        name="link_lost",
        title=Text("Gatewayen får inte kontakt med automaten", "Gateway does not hear the dispenser"),
        severity=Severity.HIGH,
        safety=True,
        audience=Audience.CARE,
        faults=("MED-NET-03",),
    ),
)

SERVICE_RULES: Final[tuple[Rule, ...]] = (
    FaultActive(
        name="handling",
        title=Text("Automaten har öppnats, flyttats eller vält", "Dispenser opened, moved or tipped over"),
        severity=Severity.HIGH,
        audience=Audience.CARE,
        faults=("MED-SEC-01", "MED-SEC-02"),
    ),
    FaultActive(
        name="refill_soon",
        title=Text("Dags att fylla på", "Refill soon"),
        severity=Severity.WARNING,
        audience=Audience.CARE,
        faults=("MED-INV-01",),
        inhibited_by=("empty",),
    ),
    Repeated(
        name="doses_missed_often",
        title=Text("Flera doser inte tagna på en vecka", "Several doses missed within a week"),
        severity=Severity.WARNING,
        audience=Audience.CARE,
        event="dose_missed",
        # Three in seven days: the nurse reassesses (domain 4.4, MED-DOS-02).
        times=3,
        within_seconds=7 * 86_400,
    ),
    FaultActive(
        name="bin_full",
        title=Text("Facket för missade doser är fullt", "Missed-dose bin full"),
        severity=Severity.HIGH,
        audience=Audience.CARE,
        faults=("MED-INV-03",),
    ),
    # Backup lasts for hours (18 on one model, S56), so a lost plug is a warning until the battery itself is low.
    FaultActive(
        name="mains_lost",
        title=Text("Nätströmmen är borta", "Mains lost"),
        severity=Severity.WARNING,
        # A minute: long enough to see that a whole area is without power.
        hold_seconds=60,
        faults=("MED-PWR-01",),
        inhibited_by=("power_ending",),
        gathered=Gathered.POWER,
    ),
    Threshold(
        name="battery_low",
        title=Text("Lågt batteri", "Battery low"),
        severity=Severity.WARNING,
        metric="battery.level",
        below=20.0,
        clear_at=30.0,
        inhibited_by=("power_ending",),
        adjust={"below": (10.0, 30.0)},
    ),
    FaultActive(
        name="battery_worn",
        title=Text("Reservbatteriet är slitet", "Backup battery worn"),
        severity=Severity.WARNING,
        faults=("MED-PWR-03",),
    ),
)

USAGE: Final = UsageDefinition(
    measures=(
        Measure(
            name="doses_taken",
            title=Text("Tagna doser", "Doses taken"),
            unit="{count}",
            gather=Gather.COUNT,
            event="dose_taken",
        ),
        # Evidence only: a refill is not use, but "no dose and no refill for a whole roll" is what a return rests on.
        Measure(
            name="refills",
            title=Text("Påfyllningar", "Refills"),
            unit="{count}",
            gather=Gather.COUNT,
            event="refill_completed",
        ),
    ),
    used_when=(AtLeast("doses_taken", 1.0),),
    reason=Text(
        "Dagen är använd när minst en dos togs, av brukaren eller med personalens hjälp. Påfyllning räknas inte.",
        "A day is used when at least one dose was taken, by the user or with help of staff. A refill does not count.",
    ),
)

IDLE_POLICIES: Final = (
    IdlePolicy(
        name="default",
        # Three days without a dose is a matter of care first (domain 4.5); the case for the depot comes after one roll.
        note_days=3,
        contact_days=3,
        propose_days=14,
        # The first roll (S47: one or two weeks). A longer grace would hide the three days that care must hear of.
        training_days=14,
        # A heartbeat a minute: a day without any data is a machine out of reach, and says nothing about use.
        silent_after_days=1,
        source="domain 4.5",
    ),
)

PROFILE: Final = DeviceProfile(
    name="dispenser",
    title=Text("Läkemedelsautomat", "Medication dispenser"),
    metrics=METRICS,
    events=EVENTS,
    faults=(*DOSE_FAULTS, *UPKEEP_FAULTS),
    commands=COMMANDS,
    rules=(*SAFETY_RULES, *SERVICE_RULES),
    usage=USAGE,
    idle_policies=IDLE_POLICIES,
    models=MODELS,
    operating_states=STATES,
    states_told=STATES_TOLD,
    subsystems=(
        Subsystem(name="mechanics", title=Text("Mekanik", "Mechanics"), areas=("MEC", "INV")),
        Subsystem(name="sensors", title=Text("Läsare och givare", "Reader and sensors"), areas=("RD", "DOS", "USR")),
        Subsystem(name="power", title=Text("Ström och reservbatteri", "Power and backup battery"), areas=("PWR",)),
        Subsystem(name="network", title=Text("Nät", "Network"), areas=("NET",)),
        Subsystem(name="electronics", title=Text("Elektronik", "Electronics"), areas=("SYS", "CFG", "SEC")),
    ),
)
