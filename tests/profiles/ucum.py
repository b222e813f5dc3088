"""The UCUM symbols this project may use; adding one is a decision, so the list is written out (unitsofmeasure.org)."""

from typing import Final

UCUM: Final = frozenset(
    {
        "1", "%", "{count}", "{cycle}",
        "s", "min", "h", "d",
        "m", "km", "m/s", "deg",
        "V", "A", "A.h", "W", "Ohm",
        "kg", "kg/m2", "Cel", "mm[Hg]", "cm[H2O]", "kPa",
        "L", "L/min", "mL", "mg/L", "/min", "/h", "mmol/L", "dB",
    }
)  # fmt: skip
