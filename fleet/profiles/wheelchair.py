"""Device class: electric wheelchair (elrullstol), scooter and assist drive, with the box that connects it (domain 2).

No public interface of a chair exposes motor current, motor temperature or joystick faults (domain 2.2); those metrics
are optional. Position is not collected at all: a chair's place is its user's place.
"""

from typing import Final

from fleet.commands import Command, Level, Parameter, Permission, stage_update
from fleet.doing import StateTold
from fleet.faults import Severity
from fleet.profile import DeviceProfile
from fleet.profiles._wheelchair_control_faults import CONTROL_FAULTS
from fleet.profiles._wheelchair_drive_faults import DRIVE_FAULTS
from fleet.profiles._wheelchair_models import MODELS
from fleet.rules import EventSeen, FaultActive, Rule, Silence, Threshold
from fleet.self_test import Subsystem
from fleet.signals import Audience, Basis, Event, Kind, Metric
from fleet.text import Text
from fleet.usage import AtLeast, Gather, IdlePolicy, Measure, UsageDefinition

MINUTE: Final = 60
BIN: Final = 30 * MINUTE
"""Drive figures come as records of 30 minutes, as on the one published interface that has them (domain 2.2, S15)."""
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
FARTHEST_IN_A_BIN: Final = 7_600
"""Metres: 30 minutes at 15 km/h, the fastest chair, and a little."""

BATTERY_METRICS: Final = (
    Metric(key="battery.voltage", unit="V", title=Text("Batterispänning", "Battery voltage"), low=14, high=34,
           cadence_seconds=MINUTE, basis=Basis.VERIFIED, source="domain 2.4, S10"),
    Metric(key="battery.soc", unit="%", title=Text("Laddningsnivå", "State of charge"), low=0, high=100,
           cadence_seconds=15 * MINUTE, source="domain 2.4"),
    Metric(key="battery.soh", unit="%", title=Text("Batterihälsa", "State of health"), low=0, high=100,
           cadence_seconds=DAY, source="domain 2.4, lower end widened: a dying battery must not end in quarantine"),
    Metric(key="battery.ah_left", unit="A.h", title=Text("Återstående laddning", "Charge left"), low=0, high=110,
           cadence_seconds=15 * MINUTE, source="domain 2.4"),
    Metric(key="battery.charging", unit="1", title=Text("Laddar", "Charging"), low=0, high=1, kind=Kind.FLAG,
           source="domain 2.4"),
    Metric(key="battery.charge_cycles", unit="{cycle}", title=Text("Laddcykler", "Charge cycles"), low=0, high=1_500,
           kind=Kind.COUNT, cadence_seconds=DAY, rising=True, source="domain 2.4"),
    Metric(key="battery.block_delta", unit="V", low=0, high=1.5, cadence_seconds=DAY, source="domain 2.4",
           title=Text("Skillnad mellan batteriblocken", "Difference between the battery blocks")),
)  # fmt: skip

