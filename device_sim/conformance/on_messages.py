"""Requirements on what a device says: birth, state, telemetry, names, events, clock."""

from collections.abc import Iterable

from device_sim.conformance.evidence import Evidence
from device_sim.conformance.verdict import Verdict, failed, not_seen, passed
from fleet import codec
from fleet.clock import believed, from_milliseconds
from fleet.errors import RejectedMessageError, shown
from fleet.messages import Birth, Occurrence, Presence, Reading
from fleet.normalise import Normaliser
from fleet.topics import Verb

_FAULT_EVENTS = frozenset({"fault_raised", "fault_cleared"})


def birth(evidence: Evidence) -> Verdict:
    """It says who it is, retained: a known class, a model known at its firmware, metrics of that class."""
    if wrong := _unreadable(evidence, Verb.BIRTH):
        return failed(wrong)
    said = evidence.birth
    if said is None:
        return failed("no birth was heard, and the broker keeps none: publish it retained at every connect")
    if Verb.BIRTH not in evidence.transcript.kept:
        return failed("birth was sent without the retain flag, so a newcomer does not know the device")
    if wrong := _unknown_identity(evidence, said):
        return failed(wrong)
    return passed(f"a {said.device_class}, model {said.model}, firmware {said.firmware}, boot {said.boot}")


def _unknown_identity(evidence: Evidence, said: Birth) -> str:
    """What of a birth the registry does not know; empty where all is known."""
    if evidence.profile is None:
        known = ", ".join(profile.name for profile in evidence.registry)
        return f"device_class {shown(said.device_class)} is not known here; known are {known}"
    if evidence.model is None:
        return f"{evidence.profile.name} knows no model {shown(said.model)} at firmware {shown(said.firmware)}"
    strange = sorted(set(said.metrics) - set(evidence.profile.metrics_by_key))
    return f"birth lists metrics that {evidence.profile.name} does not have: {_listed(strange)}" if strange else ""


def state(evidence: Evidence) -> Verdict:
    """It says that it is online, retained, under the boot of its birth."""
    if wrong := _unreadable(evidence, Verb.STATE):
        return failed(wrong)
    if not evidence.states:
        return failed("no state was heard, and the broker keeps none: publish online true, retained, after birth")
    kept = evidence.transcript.kept.get(Verb.STATE)
    if kept is None:
        return failed("state was sent without the retain flag, so a newcomer does not know whether the device is there")
    told = codec.decode(kept, Presence)
    if not told.online and evidence.numbered and evidence.states[-1][0].at < evidence.numbered[-1].at:
        return failed("it speaks while the broker keeps online false: publish online true after connecting")
    if evidence.birth is not None and told.boot != evidence.birth.boot:
        return failed(f"state tells boot {told.boot}, birth boot {evidence.birth.boot}: they belong together")
    return passed(f"{'online' if told.online else 'offline'}, boot {told.boot}")


def telemetry(evidence: Evidence) -> Verdict:
    """Every telemetry message decodes, and every value lies in its metric's range, in the model's own units."""
    if wrong := _unreadable(evidence, Verb.TELEMETRY):
        return failed(wrong)
    readings = [n.part for n in evidence.of(Reading) if isinstance(n.part, Reading)]
    if not readings:
        return not_seen("no telemetry came: let the device measure something, or listen longer")
    if evidence.profile is None:
        return not_seen("without a known class nothing can be said of its values")
    normaliser = Normaliser(evidence.profile, evidence.model)
    for reading in readings:
        try:
            normaliser.normalise(reading.values, evidence.units)
        except RejectedMessageError as error:
            return failed(f"boot {reading.boot} seq {reading.seq}: {error.advice}")
    return passed(f"{len(readings)} readings decode and lie in their ranges")


def names(evidence: Evidence) -> Verdict:
    """It measures what its class has and its birth lists, under names its model is known for."""
    readings = [n.part for n in evidence.of(Reading) if isinstance(n.part, Reading)]
    if evidence.profile is None or evidence.birth is None or not readings:
        return not_seen("no telemetry of a known class came")
    renamed = evidence.model.renamed if evidence.model else {}
    used = {renamed.get(name, name) for reading in readings for name in reading.values}
    if strange := sorted(used - set(evidence.profile.metrics_by_key)):
        return failed(f"it sends what {evidence.profile.name} does not have (kept and flagged): {_listed(strange)}")
    if unlisted := sorted(used - set(evidence.birth.metrics)):
        return failed(f"it sends metrics that its birth does not list: {_listed(unlisted)}")
    return passed(f"{len(used)} metrics, all known and listed in birth")


def events(evidence: Evidence) -> Verdict:
    """Every event decodes and is declared by the class; fault events carry system and code."""
    if wrong := _unreadable(evidence, Verb.EVENT):
        return failed(wrong)
    occurrences = [n.part for n in evidence.of(Occurrence) if isinstance(n.part, Occurrence)]
    if not occurrences or evidence.profile is None:
        return not_seen("no event of a known class came: make something happen to the device")
    declared = {event.name for event in evidence.profile.all_events}
    for occurrence in occurrences:
        if occurrence.event not in declared:
            return failed(f"{evidence.profile.name} declares no event {shown(occurrence.event)}")
        texts = [occurrence.data.get(name) for name in ("system", "code")]
        if occurrence.event in _FAULT_EVENTS and not all(isinstance(text, str) and text for text in texts):
            return failed(f"{occurrence.event} needs data.system and data.code as texts")
    return passed(f"{len(occurrences)} events, all declared")


def clock(evidence: Evidence) -> Verdict:
    """What it tells is dated by a clock that is believed."""
    if not evidence.numbered:
        return not_seen("no numbered message came")
    for numbered in evidence.numbered:
        if not believed(numbered.part.ts, evidence.transcript.moment(numbered.at)):
            return failed(
                f"boot {numbered.part.boot} seq {numbered.part.seq} is dated {_dated(numbered.part.ts)}: set it"
            )
    return passed("every message is dated within the window in which a clock is believed")


def last_will(evidence: Evidence) -> Verdict:
    """When it goes, the broker says so: online false under the boot that went."""
    alive: dict[int, bool] = {}
    for said, told in evidence.states:
        if told.online:
            alive[told.boot] = True
        elif not said.retained and alive.get(told.boot):
            return passed(f"online false came for boot {told.boot}")
        elif not said.retained and alive:
            return failed(f"online false came for boot {told.boot}, but boot {max(alive)} was online: renew the will")
    if len({b.boot for _, b in evidence.births}) > 1:
        return failed("the device started anew and nobody was told that it had gone: register a last will on state")
    return not_seen("the device did not go: cut its line or its power while this listens, or give --restart")


def _unreadable(evidence: Evidence, verb: Verb) -> str:
    return next(
        (f"a message under {verb} cannot be read: {why}" for heard, why in evidence.unreadable if heard is verb), ""
    )


def _listed(entries: Iterable[str]) -> str:
    chosen = [shown(entry) for entry in entries]
    more = f" and {len(chosen) - 5} more" if len(chosen) > 5 else ""
    return ", ".join(chosen[:5]) + more


def _dated(milliseconds: int) -> str:
    try:
        return f"{from_milliseconds(milliseconds):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return f"{milliseconds} ms"
