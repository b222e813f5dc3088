"""Fault catalogue: what a native code of a native system means, what to do about it, and who should hear of it."""

from dataclasses import dataclass
from enum import StrEnum

from fleet.errors import ProfileError
from fleet.signals import Audience, Basis
from fleet.text import Text


class Severity(StrEnum):
    """How urgent a fault or an alarm is, in rising order; the rank is `Severity.rank`."""

    INFO = "info"
    WARNING = "warning"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info up to 3 for critical."""
        return list(Severity).index(self)


class Remedy(StrEnum):
    """Who can end a fault (domain.md 2.5, column "remote")."""

    CLEARS_ITSELF = "clears_itself"
    USER_WITH_GUIDANCE = "user_with_guidance"
    WORKSHOP = "workshop"
    PLATFORM = "platform"
    CARE_CHAIN = "care_chain"


@dataclass(frozen=True, slots=True)
class NativeCode:
    """A code as the device's own system spells it. The same code in another system is another fault.

    Attributes:
        system: native system, such as `vr2` or `r-net`; lower case.
        code: the code as text, because native codes are flashes, hex words and letters alike.
    """

    system: str
    code: str

    def __post_init__(self) -> None:
        if not self.system or not self.code or self.system != self.system.lower():
            raise ProfileError(f"native code {self.system!r}/{self.code!r}: lower-case system and a code are needed")


def native(*spelled: str) -> tuple[NativeCode, ...]:
    """Native codes for a readable fault table, each text a system and its codes: `native("vr2 2", "ics 2029 2039")`.

    Raises:
        ProfileError: a text names a system without a code.
    """
    return tuple(NativeCode(system, code) for system, *codes in map(str.split, spelled) for code in codes or ("",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One entry of a class's fault catalogue.

    Attributes:
        code: our normalised code, such as `WC-BAT-01`.
        native: every native spelling that means this fault.
        clearable: whether the platform may clear it remotely. Never true for a safety fault: the evidence must survive.
        derived: found by the platform from readings, so no device sends it.
    """

    code: str
    title: Text
    cause: Text
    action: Text
    severity: Severity
    remedy: Remedy
    native: tuple[NativeCode, ...] = ()
    clearable: bool = False
    derived: bool = False
    audience: Audience = Audience.TECHNICAL
    basis: Basis = Basis.ASSUMED
    source: str = ""

    def __post_init__(self) -> None:
        if not self.native and not self.derived:
            raise ProfileError(f"fault {self.code}: give it at least one native code, or say that it is derived")
        if self.clearable and self.severity is Severity.CRITICAL:
            raise ProfileError(
                f"fault {self.code}: a critical fault is never cleared remotely, its evidence must survive"
            )
