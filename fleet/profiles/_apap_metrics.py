"""What an APAP unit measures: nightly figures from noon to noon, and who may see each of them.

Who sees what (domain 7: the technician never sees AHI, weight or dose names):

- *Technical* is what somebody needs who services machine, mask and hose, or who judges whether a rented machine is
  used: minutes of therapy (without them nobody could tell an idle machine from a silent one), running time, humidifier,
  tube, and leak. Leak is a fact about the fit of mask, hose and water tub, and the first thing a technician mends; it
  says nothing about apneas.
- *Clinical* is what describes the person: indices, breathing, oxygen, how often the mask came off, and the pressures,
  because set pressures are the prescription and the pressures an automatic machine settles at are the answer of the
  airway to it.
- `pressure.max` alone is technical: a machine beyond 30 cmH2O is a broken machine (PAP-PRS-01), and its technician must
  see that.

Standard codes are the MDC numbers on which two independent tables agree (domain 3.3). For pressure and leak the tables
differ, one number even means the set pressure of another therapy, so those metrics claim no code until somebody has
pinned one.
"""

from typing import Final

from fleet.signals import Audience, Basis, Kind, Metric
from fleet.text import Text

_NIGHTLY: Final = 86_400
_CARD: Final = "domain 3.3, 3.6; STR headers S31, S32"

