"""Device class: digital scale for self-monitoring at home, with the hub that carries its readings (domain 5).

Weight, fat and impedance belong to the clinic: a technician sees whether the scale works, never what it shows (7).
The hub sends a reading only for the person it is set up for and only once it is stable; demo frames never leave it.
"""

from typing import Final

from fleet.commands import Command, Level, Parameter, Permission, stage_update
from fleet.faults import Severity
from fleet.models import Conversion, DeviceModel
from fleet.profile import DeviceProfile
from fleet.profiles._scale_faults import FAULTS
from fleet.rules import Expected, FaultActive, Rule, Silence, Threshold
from fleet.self_test import Subsystem
from fleet.signals import Audience, Basis, Event, Kind, Metric
from fleet.text import Text
from fleet.usage import AtLeast, Gather, IdlePolicy, Measure, UsageDefinition

HOUR: Final = 3_600
DAY: Final = 24 * HOUR

METRICS: Final = (
    Metric(key="body.weight", unit="kg", title=Text("Vikt", "Weight"), low=20, high=300, audience=Audience.CLINICAL,
           code="LOINC 29463-7", basis=Basis.VERIFIED, source="domain 5.3, S80"),
    Metric(key="body.bmi", unit="kg/m2", title=Text("Kroppsmasseindex (BMI)", "Body mass index"), low=10, high=80,
           audience=Audience.CLINICAL, code="LOINC 39156-5", basis=Basis.VERIFIED, source="domain 5.3, S80"),
    Metric(key="body.fat", unit="%", title=Text("Andel kroppsfett", "Body fat"), low=2, high=60,
           audience=Audience.CLINICAL, code="LOINC 41982-0", basis=Basis.VERIFIED, source="domain 5.3, S80"),
    Metric(key="body.impedance", unit="Ohm", title=Text("Elektriskt motstånd i kroppen", "Body impedance"), low=200,
           high=1_500, audience=Audience.CLINICAL, source="domain 5.3"),
    Metric(key="battery.level", unit="%", title=Text("Batterinivå", "Battery level"), low=0, high=100,
           cadence_seconds=DAY, basis=Basis.VERIFIED, source="domain 5.3, Bluetooth 0x2A19: other values are reserved"),
    Metric(key="gateway.rssi", unit="1", title=Text("Radiosignal (dBm)", "Radio signal (dBm)"), low=-110, high=-20,
           cadence_seconds=DAY, source="domain 5.3, widened"),
    Metric(key="memory.stored", unit="{count}", title=Text("Mätningar kvar i vågen", "Readings still in the scale"),
           low=0, high=200, kind=Kind.COUNT, cadence_seconds=DAY, source="assumed"),
)  # fmt: skip

EVENTS: Final = (
    Event(name="measurement", title=Text("En mätning gjordes", "A measurement was made")),
    Event(name="measurement_failed", title=Text("En mätning misslyckades", "A measurement failed")),
    Event(name="unstable_dropped", title=Text("Ostabilt värde kastades", "Unstable reading dropped")),
    Event(
        name="user_ambiguous",
        title=Text("Oklart vem som vägde sig", "Unclear who was weighed"),
        audience=Audience.CLINICAL,
    ),
    Event(name="paired", title=Text("Vågen parades ihop", "Scale paired")),
    Event(name="unpaired", title=Text("Hopparningen togs bort", "Scale unpaired")),
    Event(name="clock_set", title=Text("Klockan ställdes", "Clock set")),
    Event(name="battery_replaced", title=Text("Batterierna byttes", "Batteries replaced")),
    Event(name="stored_readings_flushed", title=Text("Vågens minne tömdes", "Stored readings flushed")),
)

_NOT_WHILE_WEIGHING: Final = ("measuring",)

_OUR_HUB: Final = Permission(
    by=Text("vårt eget nav, inte vågens tillverkare", "our own hub, not the scale's maker"),
    basis=Basis.ASSUMED,
    source="assumed",
)

