"""The file of recipients, ladders and where they are used, pure: TOML or JSON, read whole or refused in a sentence."""

import inspect
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from fleet.ladder import Ladder, LadderError, Person
from fleet.ladder_document import read_ladder, read_windows

CHANNELS: Final = ("email", "sms", "voice", "panel", "apprise")
ROLES: Final = ("technician", "carer", "clinical", "administrator")
_T = TypeVar("_T")
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
_ADDRESS: Final[Mapping[str, re.Pattern[str]]] = {
    "email": re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,190}"),
    "sms": re.compile(r"\+[1-9]\d{6,14}"),
    "voice": re.compile(r"\+[1-9]\d{6,14}"),
    "panel": re.compile(r"[a-z0-9][a-z0-9-]{2,39}"),
    "apprise": re.compile(r"\S{4,500}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One recipient of the file; its addresses in the order in which they are tried, and never shown."""

    code: str
    role: str
    language: str = "sv"
    active: bool = True
    canary: bool = False
    quiet: Sequence[Any] = ()
    addresses: Mapping[str, str] = field(default_factory=dict, repr=False)

    def person(self) -> Person:
        """As the ladder sees it."""
        return Person(reachable=self.active and bool(self.addresses), quiet=read_windows(list(self.quiet)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Where a ladder is used; what is not said is everything."""

    ladder: str
    device_id: str | None = None
    payer: str | None = None
    legal_frame: str | None = None
    device_class: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole file."""

    recipients: tuple[Recipient, ...]
    ladders: tuple[Ladder, ...]
    uses: tuple[Use, ...]


def read_plan(text: str, *, is_json: bool = False) -> Plan:
    """The plan of a file's text.

    Raises:
        LadderError: it cannot be read, or something in it is missing, unknown or not what it must be.
    """
    try:
        document = json.loads(text) if is_json else tomllib.loads(text)
    except ValueError as error:
        raise LadderError(f"the file cannot be read: {error}") from None
    if not isinstance(document, dict) or (strange := sorted(document.keys() - {"recipient", "ladder", "use"})):
        raise LadderError("the file holds [[recipient]], [[ladder]] and [[use]] tables, and nothing else")
    del strange
    return Plan(
        tuple(_recipient(entry) for entry in _tables(document, "recipient")),
        tuple(read_ladder(entry) for entry in _tables(document, "ladder")),
        tuple(_made(Use, entry, "use") for entry in _tables(document, "use")),
    )


def _tables(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = document.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise LadderError(f"{name}: expected [[{name}]] tables")
    return entries


def _recipient(entry: Mapping[str, Any]) -> Recipient:
    made = _made(Recipient, entry, "recipient")
    if not isinstance(made.code, str) or _CODE.fullmatch(made.code) is None or made.code == "installation":
        raise LadderError("a recipient's code is 2-40 lower-case letters, digits and hyphens, and not `installation`")
    if made.role not in ROLES or made.language not in {"sv", "en"}:
        raise LadderError(f"recipient {made.code}: role is one of {', '.join(ROLES)}, language sv or en")
    for channel, address in made.addresses.items():
        if channel not in CHANNELS or not isinstance(address, str) or _ADDRESS[channel].fullmatch(address) is None:
            raise LadderError(
                f"recipient {made.code}: an address of {', '.join(CHANNELS)}; numbers are written +46...;"
                " what was given is not repeated here"
            )
    read_windows(list(made.quiet))
    return made


def _made(kind: type[_T], entry: Mapping[str, Any], name: str) -> _T:
    try:
        return kind(**entry)
    except TypeError:
        known = ", ".join(inspect.signature(kind).parameters)
        raise LadderError(f"{name}: a field is missing or unknown; known are {known}") from None
