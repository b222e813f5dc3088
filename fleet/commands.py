"""Commands a device class answers to, each with its safety level; a motion command cannot be declared."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fleet.errors import ProfileError
from fleet.signals import NAME_PATTERN, Basis
from fleet.text import Text

# architecture.md 5: no motion command exists. Names are refused by word, so that a new profile cannot slip one in.
MOTION_WORDS: Final = frozenset(
    """
    drive move motion steer turn rotate accelerate speed joystick throttle forward backward reverse propel freewheel
    park brake tilt recline lift raise lower elevate stand climb fold swing release unlock open
    dispense eject deliver inject inflate deflate vent pump start_therapy stop_therapy
    """.split()  # noqa: SIM905 - a page of words reads better than a list of them
)


def _promises(name: str) -> str | None:
    """The motion word a command's name contains, in any of its forms (`drive`, `drives`, `driving`), or None."""
    for word in sorted(MOTION_WORDS):
        forms = (word, f"{word}s", f"{word}d", f"{word}ed", f"{word.removesuffix('e')}ing")
        if any(f"_{form}_" in f"_{name}_" for form in forms):
            return word
    return None


class Level(StrEnum):
    """How far a command reaches (architecture.md 5)."""

    READ = "read"
    REVERSIBLE = "reversible"
    SETTING = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A number a command takes, with its bounds (inclusive) and unit."""

    name: str
    unit: str
    low: float
    high: float
    title: Text
    default: float | None = None

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ProfileError(f"parameter {self.name}: range {self.low}..{self.high} is empty")
        if self.default is not None and not self.low <= self.default <= self.high:
            raise ProfileError(f"parameter {self.name}: default {self.default} is outside its range")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextParameter:
    """A short text a command takes, such as a version; the pattern bounds it as a range bounds a number."""

    name: str
    title: Text
    pattern: str
    example: str

    def __post_init__(self) -> None:
        if not re.fullmatch(self.pattern, self.example):
            raise ProfileError(f"parameter {self.name}: its example {self.example!r} does not fit its pattern")

    def allows(self, value: object) -> bool:
        """Whether `value` is a text of this form."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whose word allows a setting to be changed from afar within the declared range, and how well that is known."""

    by: Text
    basis: Basis
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing the platform may ask a device to do.

    Attributes:
        parameters: the numbers it takes, each with its bounds; a `setting` sets what its parameters name.
        texts: the short texts it takes.
        refused_while: operating states (`DeviceProfile.operating_states`) in which the device must refuse.
        permission: whose word allows it; a `setting` cannot be declared without one.
        expires_seconds: default life; after it neither broker nor device lets the command through.

    Raises:
        ProfileError: the name or a parameter promises motion, a command above `read` names no state in which it is
            refused, or a `setting` has nothing to set or nobody's permission.
    """

    name: str
    level: Level
    title: Text
    parameters: tuple[Parameter, ...] = ()
    texts: tuple[TextParameter, ...] = ()
    refused_while: tuple[str, ...] = ()
    permission: Permission | None = None
    expires_seconds: int = 60

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name):
            raise ProfileError(f"command {self.name!r}: use lower-case words joined by _")
        for named in (self.name, *self.parameter_names):
            if promised := _promises(named):
                raise ProfileError(f"command {self.name}: {promised!r} promises motion; no motion command exists here")
        if self.level is not Level.READ and not self.refused_while:
            raise ProfileError(f"command {self.name}: a {self.level} command must name states in which it is refused")
        if self.expires_seconds <= 0:
            raise ProfileError(f"command {self.name}: expiry must be positive seconds")
        if self.level is Level.SETTING and not (self.parameters and self.permission):
            raise ProfileError(f"command {self.name}: a setting needs bounded parameters and the maker's permission")

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The names of everything it takes."""
        return (*(number.name for number in self.parameters), *(text.name for text in self.texts))

    def setting_key(self, parameter: Parameter) -> str:
        """The name under which `read_parameters` tells what this setting's parameter is now."""
        return f"{self.name.removeprefix('set_')}.{parameter.name}"


# What every class can tell about itself. Their results, as they stand in `command.result`:
#   read_faults      {"faults": [FaultReport, ...]}: all that are active
#   read_fault_log   {"log": [FaultLogEntry, ...]}: also what has ended, each with its freeze-frame
#   read_live        {"values": {...}, "samples": [{"ts": ms, "values": {...}}, ...]}: a burst over the given seconds
#   read_versions    {"firmware": "...", "modules": {name: version}, "staged": "..." where an update waits}
#   read_parameters  {"parameters": {setting key: value}}
#   fetch_log        {"lines": [{"ts": ms, "level": "...", "text": "..."}]}
#   self_test        fleet/self_test.py
READ_FAULTS: Final = Command(
    name="read_faults", level=Level.READ, title=Text("Läs felkoder", "Read fault codes"), expires_seconds=30
)
READ_FAULT_LOG: Final = Command(
    name="read_fault_log",
    level=Level.READ,
    title=Text("Läs fellogg med frysta värden", "Read fault log with freeze-frames"),
    parameters=(
        Parameter(name="entries", unit="1", low=1, high=50, default=20, title=Text("Antal poster", "Entries")),
    ),
    expires_seconds=30,
)
READ_VERSIONS: Final = Command(
    name="read_versions",
    level=Level.READ,
    title=Text("Läs programversioner", "Read software versions"),
    expires_seconds=30,
)
READ_LIVE: Final = Command(
    name="read_live",
    level=Level.READ,
    title=Text("Läs aktuella värden", "Read live values"),
    parameters=(
        Parameter(
            name="seconds", unit="s", low=1, high=60, default=5, title=Text("Antal sekunder", "Number of seconds")
        ),
    ),
    expires_seconds=120,
)
READ_PARAMETERS: Final = Command(
    name="read_parameters", level=Level.READ, title=Text("Läs inställningar", "Read parameters"), expires_seconds=30
)
FETCH_LOG: Final = Command(
    name="fetch_log",
    level=Level.READ,
    title=Text("Hämta logg", "Fetch log"),
    parameters=(Parameter(name="lines", unit="1", low=1, high=200, default=100, title=Text("Antal rader", "Lines")),),
    expires_seconds=60,
)
COMMON_READ_COMMANDS: Final = (READ_FAULTS, READ_FAULT_LOG, READ_VERSIONS, READ_LIVE, READ_PARAMETERS, FETCH_LOG)

CANCEL: Final = Command(
    name="cancel",
    level=Level.READ,
    title=Text("Avbryt ett kommando", "Cancel a command"),
    texts=(
        TextParameter(
            name="command_id",
            title=Text("Kommandots id", "The command's id"),
            pattern=r"[0-9a-z-]{1,64}",
            example="2f1c7a52-6d0b-4c46-9d0b-8f1d0a6f7c11",
        ),
    ),
    expires_seconds=30,
)
"""Takes back a command that was sent. Every device knows it, only the platform sends it, and no class lists it."""

SELF_TEST: Final = "self_test"


def stage_update(title: Text, refused_while: tuple[str, ...]) -> Command:
    """A class's command to lay a software version ready beside the running one; staff on site put it into use.

    Result: {"staged": version, "running": version}.
    """
    version = TextParameter(
        name="version",
        title=Text("Programversion", "Software version"),
        pattern=r"[0-9A-Za-z][0-9A-Za-z._+-]{0,39}",
        example="2.4.1",
    )
    return Command(
        name="stage_update",
        level=Level.REVERSIBLE,
        title=title,
        texts=(version,),
        refused_while=refused_while,
        expires_seconds=3_600,
    )