DRIVE_METRICS: Final = (
    Metric(key="drive.odometer_total", unit="km", title=Text("Mätarställning", "Odometer"), low=0, high=60_000,
           cadence_seconds=HOUR, rising=True, code="MDC_HF_DISTANCE 8454247", source="domain 2.4"),
    Metric(key="drive.distance", unit="m", title=Text("Körsträcka på 30 minuter", "Distance in 30 minutes"), low=0,
           high=FARTHEST_IN_A_BIN, cadence_seconds=BIN, code="MDC_HF_DISTANCE 8454247", source="domain 2.4"),
    Metric(key="drive.time", unit="min", title=Text("Körtid på 30 minuter", "Drive time in 30 minutes"), low=0, high=30,
           cadence_seconds=BIN, code="MDC_HF_ACTIVITY_TIME", source="domain 2.4"),
    Metric(key="drive.bouts", unit="{count}", low=0, high=400, kind=Kind.COUNT, cadence_seconds=BIN,
           title=Text("Förflyttningar på minst 5 m på 30 minuter", "Bouts of at least 5 m in 30 minutes"),
           source="domain 2.4, 2.6"),
    Metric(key="drive.bout_longest", unit="m", low=0, high=FARTHEST_IN_A_BIN, cadence_seconds=BIN, source="domain 2.6",
           title=Text("Längsta förflyttning på 30 minuter", "Longest bout in 30 minutes")),
    Metric(key="drive.speed_max", unit="m/s", title=Text("Högsta fart på 30 minuter", "Top speed in 30 minutes"), low=0,
           high=4.2, cadence_seconds=BIN, code="MDC_HF_SPEED 8454254", source="domain 2.4 (15 km/h)"),
    Metric(key="motor.left.current", unit="A", title=Text("Ström i vänster motor", "Left motor current"),
           low=0, high=150, cadence_seconds=BIN, source="domain 2.4"),
    Metric(key="motor.right.current", unit="A", title=Text("Ström i höger motor", "Right motor current"),
           low=0, high=150, cadence_seconds=BIN, source="domain 2.4"),
    Metric(key="motor.left.temp", unit="Cel", title=Text("Temperatur i vänster motor", "Left motor temperature"),
           low=-30, high=160, cadence_seconds=5 * MINUTE, source="domain 2.4, widened: a burning motor must be seen"),
    Metric(key="motor.right.temp", unit="Cel", title=Text("Temperatur i höger motor", "Right motor temperature"),
           low=-30, high=160, cadence_seconds=5 * MINUTE, source="domain 2.4, widened"),
    Metric(key="controller.temp", unit="Cel", title=Text("Temperatur i styrelektroniken", "Controller temperature"),
           low=-30, high=120, cadence_seconds=5 * MINUTE, source="domain 2.4, widened"),
    Metric(key="joystick.neutral_faults", unit="{count}", low=0, high=50, kind=Kind.COUNT, cadence_seconds=DAY,
           title=Text("Starter med joysticken ur neutralläge", "Starts with the joystick out of neutral"),
           source="domain 2.4"),
)  # fmt: skip

# Where the person sits and for how long says more about the person than about the chair: clinical, not technical.
SEAT_AND_BOX_METRICS: Final = (
    Metric(key="seat.tilt_angle", unit="deg", title=Text("Sitsens lutning", "Seat tilt"), low=0, high=55,
           audience=Audience.CLINICAL, code="MDC_HF_INCLINE 8454256", source="domain 2.4"),
    Metric(key="seat.adjustments", unit="{count}", low=0, high=80, kind=Kind.COUNT, cadence_seconds=BIN,
           title=Text("Sitsjusteringar på 30 minuter", "Seat adjustments in 30 minutes"), source="domain 2.4"),
    Metric(key="seat.occupied_time", unit="min", title=Text("Tid i stolen per dygn", "Time seated a day"),
           low=0, high=1_440, cadence_seconds=DAY, audience=Audience.CLINICAL, source="domain 2.4"),
    Metric(key="environment.temp", unit="Cel", title=Text("Omgivningens temperatur", "Ambient temperature"), low=-40,
           high=60, cadence_seconds=HOUR, source="domain 2.4, widened"),
    Metric(key="gateway.rssi", unit="1", title=Text("Radiosignal (dBm)", "Radio signal (dBm)"), low=-130, high=-30,
           cadence_seconds=HOUR, source="domain 2.4"),
)  # fmt: skip

EVENTS: Final = (
    Event(name="power_on", title=Text("Stolen slogs på", "Chair switched on")),
    Event(name="power_off", title=Text("Stolen stängdes av", "Chair switched off")),
    Event(name="drive_started", title=Text("Körning började", "Driving started")),
    Event(name="drive_ended", title=Text("Körning slutade", "Driving ended")),
    Event(name="charge_started", title=Text("Laddning började", "Charging started")),
    Event(name="charge_ended", title=Text("Laddning avbröts", "Charging ended")),
    Event(name="charge_complete", title=Text("Fulladdad", "Fully charged")),
    Event(name="charger_unplugged_early", title=Text("Laddaren drogs ur i förtid", "Charger unplugged early")),
    Event(name="seat_moved", title=Text("Sitsen ställdes om", "Seat moved")),
    Event(name="speed_inhibit_on", title=Text("Farten begränsas", "Speed limited")),
    Event(name="speed_inhibit_off", title=Text("Farten begränsas inte längre", "Speed no longer limited")),
    Event(name="tip_or_impact", title=Text("Stolen välte eller fick en smäll", "Chair tipped or was hit")),
    Event(name="consent_activated", title=Text("Brukaren samtyckte", "User consented")),
    Event(name="consent_withdrawn", title=Text("Brukaren tog tillbaka samtycket", "User withdrew consent")),
    Event(name="technician_mode", title=Text("Servicekörning", "Technician mode")),
    Event(name="module_replaced", title=Text("En modul byttes", "Module replaced")),
    Event(name="odometer_reset", title=Text("Mätarställningen nollställdes", "Odometer reset")),
)

