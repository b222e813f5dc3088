"""APAP models and what sets them apart: units, sentinels and channels, as in the headers of real cards (S31, S32).

Every channel stores "not measured" as raw -1, which the file's scale turns into another number per channel and model:
-0.02 for pressure and leak, -0.1 for indices, -0.125 for ventilation, -0.2 for breathing rate, -1 for minutes. Read
naively that is an AHI of -0.1. Two channels even differ between machines of one maker: room humidity and heater powers
come in whole units on AirSense 10 and AirCurve 10 (sentinel -1) and in tenths on AirSense 11 (sentinel -0.1).

Leak is stored in litres per *second* on all three, and shown in litres per minute everywhere.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from fleet.models import Conversion, DeviceModel

_RESMED: Final = "ResMed"
_ISO_9999: Final = "04 03 12"  # respirators, the 2011 edition as three regions use it (domain 6.1)

_MINUTES: Final = Conversion(native_unit="min.", sentinels=(-1.0,))
_HOURS: Final = Conversion(native_unit="hrs", sentinels=(-1.0,))
_PER_HOUR: Final = Conversion(native_unit="/h", sentinels=(-0.1,))  # the card gives indices no unit
_LEAK: Final = Conversion(native_unit="L/s", scale=60.0, sentinels=(-0.02,))
_PRESSURE: Final = Conversion(native_unit="cmH2O", sentinels=(-0.02,))
_BREATHS: Final = Conversion(native_unit="bpm", sentinels=(-0.2,))
_LITRES: Final = Conversion(native_unit="L", sentinels=(-0.02,))
_VENTILATION: Final = Conversion(native_unit="L/min", sentinels=(-0.125,))
_DEGREES: Final = Conversion(native_unit="°C", sentinels=(-0.1,))
_DEGREES_11: Final = Conversion(native_unit="Celsius", sentinels=(-0.1,))
_WHOLE_PERCENT: Final = Conversion(native_unit="%", sentinels=(-1.0,))
_TENTH_PERCENT: Final = Conversion(native_unit="%", sentinels=(-0.1,))
_WHOLE_HUMIDITY: Final = Conversion(native_unit="mg/L", sentinels=(-1.0,))
_TENTH_HUMIDITY: Final = Conversion(native_unit="mg/L", sentinels=(-0.1,))

_SHARED: Final = {
    "therapy.usage": _MINUTES,
    "therapy.csr_time": _MINUTES,
    "therapy.ahi": _PER_HOUR,
    "therapy.ahi_obstructive": _PER_HOUR,
    "therapy.ahi_central": _PER_HOUR,
    "therapy.ahi_unclassified": _PER_HOUR,
    "leak.p50": _LEAK,
    "leak.p95": _LEAK,
    "leak.max": _LEAK,
    "pressure.p50": _PRESSURE,
    "pressure.p95": _PRESSURE,
    "pressure.max": _PRESSURE,
    "pressure.set_min": _PRESSURE,
    "pressure.set_max": _PRESSURE,
    "resp.rate_p50": _BREATHS,
    "tidal_volume.p50": _LITRES,
    "minute_vent.p50": _VENTILATION,
    "spo2.p50": _WHOLE_PERCENT,
}
_TENTH_GENERATION: Final = {
    **_SHARED,
    "therapy.flowgen_time": _MINUTES,
    "device.lifetime_hours": _HOURS,
    "humidifier.power": _WHOLE_PERCENT,
    "tube.power": _WHOLE_PERCENT,
    "humidifier.temp": _DEGREES,
    "tube.temp": _DEGREES,
    "ambient.humidity_abs": _WHOLE_HUMIDITY,
}
_ELEVENTH_GENERATION: Final = {
    **_SHARED,
    "humidifier.power": _TENTH_PERCENT,
    "tube.power": _TENTH_PERCENT,
    "humidifier.temp": _DEGREES_11,
    "tube.temp": _DEGREES_11,
    "ambient.humidity_abs": _TENTH_HUMIDITY,
}
# The nightly summary of none of the three holds them: pulse lies in the oximeter's own detail file, and the minutes
# with humidifier are an MDC figure that these cards do not keep.
_NOT_IN_SUMMARY: Final = frozenset({"therapy.usage_with_humidifier", "pulse.p50"})
# Bilevel machines set two pressures, one to breathe in and one to breathe out. They are other quantities than an APAP's
# lowest and highest, and one MDC number stands for either (domain 3.3), so they are left out rather than stored as what
# they are not.
_AIRCURVE_MISSING: Final = frozenset({"therapy.csr_time", "pressure.set_min", "pressure.set_max"})


def _without(conversions: dict[str, Conversion], missing: Iterable[str]) -> MappingProxyType[str, Conversion]:
    return MappingProxyType({key: value for key, value in conversions.items() if key not in set(missing)})


RESMED_MODELS: Final = (
    DeviceModel(
        key="resmed-airsense10",
        maker=_RESMED,
        name="AirSense 10 AutoSet",
        native_systems=("resmed", "gateway"),
        missing=_NOT_IN_SUMMARY,
        conversions=MappingProxyType(_TENTH_GENERATION),
        rent_sek=165.0,
        iso9999=_ISO_9999,
    ),
    DeviceModel(
        key="resmed-airsense11",
        maker=_RESMED,
        name="AirSense 11 AutoSet",
        # No `resmed` here: its summary has no Fault channels at all, so that system can never speak (domain 3.4).
        native_systems=("gateway",),
        missing=_NOT_IN_SUMMARY | {"therapy.flowgen_time", "device.lifetime_hours"},
        conversions=MappingProxyType(_ELEVENTH_GENERATION),
        rent_sek=185.0,
        iso9999=_ISO_9999,
    ),
    DeviceModel(
        key="resmed-aircurve10-vauto",
        maker=_RESMED,
        name="AirCurve 10 VAuto",
        native_systems=("resmed", "gateway"),
        missing=_NOT_IN_SUMMARY | _AIRCURVE_MISSING,
        conversions=_without(_TENTH_GENERATION, _AIRCURVE_MISSING),
        rent_sek=295.0,
        iso9999=_ISO_9999,
    ),
)

# Machines whose fault codes are published and whose data formats are not: assumed to sit behind our own gateway, which
# reads the codes and sends metrics in the units of the profile. What they lack is unknown, so nothing is declared
# missing.
GATEWAY_MODELS: Final = tuple(
    DeviceModel(
        key=key, maker=maker, name=name, native_systems=(*systems, "gateway"), rent_sek=155.0, iso9999=_ISO_9999
    )
    for key, maker, name, systems in (
        ("philips-dreamstation-auto", "Philips Respironics", "DreamStation Auto CPAP", ("philips",)),
        ("philips-remstar-auto", "Philips Respironics", "REMstar Auto", ("remstar",)),
        ("somnetics-transcend-auto", "Somnetics", "Transcend Auto", ("transcend", "transcend-card")),
    )
)

MODELS: Final = (*RESMED_MODELS, *GATEWAY_MODELS)
