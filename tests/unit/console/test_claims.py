"""Which claims give which role and scope; what is not said gives nothing."""

from typing import Any

import pytest

from diagnostics.console.claims import NotAdmittedError, admit, read_mapping
from diagnostics.rights import Role
from fleet.errors import ConfigurationError

MAPPING = """
login = "employee"
care_unit = "unit"
[[rule]]
claim = "roles"
has = "chief"
role = "administrator"
payers = "all"
[[rule]]
claim = "roles"
has = "carer"
role = "carer"
frames = ["SoL"]
payers_claim = "municipality"
"""


def claims(**changes: Any) -> dict[str, Any]:
    return {
        "iss": "i",
        "sub": "s",
        "employee": "SE-1",
        "unit": "Norr",
        "roles": ["carer"],
        "municipality": "a",
    } | changes


def test_the_first_rule_that_fits_decides() -> None:
    found = admit(read_mapping(MAPPING), claims(roles=["carer", "chief"]))
    assert (found.role, found.payers, found.login) == (Role.ADMINISTRATOR, None, "se-1")
    found = admit(read_mapping(MAPPING), claims(roles="carer", municipality=["b", "a", "a"]))
    assert (found.role, found.payers, found.frames) == (Role.CARER, ("a", "b"), ("SoL",))


@pytest.mark.parametrize(
    "changes",
    [
        {"roles": []},
        {"roles": "care"},
        {"roles": {"carer": True}},
        {"municipality": None},
        {"municipality": [7]},
        {"unit": " "},
        {"unit": "a\x00b"},
        {"employee": None},
    ],
)
def test_what_is_not_said_clearly_admits_nobody(changes: dict[str, Any]) -> None:
    with pytest.raises(NotAdmittedError):
        admit(read_mapping(MAPPING), claims(**changes))


@pytest.mark.parametrize(
    "name", ["191212121212", "19121212-1212", "121212+1212", "se191212121212", "Å", "-x", "x" * 90]
)
def test_a_personal_number_or_a_name_that_is_none_becomes_a_pseudonym(name: str) -> None:
    one = admit(read_mapping(MAPPING), claims(employee=name)).login
    other = admit(read_mapping(MAPPING), claims(employee=name, sub="t")).login
    assert one.startswith("idp-")
    assert one != other
    assert name.lower() not in one


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ('role = "carer"', 'role = "king"'),
        ('payers = "all"', ""),
        ('payers = "all"', 'payers = "every"'),
        ('payers = "all"', 'payers = "all"\npayers_claim = "x"'),
        ('frames = ["SoL"]', 'frames = ["XYZ"]'),
        ('frames = ["SoL"]', "frames = []"),
        ('login = "employee"', ""),
        ('has = "chief"', 'has = "chief"\nhass = "x"'),
        ("[[rule]]", "[[rules]]"),
        ("login", "[["),
    ],
)
def test_a_mapping_that_could_mean_something_else_is_refused(line: str, instead: str) -> None:
    assert line in MAPPING
    with pytest.raises(ConfigurationError):
        read_mapping(MAPPING.replace(line, instead))