_AT_REST_ONLY: Final = ("driving", "seat_moving")

_OUR_BOX: Final = Permission(
    by=Text("vår egen kommunikationsenhet, inte stolens tillverkare", "our own gateway, not the maker's controller"),
    basis=Basis.ASSUMED,
    source="assumed: programming of the controller itself needs the maker's key on site (anchors 1.7)",
)

COMMANDS: Final = (
    stage_update(Text("Lägg ny programvara redo i kommunikationsenheten", "Stage gateway software"), _AT_REST_ONLY),
    Command(
        name="self_test",
        level=Level.REVERSIBLE,
        title=Text("Kör självtest", "Run self-test"),
        refused_while=_AT_REST_ONLY,
        expires_seconds=120,
    ),
    Command(
        name="locate_beep",
        level=Level.REVERSIBLE,
        title=Text("Pip så att stolen hittas", "Beep so that the chair is found"),
        parameters=(
            Parameter(name="seconds", unit="s", low=1, high=30, default=5, title=Text("Antal sekunder", "Seconds")),
        ),
        refused_while=_AT_REST_ONLY,
        expires_seconds=30,
    ),
    Command(
        name="restart_gateway",
        level=Level.REVERSIBLE,
        title=Text("Starta om kommunikationsenheten", "Restart the gateway"),
        refused_while=_AT_REST_ONLY,
        expires_seconds=300,
    ),
    Command(
        name="sync_clock",
        level=Level.REVERSIBLE,
        title=Text("Ställ klockan", "Sync the clock"),
        refused_while=("driving",),
        expires_seconds=DAY,
    ),
    Command(
        name="clear_fault",
        level=Level.REVERSIBLE,
        title=Text("Kvittera kommunikationsenhetens fel", "Clear the gateway's faults"),
        refused_while=_AT_REST_ONLY,
        expires_seconds=300,
    ),
    Command(
        name="set_upload_interval",
        level=Level.SETTING,
        title=Text("Ändra sändningsintervall", "Set upload interval"),
        parameters=(
            Parameter(name="minutes", unit="min", low=5, high=1_440, default=30, title=Text("Minuter", "Minutes")),
        ),
        permission=_OUR_BOX,
        refused_while=_AT_REST_ONLY,
        expires_seconds=DAY,
    ),
    Command(
        name="set_charge_reminder_hour",
        level=Level.SETTING,
        title=Text("Ändra klockslag för laddpåminnelse", "Set hour of the charging reminder"),
        parameters=(
            Parameter(
                name="hour", unit="h", low=15, high=23, default=20, title=Text("Klockslag (timme)", "Local hour")
            ),
        ),
        permission=_OUR_BOX,
        refused_while=_AT_REST_ONLY,
        expires_seconds=DAY,
    ),
)

_NO_DRIVE: Final = (
    "WC-MOT-01",
    "WC-MOT-02",
    "WC-MOT-03",
    "WC-MOT-04",
    "WC-MOT-07",
    "WC-MOT-08",
    "WC-MOT-09",
    "WC-MOT-10",
)
_NO_CONTROL: Final = ("WC-COM-01", "WC-COM-03", "WC-CTL-01", "WC-CTL-05", "WC-INP-01", "WC-SEA-03")
_WEAKENED: Final = (
    "WC-MOT-05",
    "WC-MOT-06",
    "WC-TMP-01",
    "WC-COM-02",
    "WC-COM-04",
    "WC-SEA-01",
    "WC-SEA-02",
    "WC-INP-02",
)

