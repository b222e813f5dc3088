"""The register's writers: devices with their credentials and loans, and API tokens; run as the schema's owner."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

import psycopg

from fleet.clock import aware
from fleet.errors import FjarrkollError, shown
from fleet.register_rows import ALWAYS_PERSONAL
from fleet.signals import Audience
from fleet.topics import is_device_id

TOKEN_PREFIX: Final = "fk_"  # noqa: S105 - not secret: what every token begins with
"""Lets a leaked token be recognised by secret scanners and people."""

# What each role sees where its token says nothing else: as little as its work needs. An administrator looks after the
# system, not after people.
ROLE_AUDIENCES: Final[Mapping[str, tuple[Audience, ...]]] = MappingProxyType(
    {
        "technician": (Audience.TECHNICAL,),
        "carer": (Audience.CARE,),
        "clinical": (Audience.CARE, Audience.CLINICAL),
        "analyst": (Audience.TECHNICAL,),
        "prescriber_unit": (Audience.TECHNICAL,),
        "administrator": (Audience.TECHNICAL,),
    }
)
LEGAL_FRAMES: Final = ("HSL", "SoL")


class RegisterError(FjarrkollError):
    """The register cannot take what it was given; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLoan:
    """A loan that is open from `started_at` (aware)."""

    payer_id: int
    legal_frame: str
    started_at: datetime
    prescriber_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice:
    """A device to register.

    Attributes:
        individual_number: what is painted on it; unique.
        device_id: its pseudonym on the wire; a random one where None, which is right outside tests and simulations.
        loan: the loan it is out on; None for a device in store.
    """

    device_class: str
    model_key: str
    individual_number: str
    device_id: str | None = None
    firmware: str = ""
    serial_number: str = ""
    basic_equipment: bool = False
    administration_service: bool = False
    depot_id: int | None = None
    loan: NewLoan | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A registered device with the password its broker account gets; it is kept nowhere else."""

    device_no: int
    device_id: str
    individual_number: str
    password: str = field(repr=False)


def new_device_id() -> str:
    """A random pseudonym of 50 bits, such as `d-k7x2m4qpza`, which says nothing about device or user."""
    return f"d-{base64.b32encode(secrets.token_bytes(7)).decode('ascii')[:10].lower()}"


def enroll_devices(connection: psycopg.Connection, devices: Iterable[NewDevice], now: datetime) -> list[Enrolled]:
    """Registers devices, all or none, thousands in a second; the answers come in the order of `devices`.

    Args:
        connection: of the schema's owner.
        devices: what to register.
        now: becomes `enrolled_at`; from here on the device may report.

    Raises:
        RegisterError: a number or id is taken, basic equipment has an administration service, or a class, model, payer
            or frame is unknown.
    """
    rows = list(devices)
    aware(now)
    identities = [_identity(row) for row in rows]
    try:
        with connection.transaction():
            numbers = _insert_devices(connection, rows, identities, now)
            _insert_loans(connection, rows, [numbers[identity] for identity in identities])
    except psycopg.errors.CheckViolation as error:
        if error.diag.constraint_name != "administration_service_is_personal":
            raise
        raise RegisterError(ALWAYS_PERSONAL.reason.en) from error
    except psycopg.errors.UniqueViolation as error:
        raise RegisterError(
            f"an individual number or device id is registered already ({error.diag.constraint_name}): use another"
        ) from error
    except psycopg.errors.ForeignKeyViolation as error:
        raise RegisterError(
            f"an unknown class, model, payer, legal frame, prescriber or depot ({error.diag.constraint_name}):"
            " `fjarrkoll migrate` writes classes and models, the register the others"
        ) from error
    return [
        Enrolled(numbers[identity], identity, row.individual_number, secrets.token_urlsafe(24))
        for identity, row in zip(identities, rows, strict=True)
    ]


def _identity(device: NewDevice) -> str:
    identity = device.device_id or new_device_id()
    if not is_device_id(identity):
        raise RegisterError(f"device id {shown(identity)}: use 3-40 lower-case letters, digits and hyphens")
    return identity


def _insert_devices(
    connection: psycopg.Connection, rows: Sequence[NewDevice], identities: Sequence[str], now: datetime
) -> dict[str, int]:
    """Inserts them with one statement; returns device_id to device_no."""
    found = connection.execute(
        """
        INSERT INTO device (enrolled_at, device_id, individual_number, device_class, model_key, firmware, serial_number,
                            basic_equipment, administration_service, depot_id)
        SELECT %s, n.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                                   %s::boolean[], %s::boolean[], %s::integer[]) n
        RETURNING device_id, device_no
        """,
        [
            now,
            list(identities),
            [row.individual_number for row in rows],
            [row.device_class for row in rows],
            [row.model_key for row in rows],
            [row.firmware for row in rows],
            [row.serial_number for row in rows],
            [row.basic_equipment for row in rows],
            [row.administration_service for row in rows],
            [row.depot_id for row in rows],
        ],
    )
    return dict(found.fetchall())


def _insert_loans(connection: psycopg.Connection, rows: Sequence[NewDevice], numbers: Sequence[int]) -> None:
    loans = [(number, row.loan) for number, row in zip(numbers, rows, strict=True) if row.loan is not None]
    connection.execute(
        """
        INSERT INTO loan (device_no, payer_id, legal_frame, prescriber_id, started_at)
        SELECT * FROM unnest(%s::integer[], %s::integer[], %s::text[], %s::integer[], %s::timestamptz[])
        """,
        [
            [number for number, _ in loans],
            [loan.payer_id for _, loan in loans],
            [loan.legal_frame for _, loan in loans],
            [loan.prescriber_id for _, loan in loans],
            [aware(loan.started_at) for _, loan in loans],
        ],
    )


def create_token(  # noqa: PLR0913 - a token's columns, by name
    connection: psycopg.Connection,
    name: str,
    role: str,
    *,
    care_unit: str = "",
    payers: Sequence[int] | None = None,
    frames: Sequence[str] = LEGAL_FRAMES,
    audiences: Iterable[Audience] | None = None,
    expires_at: datetime | None = None,
    holder: str | None = None,
) -> str:
    """Makes an API token and returns it; only its SHA-256 is kept, so nobody can read it again.

    Args:
        connection: of the schema's owner.
        name: of the person or system; unique, stands in the audit.
        role: one of `ROLE_AUDIENCES`.
        care_unit: stands in the audit.
        payers: None for every payer.
        frames: legal frames.
        audiences: those of the role where None.
        expires_at: aware; None for never.
        holder: opaque name of the person who holds it, where one person has several; else the token's own name.

    Raises:
        RegisterError: the name is taken or the role unknown.
    """
    if role not in ROLE_AUDIENCES:
        raise RegisterError(f"role {shown(role)} is unknown; choose one of {', '.join(ROLE_AUDIENCES)}")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    seen = ROLE_AUDIENCES[role] if audiences is None else audiences
    try:
        connection.execute(
            "INSERT INTO api_token (token_hash, name, role, care_unit, payers, frames, audiences, expires_at, holder)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                token_hash(token),
                name,
                role,
                care_unit,
                None if payers is None else list(payers),
                list(frames),
                [str(audience) for audience in seen],
                None if expires_at is None else aware(expires_at),
                holder,
            ],
        )
    except psycopg.errors.UniqueViolation as error:
        raise RegisterError(f"a token named {shown(name)} exists already: choose another name") from error
    return token


def token_hash(token: str) -> bytes:
    """What is kept of a token. Plain SHA-256 is enough: a token is random, so there is nothing to guess."""
    return hashlib.sha256(token.encode()).digest()
