"""Commands a device class answers to, each with its safety level; a motion command cannot be declared."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fleet.errors import ProfileError
from fleet.signals import NAME_PATTERN
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
class Command:
    """One thing the platform may ask a device to do.

    Attributes:
        refused_while: operating states (`DeviceProfile.operating_states`) in which the device must refuse.
        expires_seconds: default life; after it neither broker nor device lets the command through.

    Raises:
        ProfileError: the name promises motion, or a command above `read` names no state in which it is refused.
    """

    name: str
    level: Level
    title: Text
    parameters: tuple[Parameter, ...] = ()
    refused_while: tuple[str, ...] = ()
    expires_seconds: int = 60

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name):
            raise ProfileError(f"command {self.name!r}: use lower-case words joined by _")
        if promised := _promises(self.name):
            raise ProfileError(f"command {self.name}: {promised!r} promises motion; no motion command exists here")
        if self.level is not Level.READ and not self.refused_while:
            raise ProfileError(f"command {self.name}: a {self.level} command must name states in which it is refused")
        if self.expires_seconds <= 0:
            raise ProfileError(f"command {self.name}: expiry must be positive seconds")


READ_FAULTS: Final = Command(
    name="read_faults", level=Level.READ, title=Text("Läs felkoder", "Read fault codes"), expires_seconds=30
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
    expires_seconds=60,
)
COMMON_READ_COMMANDS: Final = (READ_FAULTS, READ_VERSIONS, READ_LIVE)
