"""A device class as its profile describes it. Nobody's data."""

from typing import Annotated, Any, Final

from pydantic import Field

from diagnostics.faults.schemas import FaultMeaning
from diagnostics.schemas import Answer, BilingualText, shown

_TITLE: Final = {"sv": "Elrullstol", "en": "Electric wheelchair"}
_EXAMPLE: Final[dict[str, Any]] = {
    "name": "wheelchair",
    "title": _TITLE,
    "metrics": [
        {
            "key": "battery.soc",
            "title": {"sv": "Laddningsnivå", "en": "State of charge"},
            "unit": "%",
            "kind": "number",
            "low": 0,
            "high": 100,
            "audience": "technical",
            "cadence_seconds": 60,
        }
    ],
    "events": [
        {
            "name": "charge_started",
            "title": {"sv": "Laddning började", "en": "Charging started"},
            "audience": "technical",
        }
    ],
    "faults": [],
    "commands": [
        {
            "name": "read_live",
            "title": {"sv": "Läs aktuella värden", "en": "Read live values"},
            "level": "read",
            "refused_while": [],
            "expires_seconds": 60,
            "parameters": [
                {
                    "name": "seconds",
                    "title": {"sv": "Antal sekunder", "en": "Number of seconds"},
                    "unit": "s",
                    "low": 1,
                    "high": 60,
                    "default": 5,
                }
            ],
            "texts": [],
            "permission": None,
        }
    ],
    "subsystems": [{"name": "battery", "title": {"sv": "Batteri och laddning", "en": "Battery and charging"}}],
    "operating_states": ["resting", "driving"],
    "rules": [
        {
            "name": "battery_low",
            "title": {"sv": "Batteriet behöver laddas", "en": "Battery needs charging"},
            "severity": "warning",
            "safety": False,
            "audience": "technical",
            "hold_seconds": 900,
        }
    ],
    "idle_policies": [{"name": "indoor", "note_days": 7, "contact_days": 14, "propose_days": 30}],
    "used_means": {"sv": "Minst en förflyttning på 20 m.", "en": "At least one bout of 20 m."},
    "models": [{"key": "permobil-m3", "maker": "Permobil", "name": "M3 Corpus"}],
}


class ClassItem(Answer):
    """One device class in the list."""

    model_config = shown({"name": "wheelchair", "title": _TITLE})

    name: str
    title: BilingualText


class MetricItem(Answer):
    """A metric of the class."""

    key: str
    title: BilingualText
    unit: Annotated[str, Field(description="UCUM")]
    kind: str
    low: float
    high: float
    audience: str
    cadence_seconds: int | None


class EventKind(Answer):
    """An event of the class."""

    name: str
    title: BilingualText
    audience: str


class ParameterItem(Answer):
    """A parameter of a command, with its bounds."""

    name: str
    title: BilingualText
    unit: str
    low: float
    high: float
    default: float | None


class TextParameterItem(Answer):
    """A short text that a command takes."""

    name: str
    title: BilingualText
    pattern: Annotated[str, Field(description="Regular expression that the whole text must match")]
    example: str


class PermissionItem(Answer):
    """Whose word allows a setting to be changed from afar."""

    by: BilingualText
    basis: Annotated[str, Field(description="verified, or assumed and to be agreed with the maker before use")]
    source: str


class SubsystemItem(Answer):
    """A part of the device that its self-test grades."""

    name: str
    title: BilingualText


class CommandKind(Answer):
    """A command of the class."""

    name: str
    title: BilingualText
    level: Annotated[str, Field(description="read, reversible, or setting, which takes two persons")]
    refused_while: Annotated[list[str], Field(description="What the device may be doing when it refuses")]
    expires_seconds: int
    parameters: list[ParameterItem]
    texts: list[TextParameterItem]
    permission: Annotated[PermissionItem | None, Field(description="Of a setting: whose word allows it")]


class RuleItem(Answer):
    """An alarm rule of the class."""

    name: str
    title: BilingualText
    severity: str
    safety: bool
    audience: str
    hold_seconds: int


class PolicyItem(Answer):
    """Days without use until each step."""

    name: str
    note_days: int
    contact_days: int
    propose_days: int


class ModelItem(Answer):
    """A model of the class."""

    key: str
    maker: str
    name: str


class ClassDetail(ClassItem):
    """Everything a profile declares that a user of the API needs."""

    model_config = shown(_EXAMPLE)

    metrics: list[MetricItem]
    events: list[EventKind]
    faults: list[FaultMeaning]
    commands: list[CommandKind]
    subsystems: list[SubsystemItem]
    operating_states: Annotated[list[str], Field(description="What the device may be doing; the first is rest")]
    rules: list[RuleItem]
    idle_policies: list[PolicyItem]
    used_means: BilingualText
    models: list[ModelItem]
