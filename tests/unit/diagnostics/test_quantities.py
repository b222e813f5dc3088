"""Values in the terminal read as people write them, in either language."""

import pytest

from fjarrkoll.api.output import quantity


@pytest.mark.parametrize(
    ("value", "unit", "language", "shown"),
    [
        (25.54, "V", "sv", "25,54 V"),
        (25.54, "V", "en", "25.54 V"),
        (34, "{count}", "sv", "34"),
        (-75, "1", "sv", "-75"),
        (False, "1", "sv", "nej"),
        (True, "1", "en", "yes"),
        (23.0, "Cel", "sv", "23 °C"),
        (None, "kg", "sv", "–"),
        (12.5, "some-new-unit", "en", "12.5 some-new-unit"),
    ],
)
def test_a_quantity_reads_as_people_write_it(value: object, unit: str, language: str, shown: str) -> None:
    assert quantity(value, unit, language) == shown
