"""A made-up register for demo and tests: payers, depots, prescribers and a price list, with numbers for names."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import psycopg

# As many as in the region whose planning documents stand behind the project (mission.md, "Facts of the fleet").
MUNICIPALITIES: Final = 49
CARE_CENTRES: Final = 200
HOSPITALS: Final = 17
DEPOTS: Final = 4
REGION: Final = "region"
# Rents of the running year against the profiles' first prices, so that the demo has a price that changed.
_THIS_YEAR: Final = Decimal("1.03")


@dataclass(frozen=True, slots=True)
class DemoPayer:
    """A payer and the prescribers of each of its legal frames, by id."""

    payer_id: int
    code: str
    name: str
    prescribers: dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class DemoRegister:
    """What was seeded; the region is the last payer."""

    payers: tuple[DemoPayer, ...]
    depots: tuple[int, ...]


def seed_register(connection: psycopg.Connection, today: date) -> DemoRegister:
    """Writes the register, once however often it is called, and returns it.

    Args:
        connection: of the schema's owner; the profiles are projected already.
        today: its year's first day is when the newer prices begin.
    """
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO payer (code, name, kind) VALUES (%s, %s, %s) ON CONFLICT (code) DO NOTHING", _payers()
        )
        cursor.executemany(
            "INSERT INTO depot (code, name) VALUES (%s, %s) ON CONFLICT (code) DO NOTHING",
            [(f"depa-{n}", f"Depå {n}") for n in range(1, DEPOTS + 1)],
        )
        cursor.executemany(
            "INSERT INTO prescriber (code, unit_name, payer_id, legal_frame)"
            " SELECT %s, %s, payer_id, %s FROM payer WHERE code = %s ON CONFLICT (code) DO NOTHING",
            _prescribers(),
        )
        cursor.execute(
            "INSERT INTO model_price (model_key, valid_from, rent_sek)"
            " SELECT DISTINCT ON (model_key) model_key, %s, round(rent_sek * %s) FROM model_price"
            " ORDER BY model_key, valid_from ON CONFLICT DO NOTHING",
            [today.replace(month=1, day=1), _THIS_YEAR],
        )
        return _read(connection)


def _payers() -> list[tuple[str, str, str]]:
    municipalities = [(f"kommun-{n:02}", f"Kommun {n:02}", "municipality") for n in range(1, MUNICIPALITIES + 1)]
    return [*municipalities, (REGION, "Regionen", "region")]


def _prescribers() -> list[tuple[str, str, str, str]]:
    """Code, unit, legal frame and payer. Municipalities prescribe under both frames, the region under HSL only."""
    return [
        *((f"rehab-{n:02}", f"Kommunal rehab {n:02}", "HSL", f"kommun-{n:02}") for n in range(1, MUNICIPALITIES + 1)),
        *((f"omsorg-{n:02}", f"Hemtjänst {n:02}", "SoL", f"kommun-{n:02}") for n in range(1, MUNICIPALITIES + 1)),
        *((f"vc-{n:03}", f"Vårdcentral {n:03}", "HSL", REGION) for n in range(1, CARE_CENTRES + 1)),
        *((f"sjukhus-{n:02}", f"Sjukhus {n:02}", "HSL", REGION) for n in range(1, HOSPITALS + 1)),
    ]


def _read(connection: psycopg.Connection) -> DemoRegister:
    units: dict[int, dict[str, tuple[int, ...]]] = {}
    found = connection.execute(
        "SELECT payer_id, legal_frame, array_agg(prescriber_id ORDER BY prescriber_id) FROM prescriber GROUP BY 1, 2"
    )
    for payer_id, frame, ids in found:
        units.setdefault(payer_id, {})[frame] = tuple(ids)
    codes = [code for code, _, _ in _payers()]
    payers = connection.execute(
        "SELECT payer_id, code, name FROM payer WHERE code = ANY(%s) ORDER BY array_position(%s, code)",
        [codes, codes],
    ).fetchall()
    depots = connection.execute("SELECT depot_id FROM depot WHERE code LIKE 'depa-%%' ORDER BY code", []).fetchall()
    return DemoRegister(
        tuple(DemoPayer(payer_id, code, name, units.get(payer_id, {})) for payer_id, code, name in payers),
        tuple(depot for (depot,) in depots),
    )
