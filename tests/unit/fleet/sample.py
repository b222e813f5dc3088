"""A small valid device class for the tests of the shared domain; each test overrides what it is about."""

from datetime import UTC, datetime
from typing import Any, Final

from fleet.commands import Command, Level
from fleet.faults import Fault, Remedy, Severity, native
from fleet.models import Conversion, DeviceModel
from fleet.profile import DeviceProfile
from fleet.rules import FaultActive, Threshold
from fleet.signals import Event, Kind, Metric
from fleet.text import Text
from fleet.usage import AtLeast, Gather, IdlePolicy, Measure, UsageDefinition

NOON: Final = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
NAME: Final = Text("namn", "name")


def fault(code: str = "LMP-BAT-01", **changes: Any) -> Fault:
    fields: dict[str, Any] = {
        "title": Text("Batteriet är slut", "Battery flat"),
        "cause": Text("Den laddades inte.", "It was not charged."),
        "action": Text("Ladda den.", "Charge it."),
        "severity": Severity.WARNING,
        "remedy": Remedy.CLEARS_ITSELF,
        "native": native("lamp 1"),
    }
    return Fault(code=code, **(fields | changes))


def model(key: str = "lamp-one", **changes: Any) -> DeviceModel:
    return DeviceModel(key=key, maker="Ljus AB", name="Lampa 1", **changes)


def usage(*clauses: AtLeast) -> UsageDefinition:
    return UsageDefinition(
        measures=(
            Measure(name="minutes", title=NAME, unit="min", gather=Gather.SUM, metric="light.time"),
            Measure(name="longest", title=NAME, unit="min", gather=Gather.MAXIMUM, metric="light.time"),
            Measure(name="presses", title=NAME, unit="{count}", gather=Gather.COUNT, event="pressed"),
        ),
        used_when=clauses or (AtLeast("minutes", 10), AtLeast("presses", 2)),
        reason=NAME,
    )


def profile(**changes: Any) -> DeviceProfile:
    fields: dict[str, Any] = {
        "name": "lamp",
        "title": NAME,
        "metrics": (
            Metric(key="battery.soc", unit="%", title=NAME, low=0, high=100),
            Metric(key="light.time", unit="min", title=NAME, low=0, high=60),
            Metric(key="light.presses", unit="{count}", title=NAME, low=0, high=50, kind=Kind.COUNT),
            Metric(key="light.on", unit="1", title=NAME, low=0, high=1, kind=Kind.FLAG),
        ),
        "events": (Event(name="pressed", title=NAME), Event(name="released", title=NAME)),
        "faults": (fault(),),
        "commands": (Command(name="locate_beep", level=Level.REVERSIBLE, title=NAME, refused_while=("lit",)),),
        "rules": (
            Threshold(name="low", title=NAME, severity=Severity.WARNING, metric="battery.soc", below=20, clear_at=30),
            FaultActive(name="flat", title=NAME, severity=Severity.HIGH, faults=("LMP-BAT-01",)),
        ),
        "usage": usage(),
        "idle_policies": (IdlePolicy(name="default", note_days=7, contact_days=14, propose_days=30),),
        "models": (model(),),
        "operating_states": ("dark", "lit"),
    }
    return DeviceProfile(**(fields | changes))


POUNDS: Final = Conversion(native_unit="0.01 lb", scale=0.0045359237, sentinels=(65535.0,))
