"""Looks at all signs and faults of a device once; every finding is yes, no or not known, with the words behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fleet.diagnosis.evidence import Evidence, SeenFault
from fleet.diagnosis.knowledge import Knowledge
from fleet.diagnosis.signs import Answer
from fleet.text import Text

RECENT_DAYS: Final = 14
"""A fault that ended within so many days still asks for an explanation."""
RECURRENCE_DAYS: Final = 30
RECURS_FROM: Final = 3
"""A fault that came so many times within RECURRENCE_DAYS comes and goes."""
FALSE_FAULT: Final = 0.0001
"""Probability that a fault is there without any cause of ours (assumed): codes hardly come out of nothing."""
UNKNOWN_CODE: Final = "unknown_code"
UNKNOWN_CODE_USUALLY: Final = 0.002
_STORED: Final = Answer(
    True, Text("tjänsten har sett det i mätvärden som inte visas här", "the platform saw it in readings not shown here")
)
_SETTLED: Final = timedelta(days=1)
_FAULTS_KNOWN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one sign or fault.

    Attributes:
        key: the sign's key, or the fault's code.
        value: yes, no, or None for not known.
        usually: the probability of "yes" although no cause is there.
        recurs: for a fault that is there: whether it comes and goes; None while it is too early to tell.
    """

    key: str
    title: Text
    value: bool | None
    words: Text
    usually: float
    fault: bool = False
    recurs: bool | None = None


def look(knowledge: Knowledge, evidence: Evidence) -> dict[str, Finding]:
    """Every sign and fault of the class, found in the evidence, by key."""
    found = {finding.key: finding for finding in _faults(knowledge, evidence)}
    stored = {fault.code for fault in evidence.active()}
    for sign in knowledge.signs:
        answer = sign.observation.look(evidence)
        derived = sign.key in knowledge.profile.faults_by_code
        if derived and answer.value is None and sign.key in stored:
            answer = _STORED
        found[sign.key] = Finding(sign.key, sign.title, answer.value, answer.words, sign.usually, fault=derived)
    found[UNKNOWN_CODE] = _unknown_code(evidence)
    return found


def unknown_codes(evidence: Evidence) -> tuple[SeenFault, ...]:
    """The native codes no profile knows, newest first: kept and shown as the device spells them."""
    unknown = [fault for fault in evidence.recent(RECENT_DAYS) if fault.code is None]
    return tuple(sorted(unknown, key=lambda fault: fault.raised_at, reverse=True))


def _faults(knowledge: Knowledge, evidence: Evidence) -> Iterator[Finding]:
    by_code: dict[str, list[SeenFault]] = {}
    for seen in evidence.recent(RECURRENCE_DAYS):
        by_code.setdefault(seen.code or "", []).append(seen)
    heard = evidence.last_seen_at is not None and evidence.now - evidence.last_seen_at <= _FAULTS_KNOWN
    for fault in knowledge.profile.faults:
        if fault.derived:
            continue
        stays = by_code.get(fault.code, [])
        present = [stay for stay in stays if stay.active or stay in evidence.recent(RECENT_DAYS)]
        if present:
            yield Finding(fault.code, fault.title, True, _words(stays), FALSE_FAULT, fault=True,
                          recurs=_recurs(stays, evidence))  # fmt: skip
            continue
        absent = heard and evidence.can_say(fault.code)
        words = Text("inte rapporterat", "not reported") if absent else Text("kan inte avgöras", "cannot be judged")
        yield Finding(fault.code, fault.title, False if absent else None, words, FALSE_FAULT, fault=True)


def _recurs(stays: list[SeenFault], evidence: Evidence) -> bool | None:
    """Whether a fault comes and goes; a fault of the last day is too young to tell."""
    if sum(max(1, stay.times) for stay in stays) >= RECURS_FROM:
        return True
    first = min(stay.raised_at for stay in stays)
    return False if evidence.now - first >= _SETTLED else None


def _words(stays: list[SeenFault]) -> Text:
    newest = max(stays, key=lambda stay: stay.raised_at)
    times = sum(max(1, stay.times) for stay in stays)
    spelled = f"{newest.system}/{newest.native_code}"
    sv, en = ("gång", "time") if times == 1 else ("gånger", "times")
    return Text(f"{spelled}, {times} {sv} på 30 dygn", f"{spelled}, {times} {en} in 30 days")


def _unknown_code(evidence: Evidence) -> Finding:
    codes = unknown_codes(evidence)
    spelled = ", ".join(f"{fault.system}/{fault.native_code}" for fault in codes[:5])
    title = Text("en felkod som ingen profil känner", "a fault code that no profile knows")
    words = Text(spelled or "ingen", spelled or "none")
    return Finding(UNKNOWN_CODE, title, bool(codes), words, UNKNOWN_CODE_USUALLY)


def known_share(findings: Mapping[str, Finding]) -> float:
    """The share of the signs and faults that are known one way or the other."""
    return sum(finding.value is not None for finding in findings.values()) / max(1, len(findings))