RULES: Final[tuple[Rule, ...]] = (
    FaultActive(
        name="brake_fault",
        title=Text("Parkeringsbromsen är inte säker", "Parking brake is not safe"),
        severity=Severity.CRITICAL,
        safety=True,
        faults=("WC-BRK-01", "WC-BRK-02", "WC-BRK-03"),
    ),
    FaultActive(
        name="joystick_fault",
        title=Text("Joysticken är inte säker", "Joystick is not safe"),
        severity=Severity.CRITICAL,
        safety=True,
        faults=("WC-JOY-01",),
    ),
    FaultActive(
        name="drive_fault",
        title=Text("Stolen går inte att köra", "Chair cannot be driven"),
        severity=Severity.HIGH,
        faults=(*_NO_DRIVE, *_NO_CONTROL),
    ),
    FaultActive(
        name="drive_weakened",
        title=Text("Stolen fungerar sämre", "Chair works less well"),
        severity=Severity.WARNING,
        hold_seconds=10 * MINUTE,
        faults=_WEAKENED,
    ),
    FaultActive(
        name="battery_fault",
        title=Text("Batteriet stoppar stolen", "Battery stops the chair"),
        severity=Severity.HIGH,
        faults=("WC-BAT-01", "WC-BAT-02", "WC-BAT-05"),
    ),
    Threshold(
        name="battery_low",
        title=Text("Batteriet behöver laddas", "Battery needs charging"),
        severity=Severity.WARNING,
        hold_seconds=15 * MINUTE,
        metric="battery.soc",
        below=20,
        clear_at=40,
        adjust={"below": (10, 35)},
    ),
    # Under 22 V: recharge or replace (domain 2.3, S30). Held, because the voltage dips on every climb.
    Threshold(
        name="battery_voltage_low",
        title=Text("Batterispänningen är låg", "Battery voltage is low"),
        severity=Severity.HIGH,
        hold_seconds=15 * MINUTE,
        metric="battery.voltage",
        below=22,
        clear_at=24,
        adjust={"below": (21, 23.5)},
    ),
    Threshold(
        name="battery_worn",
        title=Text("Batteriet är slitet", "Battery is worn"),
        severity=Severity.WARNING,
        hold_seconds=DAY,
        metric="battery.soh",
        below=60,
        clear_at=65,
        adjust={"below": (50, 65)},
    ),
    Threshold(
        name="blocks_unequal",
        title=Text("Batteriblocken är olika", "Battery blocks unequal"),
        severity=Severity.WARNING,
        hold_seconds=DAY,
        metric="battery.block_delta",
        above=0.5,
        clear_at=0.3,
    ),
    Threshold(
        name="left_motor_hot",
        title=Text("Vänster motor är för varm", "Left motor is too hot"),
        severity=Severity.HIGH,
        hold_seconds=MINUTE,
        metric="motor.left.temp",
        above=100,
        clear_at=85,
    ),
    Threshold(
        name="right_motor_hot",
        title=Text("Höger motor är för varm", "Right motor is too hot"),
        severity=Severity.HIGH,
        hold_seconds=MINUTE,
        metric="motor.right.temp",
        above=100,
        clear_at=85,
    ),
    # Regions ask for a charging room of at least +5 degrees (domain 2.6, S24); long cold is bad storage, not a fault.
    Threshold(
        name="stored_cold",
        title=Text("Stolen står för kallt", "Chair is stored too cold"),
        severity=Severity.INFO,
        hold_seconds=12 * HOUR,
        metric="environment.temp",
        below=5,
        clear_at=7,
        adjust={"below": (0, 7)},
    ),
    EventSeen(
        name="tipped",
        title=Text("Stolen har vält eller fått en smäll", "Chair has tipped or was hit"),
        severity=Severity.HIGH,
        # Somebody may lie under it: whoever is nearest must know, and the technician can do nothing.
        safety=True,
        audience=Audience.CARE,
        event="tip_or_impact",
        settled_by=("drive_started", "power_on"),
    ),
    # A sleeping chair speaks once a day (domain 2.4); two missed days are worth a note.
    Silence(
        name="silent",
        title=Text("Stolen hörs inte av", "Nothing heard from the chair"),
        severity=Severity.INFO,
        after_seconds=2 * DAY + HOUR,
    ),
)

