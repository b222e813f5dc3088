"""A device class of the tests' own, with a metric, event and rule per audience: no real profile decides a test."""

from dataclasses import replace
from typing import Final

from fleet.faults import Fault, NativeCode, Remedy, Severity
from fleet.models import DeviceModel
from fleet.profile import DeviceProfile
from fleet.registry import Registry, build_registry, load_registry
from fleet.rules import Silence
from fleet.signals import Audience, Event, Kind, Metric
from fleet.text import Text
from fleet.usage import AtLeast, Gather, IdlePolicy, Measure, UsageDefinition

CLASS: Final = "probe"
MODEL: Final = "probe-one"


def _text(name: str) -> Text:
    return Text(f"{name} på svenska", f"{name} in English")


def metric(key: str, audience: Audience = Audience.TECHNICAL, kind: Kind = Kind.NUMBER) -> Metric:
    """A metric of the probe."""
    return Metric(key=key, unit="1", title=_text(key), low=0, high=100, audience=audience, kind=kind)


PROBE: Final = DeviceProfile(
    name=CLASS,
    title=_text("probe"),
    metrics=(
        metric("battery.soc"),
        metric("dose.count", Audience.CARE, Kind.COUNT),
        metric("body.weight", Audience.CLINICAL),
        metric("lid.open", kind=Kind.FLAG),
    ),
    events=tuple(Event(name=f"{audience}_event", title=_text(audience), audience=audience) for audience in Audience),
    faults=(
        Fault(
            code="PR-01",
            title=_text("fault"),
            cause=_text("cause"),
            action=_text("action"),
            severity=Severity.WARNING,
            remedy=Remedy.WORKSHOP,
            native=(NativeCode("probe", "1"), NativeCode("probe", "2")),
        ),
        *(
            Fault(
                code=f"PR-{audience}",
                title=_text("fault"),
                cause=_text("cause"),
                action=_text("action"),
                severity=Severity.WARNING,
                remedy=Remedy.CARE_CHAIN,
                native=(NativeCode("probe", audience),),
                audience=audience,
            )
            for audience in (Audience.CARE, Audience.CLINICAL)
        ),
    ),
    commands=(),
    rules=tuple(
        Silence(
            name=f"{audience}_silence",
            title=_text(audience),
            severity=Severity.INFO,
            audience=audience,
            after_seconds=60,
        )
        for audience in Audience
    ),
    usage=UsageDefinition(
        measures=(
            Measure(name="doses", title=_text("doses"), unit="1", gather=Gather.SUM, metric="dose.count"),
            Measure(name="lids", title=_text("lids"), unit="1", gather=Gather.COUNT, event="care_event"),
        ),
        used_when=(AtLeast("doses", 1), AtLeast("lids", 1)),
        reason=_text("reason"),
    ),
    idle_policies=(IdlePolicy(name="default", note_days=7, contact_days=14, propose_days=30),),
    models=(DeviceModel(key=MODEL, maker="Maker", name="One", rent_sek=100.0),),
    operating_states=("rest",),
)


def registry(*profiles: DeviceProfile) -> Registry:
    """A registry of just these."""
    return build_registry((f"{profile.name}.py", profile) for profile in profiles)


def registry_with_probe() -> Registry:
    """The installation's own classes and the probe."""
    return registry(*load_registry(), PROBE)


def with_metrics(*metrics: Metric) -> DeviceProfile:
    """The probe with other metrics; usage and rules follow so that it stays consistent."""
    usage = UsageDefinition(
        measures=(Measure(name="lids", title=_text("lids"), unit="1", gather=Gather.COUNT, event="care_event"),),
        used_when=(AtLeast("lids", 1),),
        reason=_text("reason"),
    )
    return replace(PROBE, metrics=metrics, usage=usage)
