"""What an identity provider says of a person, turned into an account's role and scope by a mapping file, pure."""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from diagnostics.rights import Role
from fleet.errors import ConfigurationError

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
# Ten or twelve digits, perhaps with a sign before the last four: how a Swedish personal number is written.
_PERSONAL_NUMBER: Final = re.compile(r"\d{6}(\d{2})?[-+]?\d{4}")
_FRAMES: Final = frozenset({"HSL", "SoL"})
_LONGEST_UNIT: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the mapping: who has this value in this claim gets this role and scope.

    Attributes:
        claim, has: the claim's name, and the value that it is or contains.
        payers: codes; None for every payer. Not used where `payers_claim` is given.
        payers_claim: the claim that holds the payers' codes.
    """

    claim: str
    has: str
    role: Role
    frames: frozenset[str] = _FRAMES
    payers: tuple[str, ...] | None = ()
    payers_claim: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMapping:
    """A whole mapping file.

    Attributes:
        login: claim that names the person in the audit, such as `sub` or an employee number; never a person's name.
        care_unit: claim that names the unit in the audit.
        rules: the first that fits decides.
    """

    login: str
    care_unit: str
    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        """Refuses a mapping that lets nobody in, which nobody means."""
        if not self.rules:
            raise ValueError("it has no [[rule]]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What an account is to be; nothing else of the claims is kept."""

    login: str
    care_unit: str
    role: Role
    frames: tuple[str, ...]
    payers: tuple[str, ...] | None


class NotAdmittedError(Exception):
    """The provider knows the person, and nothing says what they may do here; the word says why."""


def read_mapping(text: str) -> ClaimMapping:
    """The mapping of a TOML file's text.

    Raises:
        ConfigurationError: it cannot be read, or a rule would give nothing or has an unknown role or frame.
    """
    try:
        document = tomllib.loads(text)
        rules = tuple(_rule(entry) for entry in document["rule"])
        return ClaimMapping(login=str(document["login"]), care_unit=str(document["care_unit"]), rules=rules)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"the mapping of claims cannot be used ({error}): give login, care_unit and [[rule]] tables with"
            " claim, has, role, and payers or payers_claim"
        ) from error


def _rule(entry: Mapping[str, Any]) -> Rule:
    if strange := entry.keys() - {"claim", "has", "role", "frames", "payers", "payers_claim"}:
        raise ValueError(f"unknown field {', '.join(sorted(strange))}")
    frames = frozenset(entry.get("frames", _FRAMES))
    if not frames or not frames <= _FRAMES:
        raise ValueError("frames are HSL and SoL")
    if ("payers" in entry) == ("payers_claim" in entry):
        raise ValueError('a rule needs payers ("all" or codes) or payers_claim')
    payers = entry.get("payers", ())
    if isinstance(payers, str) and payers != "all":
        raise ValueError('payers is "all" or a list of codes')
    return Rule(
        claim=str(entry["claim"]),
        has=str(entry["has"]),
        role=Role(entry["role"]),
        frames=frames,
        payers=None if payers == "all" else tuple(sorted({str(code) for code in payers})),
        payers_claim=entry.get("payers_claim"),
    )


def admit(mapping: ClaimMapping, claims: Mapping[str, Any]) -> Admission:
    """What a person is to be here.

    Args:
        mapping: the installation's.
        claims: of a verified ID token.

    Raises:
        NotAdmittedError: no rule fits, or unit or payers are not said.
    """
    rule = next((rule for rule in mapping.rules if rule.has in _values(claims.get(rule.claim))), None)
    if rule is None:
        raise NotAdmittedError("no_role")
    payers = rule.payers
    if rule.payers_claim is not None:
        payers = tuple(sorted(set(_values(claims.get(rule.payers_claim)))))
    if payers == ():
        raise NotAdmittedError("no_payer")
    unit = " ".join(" ".join(_values(claims.get(mapping.care_unit))[:1]).split())[:_LONGEST_UNIT]
    if not unit or not unit.isprintable():
        raise NotAdmittedError("no_care_unit")
    return Admission(
        login=_login(mapping, claims),
        care_unit=unit,
        role=rule.role,
        frames=tuple(sorted(rule.frames)),
        payers=payers,
    )


def _login(mapping: ClaimMapping, claims: Mapping[str, Any]) -> str:
    """The name in the audit: the claim as it is, or a pseudonym of it where it is a personal number or no such name."""
    said = "".join(_values(claims.get(mapping.login))[:1]).strip().lower()
    if not said:
        raise NotAdmittedError("no_login")
    if _LOGIN.fullmatch(said) is None or _PERSONAL_NUMBER.search(said) is not None:
        person = f"{claims.get('iss')} {claims.get('sub')}"
        return f"idp-{hashlib.sha256(person.encode()).hexdigest()[:16]}"
    return said


def _values(claim: object) -> list[str]:
    """A claim's words, whether it came as one or as several; anything else is none."""
    if isinstance(claim, str):
        return [claim]
    if isinstance(claim, Sequence):
        return [entry for entry in claim if isinstance(entry, str)]
    return []
