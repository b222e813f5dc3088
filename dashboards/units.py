"""From UCUM, in which profiles state their units, to the unit ids that Grafana draws."""

from typing import Final

# Ids as in Grafana 13.2, packages/grafana-data/src/valueFormats/categories.ts; "suffix:" writes any other unit.
_GRAFANA: Final = {
    "1": "none",
    "%": "percent",
    "A": "amp",
    "A.h": "amph",
    "Cel": "celsius",
    "L": "litre",
    "L/min": "flowlpm",
    "L/s": "suffix: L/s",
    "Ohm": "ohm",
    "V": "volt",
    "mV": "mvolt",
    "cm[H2O]": "suffix: cmH₂O",
    "d": "suffix: dygn",
    "deg": "degree",
    "h": "suffix: h",
    "kPa": "pressurekpa",
    "mm[Hg]": "suffix: mmHg",
    "kg": "masskg",
    "kg/m2": "suffix: kg/m²",
    "km": "lengthkm",
    "km/h": "velocitykmh",
    "m": "lengthm",
    "m/s": "velocityms",
    "min": "suffix: min",
    "s": "s",
    "/h": "suffix: per timme",
    "/min": "suffix: per minut",
    "dB": "dB",
    "{count}": "suffix: st",
    "{cycle}": "suffix: cykler",
}


def grafana_unit(ucum: str) -> str:
    """The Grafana unit id for a UCUM symbol; one that Grafana has no id for is written behind the number as it is.

    Minutes, hours and days stay what they are: Grafana's own ids would turn 90 minutes into 1.5 hours on one panel and
    leave 40 minutes on the next.
    """
    return _GRAFANA.get(ucum, f"suffix: {ucum}")