COMMANDS: Final = (
    stage_update(Text("Lägg ny programvara redo i navet", "Stage hub software"), _NOT_WHILE_WEIGHING),
    Command(
        name="self_test",
        level=Level.REVERSIBLE,
        title=Text("Kör självtest av navet", "Run the hub's self-test"),
        refused_while=_NOT_WHILE_WEIGHING,
        expires_seconds=120,
    ),
    Command(
        name="locate_beep",
        level=Level.REVERSIBLE,
        title=Text("Pip så att navet hittas", "Beep so that the hub is found"),
        parameters=(
            Parameter(name="seconds", unit="s", low=1, high=30, default=5, title=Text("Antal sekunder", "Seconds")),
        ),
        refused_while=_NOT_WHILE_WEIGHING,
        expires_seconds=30,
    ),
    Command(
        name="restart_gateway",
        level=Level.REVERSIBLE,
        title=Text("Starta om navet", "Restart the hub"),
        refused_while=_NOT_WHILE_WEIGHING,
        expires_seconds=300,
    ),
    Command(
        name="sync_clock",
        level=Level.REVERSIBLE,
        title=Text("Ställ klockan", "Sync the clock"),
        refused_while=_NOT_WHILE_WEIGHING,
        expires_seconds=DAY,
    ),
    Command(
        name="clear_fault",
        level=Level.REVERSIBLE,
        title=Text("Kvittera navets fel", "Clear the hub's faults"),
        refused_while=_NOT_WHILE_WEIGHING,
        expires_seconds=300,
    ),
    Command(
        name="set_upload_interval",
        level=Level.SETTING,
        title=Text("Ändra sändningsintervall", "Set upload interval"),
        parameters=(
            Parameter(name="minutes", unit="min", low=5, high=1_440, default=60, title=Text("Minuter", "Minutes")),
        ),
        permission=_OUR_HUB,
        refused_while=_NOT_WHILE_WEIGHING,
        expires_seconds=DAY,
    ),
    Command(
        name="set_reminder_hour",
        level=Level.SETTING,
        title=Text("Ändra klockslag för vägningspåminnelse", "Set hour of the weighing reminder"),
        parameters=(
            Parameter(name="hour", unit="h", low=5, high=22, default=7, title=Text("Klockslag (timme)", "Local hour")),
        ),
        permission=_OUR_HUB,
        refused_while=_NOT_WHILE_WEIGHING,
        expires_seconds=DAY,
    ),
)

RULES: Final[tuple[Rule, ...]] = (
    Threshold(
        name="battery_low",
        title=Text("Vågens batterier behöver bytas", "Scale batteries need replacing"),
        severity=Severity.INFO,
        metric="battery.level",
        below=15,
        clear_at=40,
        adjust={"below": (10, 30)},
    ),
    FaultActive(
        name="scale_broken",
        title=Text("Vågen är trasig", "Scale is broken"),
        severity=Severity.HIGH,
        faults=("SCL-HW-01", "SCL-HW-02"),
    ),
    # Nobody is hurt by one wrong weight, but a wrong series hides a failing heart.
    FaultActive(
        name="scale_unreliable",
        title=Text("Vågen visar kanske fel", "Scale may show wrong"),
        severity=Severity.WARNING,
        faults=("SCL-DRF-01", "SCL-MEA-02", "SCL-MEA-03", "SCL-MEA-04"),
        hold_seconds=DAY,
    ),
    FaultActive(
        name="unknown_person",
        title=Text("Okänd person har vägt sig", "Unknown person was weighed"),
        severity=Severity.INFO,
        audience=Audience.CLINICAL,
        faults=("SCL-USR-01",),
    ),
    FaultActive(
        name="not_paired",
        title=Text("Navet når inte vågen", "Hub cannot reach the scale"),
        severity=Severity.WARNING,
        faults=("SCL-BLE-01", "SCL-BLE-02"),
        hold_seconds=DAY,
    ),
    Threshold(
        name="weak_link",
        title=Text("Svag radiolänk till vågen", "Weak link to the scale"),
        severity=Severity.INFO,
        hold_seconds=3 * DAY,
        metric="gateway.rssi",
        below=-95,
        clear_at=-90,
        adjust={"below": (-105, -90)},
    ),
    # A person who stops weighing is a signal of its own, whether or not the hub is well: a drop in weighing goes with
    # later hospitalisation (domain 5.2, S78). Seven days: earlier contact (domain 5.5); one's plan may say otherwise.
    Expected(
        name="not_weighed",
        title=Text("Ingen vägning på länge", "No weighing for long"),
        severity=Severity.WARNING,
        audience=Audience.CARE,
        metric="body.weight",
        within_seconds=7 * DAY,
        hold_seconds=HOUR // 2,  # a hub that comes back first says that it lives, and then what it has stored up
        adjust={"within_seconds": (2 * DAY, 28 * DAY)},
    ),
    Silence(
        name="silent",
        title=Text("Navet hörs inte av", "Nothing heard from the hub"),
        severity=Severity.INFO,
        after_seconds=2 * DAY + HOUR,
    ),
)

USAGE: Final = UsageDefinition(
    measures=(
        Measure(
            name="weighings",
            title=Text("Vägningar", "Weighings"),
            unit="{count}",
            gather=Gather.COUNT,
            metric="body.weight",
        ),
    ),
    used_when=(AtLeast("weighings", 1),),
    reason=Text(
        "En giltig vägning av rätt person räcker. Att någon annan i hushållet väger sig räknas inte.",
        "One valid weighing of the right person is enough. Somebody else in the household does not count.",
    ),
)

