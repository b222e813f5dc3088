"""Alarm rules as values: each kind is one file, evaluated from a device's state, never from edges.

A condition that is already true when the engine starts is found like any other, because a rule looks at what is, not at
what just changed. Every rule answers with a `Finding` that carries its reason.
"""

from fleet.rules.base import Finding, Rule, Sample, Snapshot
from fleet.rules.event_seen import EventSeen
from fleet.rules.fault_active import FaultActive
from fleet.rules.silence import Silence
from fleet.rules.threshold import Threshold

__all__ = ["EventSeen", "FaultActive", "Finding", "Rule", "Sample", "Silence", "Snapshot", "Threshold"]
