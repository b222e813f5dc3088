"""Alarm rules as values: each kind is one file, evaluated from a device's state, never from edges.

A condition that is already true when the engine starts is found like any other, because a rule looks at what is, not at
what just changed. Every rule answers with a `Finding` that carries its reason.
"""

from fleet.rules.base import Finding, Gathered, Needs, Rule, Sample, Snapshot
from fleet.rules.battery_hours import BatteryHours
from fleet.rules.combined import AllOf, AnyOf, Combined
from fleet.rules.deviation import Deviation
from fleet.rules.dose import DoseMissed, DoseReported, DoseUnknown, OtherSchedule, RollUnverified
from fleet.rules.event_seen import EventSeen
from fleet.rules.expected import Expected
from fleet.rules.fault_active import FaultActive
from fleet.rules.lasting import Lasting
from fleet.rules.rate import Rate
from fleet.rules.repeated import Repeated
from fleet.rules.silence import Silence
from fleet.rules.threshold import Threshold

__all__ = [
    "AllOf",
    "AnyOf",
    "BatteryHours",
    "Combined",
    "Deviation",
    "DoseMissed",
    "DoseReported",
    "DoseUnknown",
    "EventSeen",
    "Expected",
    "FaultActive",
    "Finding",
    "Gathered",
    "Lasting",
    "Needs",
    "OtherSchedule",
    "Rate",
    "Repeated",
    "RollUnverified",
    "Rule",
    "Sample",
    "Silence",
    "Snapshot",
    "Threshold",
]