TIME_METRICS: Final = (
    Metric(
        key="therapy.usage",
        unit="min",
        low=0,
        high=1440,
        cadence_seconds=_NIGHTLY,
        title=Text("Behandlingstid", "Therapy time"),
        code="MDC 8410712",
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="therapy.flowgen_time",
        unit="min",
        low=0,
        high=1440,
        cadence_seconds=_NIGHTLY,
        title=Text("Fläktens gångtid", "Blower running time"),
        code="MDC 8410708",
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="therapy.usage_with_humidifier",
        unit="min",
        low=0,
        high=1440,
        cadence_seconds=_NIGHTLY,
        title=Text("Behandlingstid med befuktare", "Therapy time with humidifier"),
        audience=Audience.CLINICAL,
        code="MDC 8410716",
        basis=Basis.VERIFIED,
        source="domain 3.3",
    ),
    # 3.3 says 0-10, the number of on/off slots on AirSense 10; the real AirSense 11 header has 20, and both machines
    # count on and off together in one byte (MaskEvents 0-255), so a restless night reaches 127.
    Metric(
        key="therapy.sessions",
        unit="{count}",
        low=0,
        high=127,
        kind=Kind.COUNT,
        cadence_seconds=_NIGHTLY,
        title=Text("Antal pass med mask på", "Sessions with the mask on"),
        audience=Audience.CLINICAL,
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="device.lifetime_hours",
        unit="h",
        low=0,
        high=40_000,
        cadence_seconds=_NIGHTLY,
        rising=True,
        title=Text("Drifttimmar totalt", "Total hours run"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
)

BREATHING_METRICS: Final = (
    Metric(
        key="therapy.ahi",
        unit="/h",
        low=0,
        high=120,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("AHI", "AHI"),
        code="MDC 8410788",
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="therapy.ahi_obstructive",
        unit="/h",
        low=0,
        high=120,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("Obstruktiva apnéer per timme", "Obstructive apneas per hour"),
        code="MDC 8410800",
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="therapy.ahi_central",
        unit="/h",
        low=0,
        high=120,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("Centrala apnéer per timme", "Central apneas per hour"),
        code="MDC 8410804",
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="therapy.ahi_unclassified",
        unit="/h",
        low=0,
        high=120,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("Oklassade apnéer per timme", "Unclassified apneas per hour"),
        code="MDC 8410796",
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="therapy.csr_time",
        unit="min",
        low=0,
        high=1440,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("Tid med Cheyne-Stokes-andning", "Time in Cheyne-Stokes respiration"),
        code="MDC 8410728",
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="resp.rate_p50",
        unit="/min",
        low=6,
        high=30,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("Andningsfrekvens, median", "Breathing rate, median"),
        code="MDC 8410992",
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="tidal_volume.p50",
        unit="L",
        low=0.2,
        high=1.2,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("Andetagsvolym, median", "Volume of a breath, median"),
        code="MDC 8411072",
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="minute_vent.p50",
        unit="L/min",
        low=3,
        high=15,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("Minutventilation, median", "Minute ventilation, median"),
        code="MDC 8411056",
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="spo2.p50",
        unit="%",
        low=70,
        high=100,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("Syremättnad, median", "Oxygen saturation, median"),
        code="MDC 150456",
        basis=Basis.VERIFIED,
        source="domain 3.3, S81",
    ),
    Metric(
        key="pulse.p50",
        unit="/min",
        low=30,
        high=200,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("Puls, median", "Pulse, median"),
        code="MDC 149530",
        basis=Basis.VERIFIED,
        source="domain 3.3, S81",
    ),
)

PRESSURE_METRICS: Final = (
    Metric(
        key="pressure.p50",
        unit="cm[H2O]",
        low=3,
        high=30,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("Masktryck, median", "Mask pressure, median"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="pressure.p95",
        unit="cm[H2O]",
        low=3,
        high=30,
        cadence_seconds=_NIGHTLY,
        audience=Audience.CLINICAL,
        title=Text("Masktryck, 95:e percentilen", "Mask pressure, 95th percentile"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    # Up to the full scale of AirSense 11 (3.6), not to the 30 of therapy: a range that ended there would put the one
    # reading that must raise an alarm into quarantine instead.
    Metric(
        key="pressure.max",
        unit="cm[H2O]",
        low=3,
        high=40,
        cadence_seconds=_NIGHTLY,
        title=Text("Masktryck, högsta", "Mask pressure, maximum"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="pressure.set_min",
        unit="cm[H2O]",
        low=4,
        high=20,
        audience=Audience.CLINICAL,
        title=Text("Inställt lägsta tryck", "Minimum set pressure"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="pressure.set_max",
        unit="cm[H2O]",
        low=4,
        high=20,
        audience=Audience.CLINICAL,
        title=Text("Inställt högsta tryck", "Maximum set pressure"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="mode",
        unit="1",
        low=0,
        high=4,
        kind=Kind.COUNT,
        audience=Audience.CLINICAL,
        title=Text("Behandlingsläge", "Therapy mode"),
        code="MDC 8410888",
        source="domain 3.3; numbers see THERAPY_MODES",
    ),
)

AIR_METRICS: Final = (
    Metric(
        key="leak.p50",
        unit="L/min",
        low=0,
        high=120,
        cadence_seconds=_NIGHTLY,
        title=Text("Läckage, median", "Leak, median"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="leak.p95",
        unit="L/min",
        low=0,
        high=120,
        cadence_seconds=_NIGHTLY,
        title=Text("Läckage, 95:e percentilen", "Leak, 95th percentile"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="leak.max",
        unit="L/min",
        low=0,
        high=120,
        cadence_seconds=_NIGHTLY,
        title=Text("Läckage, högsta", "Leak, maximum"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="humidifier.power",
        unit="%",
        low=0,
        high=100,
        cadence_seconds=_NIGHTLY,
        title=Text("Befuktarens effekt", "Humidifier power"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    Metric(
        key="tube.power",
        unit="%",
        low=0,
        high=100,
        cadence_seconds=_NIGHTLY,
        title=Text("Värmeslangens effekt", "Heated tube power"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
    # 3.3 gives 15-75 and 16-30 degrees, which are what the heaters can be asked for. With a heater off or just warming
    # up the sensor shows the bedroom, and a real tube sat at its upper limit of 30 all night (S32, raw 300): one tenth
    # more, and the whole night with its minutes would lie in quarantine. Hence the wider ranges.
    Metric(
        key="humidifier.temp",
        unit="Cel",
        low=5,
        high=80,
        cadence_seconds=_NIGHTLY,
        title=Text("Befuktarens temperatur", "Humidifier temperature"),
        source=f"{_CARD}, widened",
    ),
    Metric(
        key="tube.temp",
        unit="Cel",
        low=5,
        high=40,
        cadence_seconds=_NIGHTLY,
        title=Text("Värmeslangens temperatur", "Heated tube temperature"),
        source=f"{_CARD}, widened",
    ),
    Metric(
        key="ambient.humidity_abs",
        unit="mg/L",
        low=4,
        high=20,
        cadence_seconds=_NIGHTLY,
        title=Text("Rummets absoluta fuktighet", "Absolute humidity of the room"),
        basis=Basis.VERIFIED,
        source=_CARD,
    ),
)

METRICS: Final = (*TIME_METRICS, *AIR_METRICS, *PRESSURE_METRICS, *BREATHING_METRICS)
