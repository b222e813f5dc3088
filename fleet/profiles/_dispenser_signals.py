"""What a medication dispenser measures and reports, and who may see it.

Figures and events of single doses are for care; what keeps the machine running is technical. No metric, event or text
names a medicine: metrics are numbers and flags and cannot carry one, and a dose is known by its place in the schedule
(domain 4.1: the machine reads name and personal number off each pouch, and this platform must never receive them).

The firmware version, which domain 4.3 lists among the metrics, is a text and travels in the birth message.
"""

from typing import Final

from fleet.signals import Audience, Basis, Event, Kind, Metric
from fleet.text import Text

# Careousel alone can be set to 28 alarms a day (S57); the 8 of domain 4.3 are what is usual. A day of twelve doses is
# rare and must not end in quarantine.
_MOST_DOSES: Final = 28
_DAILY: Final = 86_400
_HOURLY: Final = 3600
_HEARTBEAT: Final = 60

DOSE_METRICS: Final = (
    Metric(
        key="doses.scheduled",
        unit="{count}",
        low=0,
        high=_MOST_DOSES,
        kind=Kind.COUNT,
        cadence_seconds=_DAILY,
        audience=Audience.CARE,
        title=Text("Planerade doser i dag", "Doses scheduled today"),
        basis=Basis.VERIFIED,
        source="domain 4.3, 4.2 (S57)",
    ),
    Metric(
        key="doses.taken",
        unit="{count}",
        low=0,
        high=_MOST_DOSES,
        kind=Kind.COUNT,
        audience=Audience.CARE,
        title=Text("Tagna doser i dag", "Doses taken today"),
        code="MDC 8532992",  # the number is computed, domain 4.3
        source="domain 4.3",
    ),
    Metric(
        key="doses.missed",
        unit="{count}",
        low=0,
        high=_MOST_DOSES,
        kind=Kind.COUNT,
        audience=Audience.CARE,
        title=Text("Missade doser i dag", "Doses missed today"),
        code="DOSAGE_MISSED",  # a status bit of the dosage sensor in IEEE 11073-10471, domain 6.3
        basis=Basis.VERIFIED,
        source="domain 4.3, 6.3 (S44), 4.2 (S55)",
    ),
    Metric(
        key="doses.early",
        unit="{count}",
        low=0,
        high=_MOST_DOSES,
        kind=Kind.COUNT,
        audience=Audience.CARE,
        title=Text("Doser tagna i förväg i dag", "Doses taken early today"),
        basis=Basis.VERIFIED,
        source="domain 4.3, 4.2 (S55)",
    ),
    Metric(
        key="dose.delay",
        unit="min",
        low=-300,
        high=300,
        audience=Audience.CARE,
        title=Text("Tid från planerad till tagen dos", "Time from due to taken"),
        basis=Basis.VERIFIED,
        source="domain 4.3, 4.2 (S57-S59: windows of at most five hours either way)",
    ),
    # 14 days (4.1) of 8 doses (4.3) on a roll; domain 4.3 itself stops at 60.
    Metric(
        key="magazine.doses_left",
        unit="{count}",
        low=0,
        high=112,
        kind=Kind.COUNT,
        audience=Audience.CARE,
        title=Text("Doser kvar", "Doses left"),
        source="domain 4.3, 4.1, widened",
    ),
    # Domain 4.3 says 14, for rolls. A tray of 28 lasts four weeks at one dose a day (S57), and the maker of the Philips
    # machine speaks of up to 40 days.
    Metric(
        key="magazine.days_left",
        unit="d",
        low=0,
        high=40,
        cadence_seconds=_DAILY,
        audience=Audience.CARE,
        title=Text("Dagar kvar", "Days left"),
        source="domain 4.3, 4.2 (S57), widened",
    ),
    Metric(
        key="missed_bin.count",
        unit="{count}",
        low=0,
        high=12,
        kind=Kind.COUNT,
        audience=Audience.CARE,
        title=Text("Doser i facket för missade", "Doses in the missed-dose bin"),
        source="domain 4.3",
    ),
)