USAGE: Final = UsageDefinition(
    measures=(
        Measure(name="drive_minutes", title=Text("Körtid", "Drive time"), unit="min", gather=Gather.SUM,
                metric="drive.time"),
        Measure(name="drive_bouts", title=Text("Förflyttningar", "Bouts"), unit="{count}", gather=Gather.SUM,
                metric="drive.bouts"),
        Measure(name="longest_bout", title=Text("Längsta förflyttning", "Longest bout"), unit="m",
                gather=Gather.MAXIMUM, metric="drive.bout_longest"),
        Measure(name="distance", title=Text("Körsträcka", "Distance"), unit="m", gather=Gather.SUM,
                metric="drive.distance"),
        Measure(name="charges", title=Text("Laddningar", "Charges"), unit="{count}", gather=Gather.COUNT,
                event="charge_started"),
        Measure(name="seat_adjustments", title=Text("Sitsjusteringar", "Seat adjustments"), unit="{count}",
                gather=Gather.SUM, metric="seat.adjustments"),
    ),
    used_when=(AtLeast("longest_bout", 20), AtLeast("drive_bouts", 3), AtLeast("drive_minutes", 1)),
    reason=Text(
        "Hälften av alla förflyttningar är kortare än 8 m, så en enda knuff räknas inte. Laddning visar att stolen"
        " finns, inte att den används. Servicekörning räknas inte.",
        "Half of all bouts are shorter than 8 m, so one push by a relative does not count. Charging shows that the"
        " chair is there, not that it is used. Driving in technician mode does not count.",
    ),
)  # fmt: skip

_WINTER: Final = frozenset({11, 12, 1, 2, 3})
IDLE_POLICIES: Final = (
    IdlePolicy(name="indoor", note_days=7, contact_days=14, propose_days=30, source="domain 2.6, S23"),
    IdlePolicy(name="outdoor", note_days=21, contact_days=42, propose_days=60, quiet_months=_WINTER,
               quiet_propose_days=120, source="domain 2.6, S23"),
    IdlePolicy(name="assist", note_days=14, contact_days=28, propose_days=45, source="domain 2.6, S24"),
)  # fmt: skip

PROFILE: Final = DeviceProfile(
    name="wheelchair",
    title=Text("Elrullstol", "Electric wheelchair"),
    metrics=(*BATTERY_METRICS, *DRIVE_METRICS, *SEAT_AND_BOX_METRICS),
    events=EVENTS,
    faults=(*DRIVE_FAULTS, *CONTROL_FAULTS),
    commands=COMMANDS,
    rules=RULES,
    usage=USAGE,
    idle_policies=IDLE_POLICIES,
    models=MODELS,
    operating_states=("resting", "driving", "seat_moving", "charging"),
    states_told=(
        StateTold(state="driving", begins=("drive_started",), ends=("drive_ended", "power_off", "charge_started")),
        StateTold(
            state="charging",
            begins=("charge_started",),
            ends=("charge_ended", "charge_complete", "charger_unplugged_early", "drive_started"),
        ),
    ),
    subsystems=(
        Subsystem(
            name="battery",
            title=Text("Batteri och laddning", "Battery and charging"),
            areas=("BAT", "CHG"),
            metrics=("battery.voltage", "battery.soc"),
        ),
        Subsystem(
            name="drive",
            title=Text("Motorer och bromsar", "Motors and brakes"),
            areas=("MOT", "BRK", "TMP"),
            metrics=("motor.left.current", "motor.right.current"),
        ),
        Subsystem(name="control", title=Text("Styrning och buss", "Control and bus"), areas=("CTL", "COM", "SRV")),
        Subsystem(name="input", title=Text("Joystick och manöverdon", "Joystick and inputs"), areas=("JOY", "INP")),
        Subsystem(name="seat", title=Text("Sits", "Seat"), areas=("SEA",)),
        Subsystem(name="gateway", title=Text("Kommunikationsenhet", "Gateway"), areas=("GW",)),
    ),
)