# Contact after the longer of 14 days and four prescribed intervals; earlier where the care plan says daily, because a
# scale that falls silent foretells hospital (domain 5.2, S78). A model cannot know the plan: `default` is three a week.
IDLE_POLICIES: Final = (
    IdlePolicy(
        name="default", note_days=14, contact_days=14, propose_days=60, after_absence_days=21, source="domain 5.5, S77"
    ),
    IdlePolicy(
        name="daily_plan",
        note_days=7,
        contact_days=7,
        propose_days=60,
        after_absence_days=21,
        source="domain 5.5, S77 S78",
    ),
    IdlePolicy(
        name="weekly_plan",
        note_days=28,
        contact_days=28,
        propose_days=60,
        after_absence_days=21,
        source="domain 5.5, S77",
    ),
)

# Bluetooth weight: steps of 0.005 kg or 0.01 lb, and 0xFFFF for a failed measurement (domain 5.1, S70 S72).
_FAILED: Final = (65_535.0,)
_KILOGRAM_STEPS: Final = Conversion(native_unit="0.005 kg", scale=0.005, sentinels=_FAILED)
_POUND_STEPS: Final = Conversion(native_unit="0.01 lb", scale=0.004_535_923_7, sentinels=_FAILED)
_WEIGHT_ONLY: Final = frozenset({"body.bmi", "body.fat", "body.impedance"})

# Firmware is the hub's. Its first version passed the Bluetooth number on as it was; the second sends kilograms.
# ISO 9999 04 24 is not confirmed for scales (domain 10), so no code is claimed. Rents are a demo price list.
MODELS: Final = (
    DeviceModel(
        key="and-uc352ble",
        maker="A&D Medical",
        name="UC-352BLE",
        native_systems=("wss", "a-and-d", "gateway"),
        missing=_WEIGHT_ONLY,
        conversions={"body.weight": _KILOGRAM_STEPS},
        renamed={"weight_raw": "body.weight"},
        firmware_below="2.0",
        rent_sek=45,
    ),
    DeviceModel(
        key="and-uc352ble",
        maker="A&D Medical",
        name="UC-352BLE",
        native_systems=("wss", "a-and-d", "gateway"),
        missing=_WEIGHT_ONLY,
        firmware_from="2.0",
        rent_sek=45,
    ),
    DeviceModel(
        key="wss-pounds",
        maker="Flera tillverkare",
        name="Bluetooth-våg i pund",
        native_systems=("wss", "generic-display", "gateway"),
        missing=_WEIGHT_ONLY,
        conversions={"body.weight": _POUND_STEPS},
        renamed={"weight_raw": "body.weight"},
        rent_sek=35,
    ),
    DeviceModel(
        key="wss-composition",
        maker="Flera tillverkare",
        name="Bluetooth-våg med kroppssammansättning",
        native_systems=("wss", "taylor", "gateway"),
        conversions={
            "body.weight": _KILOGRAM_STEPS,
            "body.fat": Conversion(native_unit="0.1 %", scale=0.1, sentinels=_FAILED),
            "body.bmi": Conversion(native_unit="0.1 kg/m2", scale=0.1),
            "body.impedance": Conversion(native_unit="0.1 Ohm", scale=0.1),
        },
        rent_sek=60,
        idle_policy="daily_plan",
    ),
    DeviceModel(
        key="mi-body-composition-2",
        maker="Xiaomi",
        name="Mi Body Composition Scale 2",
        native_systems=("mi-scale", "gateway"),
        missing=frozenset({"body.bmi", "body.fat"}),
        conversions={"body.impedance": Conversion(native_unit="Ohm", sentinels=(0.0, 65_535.0))},
        rent_sek=40,
    ),
)

PROFILE: Final = DeviceProfile(
    name="scale",
    title=Text("Digital våg", "Digital scale"),
    metrics=METRICS,
    events=EVENTS,
    faults=FAULTS,
    commands=COMMANDS,
    rules=RULES,
    usage=USAGE,
    idle_policies=IDLE_POLICIES,
    models=MODELS,
    operating_states=("resting", "measuring"),
    subsystems=(
        Subsystem(
            name="weighing", title=Text("Vägning", "Weighing"), areas=("MEA", "DRF", "HW", "TMP", "UNT", "USR", "DUP")
        ),
        Subsystem(name="battery", title=Text("Batteri", "Battery"), areas=("BAT",), metrics=("battery.level",)),
        Subsystem(name="link", title=Text("Bluetooth och nät", "Bluetooth and network"), areas=("BLE", "NET")),
        Subsystem(name="hub", title=Text("Nav", "Hub"), areas=("CLK", "FW")),
    ),
)