MACHINE_METRICS: Final = (
    Metric(
        key="battery.level",
        unit="%",
        low=0,
        high=100,
        cadence_seconds=_HOURLY,
        title=Text("Batterinivå", "Battery level"),
        source="domain 4.3",
    ),
    Metric(
        key="mains.present",
        unit="1",
        low=0,
        high=1,
        kind=Kind.FLAG,
        cadence_seconds=_HOURLY,
        title=Text("Nätström finns", "Mains present"),
        source="domain 4.3",
    ),
    # Half an hour in domain 4.3. A lid left open since yesterday is the very thing to know.
    Metric(
        key="lid.open_time",
        unit="s",
        low=0,
        high=_DAILY,
        title=Text("Tid med öppet lock", "Time with the lid open"),
        source="domain 4.3, widened",
    ),
    # The heartbeat: every message proves that somebody could tell of a missed dose, so one goes out every minute and
    # three minutes without any is an alarm (reliability G10; EN grade 4: 3 min). Signal strength is its cheapest load.
    Metric(
        key="network.rssi",
        unit="1",
        low=-130,
        high=-20,
        cadence_seconds=_HEARTBEAT,
        title=Text("Signalstyrka", "Signal strength"),
        source="domain 4.3, reliability G10",
    ),
    Metric(
        key="network.uptime",
        unit="%",
        low=0,
        high=100,
        cadence_seconds=_HOURLY,
        title=Text("Andel tid med kontakt", "Share of time connected"),
        source="domain 4.3",
    ),
    Metric(
        key="schedule.version",
        unit="{count}",
        low=0,
        high=1_000_000,
        kind=Kind.COUNT,
        title=Text("Schemats löpnummer", "Schedule revision"),
        source="domain 4.3; a running number, the text of a schedule never travels",
    ),
)

METRICS: Final = (*DOSE_METRICS, *MACHINE_METRICS)

DOSE_EVENTS: Final = tuple(
    Event(name=name, title=title, audience=Audience.CARE, basis=basis)
    for name, title, basis in (
        ("dose_due", Text("Dos ska tas", "Dose due"), Basis.VERIFIED),
        ("dose_presented", Text("Dos framlagd", "Dose presented"), Basis.VERIFIED),
        ("dose_taken", Text("Dos tagen", "Dose taken"), Basis.VERIFIED),
        ("dose_missed", Text("Dos inte tagen", "Dose missed"), Basis.VERIFIED),
        ("dose_early_release", Text("Dos given i förväg", "Dose given early"), Basis.VERIFIED),
        ("dose_locked_away", Text("Missad dos inlåst", "Missed dose locked away"), Basis.VERIFIED),
        ("bin_full", Text("Facket för missade doser fullt", "Missed-dose bin full"), Basis.ASSUMED),
        ("refill_started", Text("Påfyllning påbörjad", "Refill started"), Basis.ASSUMED),
        ("refill_completed", Text("Påfyllning klar", "Refill completed"), Basis.ASSUMED),
        ("wrong_roll_rejected", Text("Fel rulle avvisad", "Wrong roll rejected"), Basis.VERIFIED),
        ("schedule_changed", Text("Schemat ändrat", "Schedule changed"), Basis.ASSUMED),
        ("absence_started", Text("Frånvaro börjar", "Absence started"), Basis.ASSUMED),
        ("absence_ended", Text("Frånvaro slut", "Absence ended"), Basis.ASSUMED),
        ("message_sent", Text("Meddelande visat", "Message shown"), Basis.VERIFIED),
        ("message_answered", Text("Meddelande besvarat", "Message answered"), Basis.VERIFIED),
        ("staff_override", Text("Personal tog över dosen", "Staff took over the dose"), Basis.ASSUMED),
    )
)
MACHINE_EVENTS: Final = (
    Event(name="lid_opened", title=Text("Locket öppnat", "Lid opened")),
    Event(name="lid_closed", title=Text("Locket stängt", "Lid closed")),
    Event(name="tamper", title=Text("Manipulation", "Tampering")),
    Event(name="mains_lost", title=Text("Nätströmmen borta", "Mains lost"), basis=Basis.VERIFIED),
    Event(name="mains_restored", title=Text("Nätströmmen tillbaka", "Mains restored")),
    Event(name="battery_low", title=Text("Lågt batteri", "Battery low"), basis=Basis.VERIFIED),
    Event(name="offline", title=Text("Automaten tappade kontakten", "Dispenser lost contact")),
    Event(name="online", title=Text("Automaten har kontakt", "Dispenser has contact")),
)
EVENTS: Final = (*DOSE_EVENTS, *MACHINE_EVENTS)
