"""Knowledge of one device class: causes, the signs they give, checks and parts; all of it data, each line explainable.

The dictionary of faults follows from it: a fault's causes are those that raise it, the likeliest first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

from fleet.diagnosis.signs import Observation
from fleet.errors import ProfileError
from fleet.faults import Fault, Remedy, Severity
from fleet.priority import PriorityClass
from fleet.profile import DeviceProfile
from fleet.signals import Basis
from fleet.text import Text


class Advice(StrEnum):
    """What to do about a cause."""

    REMOTE = "remote"
    VISIT = "visit"
    EXCHANGE = "exchange"
    CARE = "care"


class Doer(StrEnum):
    """Who makes a check."""

    PLATFORM = "platform"
    USER = "user"
    TECHNICIAN = "technician"
    CARE = "care"


@dataclass(frozen=True, slots=True)
class Check:
    """A way to tell whether a cause is there.

    Attributes:
        minutes: what it costs, of everybody's time; a visit's journey included.
    """

    key: str
    title: Text
    minutes: float
    by: Doer


@dataclass(frozen=True, slots=True)
class Part:
    """Something a technician brings."""

    key: str
    title: Text


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that speaks for some causes.

    Attributes:
        observation: how it is found in the evidence.
        usually: the probability that it is seen although no cause of ours is there.
    """

    key: str
    title: Text
    observation: Observation
    usually: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One thing that can be wrong. Causes are told apart only where the remedy or the part differs.

    Attributes:
        rate: how often it arises, per 1,000 devices and year; only the proportions matter.
        raises: fault code to the probability that the cause raises it, on a model that can say it.
        shows: sign to the probability that the cause gives it.
        recurs: probability that a fault of it comes and goes (three times or more in a month) rather than staying.
        advice: what to do; `script` is read to the user where it is `REMOTE`.
        basis, source: where rate and probabilities come from. ASSUMED until outcomes have been counted (`learning`).
    """

    key: str
    title: Text
    rate: float
    raises: Mapping[str, float]
    shows: Mapping[str, float]
    recurs: float
    advice: Advice
    check: str
    parts: tuple[str, ...] = ()
    script: Text | None = None
    basis: Basis = Basis.ASSUMED
    source: str = "assumed"


@dataclass(frozen=True, slots=True)
class DictionaryEntry:
    """What the dictionary says of one fault, whatever the maker calls it.

    Attributes:
        causes: the likeliest first, each with its share of the fault's occurrences (all shares make 1).
    """

    fault: Fault
    causes: tuple[tuple[Cause, float], ...]
    checks: tuple[Check, ...]
    remote: tuple[Cause, ...]
    parts: tuple[Part, ...]
    priority: PriorityClass


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """Everything diagnosis knows of one class.

    Raises:
        ProfileError: a cause names a fault, sign, check or part that is not declared, or a probability that is none.
    """

    profile: DeviceProfile
    causes: tuple[Cause, ...]
    signs: tuple[Sign, ...] = ()
    checks: tuple[Check, ...] = ()
    parts: tuple[Part, ...] = ()
    acute: frozenset[str] = frozenset()
    on_call: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise ProfileError(f"knowledge of {self.profile.name}: {problem}")

    def _problems(self) -> Iterable[str]:
        keys = [cause.key for cause in self.causes]
        yield from (f"cause {key} is declared twice" for key in set(keys) if keys.count(key) > 1)
        faults, signs = self.profile.faults_by_code, self.signs_by_key
        yield from (f"priority of {code!r}, which is no fault" for code in (self.acute | self.on_call) - faults.keys())
        yield from (f"derived fault {f.code} has no sign" for f in faults.values() if f.derived and f.code not in signs)
        for cause in self.causes:
            unknown = (cause.raises.keys() - faults.keys()) | (cause.shows.keys() - signs.keys())
            unknown |= ({cause.check} - self.checks_by_key.keys()) | (set(cause.parts) - self.parts_by_key.keys())
            yield from (f"cause {cause.key} names {name!r}, which is not declared" for name in unknown)
            chances = (*cause.raises.values(), *cause.shows.values(), cause.recurs)
            if cause.rate <= 0 or not all(0 < chance < 1 for chance in chances):
                yield f"cause {cause.key}: rates are positive, probabilities lie between 0 and 1"
            if cause.advice is Advice.REMOTE and cause.script is None:
                yield f"cause {cause.key} is solved remotely, so it needs a script"
        missing = faults.keys() - {code for cause in self.causes for code in cause.raises}
        yield from (f"no cause raises {code}" for code in sorted(missing))

    @cached_property
    def causes_by_key(self) -> dict[str, Cause]:
        """Key to cause."""
        return {cause.key: cause for cause in self.causes}

    @cached_property
    def signs_by_key(self) -> dict[str, Sign]:
        """Key to sign."""
        return {sign.key: sign for sign in self.signs}

    @cached_property
    def checks_by_key(self) -> dict[str, Check]:
        """Key to check."""
        return {check.key: check for check in self.checks}

    @cached_property
    def parts_by_key(self) -> dict[str, Part]:
        """Key to part."""
        return {part.key: part for part in self.parts}

    def priority(self, code: str) -> PriorityClass:
        """The priority class of a fault."""
        if code in self.on_call:
            return PriorityClass.ON_CALL
        return PriorityClass.ACUTE if code in self.acute else PriorityClass.ORDINARY

    def entry(self, code: str) -> DictionaryEntry:
        """What the dictionary says of a fault.

        Raises:
            KeyError: the class has no such fault.
        """
        weights = {cause.key: cause.rate * cause.raises.get(code, 0.0) for cause in self.causes}
        ordered = sorted((c for c in self.causes if code in c.raises), key=lambda cause: -weights[cause.key])
        whole = sum(weights.values())
        return DictionaryEntry(
            fault=self.profile.faults_by_code[code],
            causes=tuple((cause, weights[cause.key] / whole) for cause in ordered),
            checks=tuple(self.checks_by_key[key] for key in dict.fromkeys(cause.check for cause in ordered)),
            remote=tuple(cause for cause in ordered if cause.advice is Advice.REMOTE),
            parts=tuple(self.parts_by_key[key] for key in dict.fromkeys(p for cause in ordered for p in cause.parts)),
            priority=self.priority(code),
        )


def chances(text: str) -> dict[str, float]:
    """Probabilities for a readable table: `chances("WC-BAT-01:.6 WC-BAT-05:.5")`."""
    return {name: float(chance) for name, _, chance in (entry.rpartition(":") for entry in text.split())}


def cause(  # noqa: PLR0913 - one line of a table
    key: str, rate: float, sv: str, en: str, *, raises: str, check: str, shows: str = "", recurs: float = 0.3,
    advice: Advice = Advice.VISIT, parts: str = "", script: Text | None = None, basis: Basis = Basis.ASSUMED,
    source: str = "assumed",
) -> Cause:  # fmt: skip
    """One line of a class's table of causes; a script makes the advice `REMOTE`."""
    return Cause(
        key=key,
        title=Text(sv, en),
        rate=rate,
        raises=chances(raises),
        shows=chances(shows),
        recurs=recurs,
        advice=Advice.REMOTE if script else advice,
        check=check,
        parts=tuple(parts.split()),
        script=script,
        basis=basis,
        source=source,
    )


_ADVICE: Final[Mapping[Remedy, Advice]] = {
    Remedy.CARE_CHAIN: Advice.CARE,
    Remedy.USER_WITH_GUIDANCE: Advice.REMOTE,
    Remedy.PLATFORM: Advice.REMOTE,
    Remedy.CLEARS_ITSELF: Advice.REMOTE,
    Remedy.WORKSHOP: Advice.VISIT,
}


@dataclass(frozen=True, slots=True)
class _Never(Observation):
    """Stands for a derived fault of a class without knowledge: nobody can look for it."""

    why: Text = field(default_factory=lambda: Text("ingen regel finns än", "there is no rule yet"))


def plain_knowledge(profile: DeviceProfile) -> Knowledge:
    """Knowledge of a class that nobody has written any for: each fault is its own cause, as its catalogue says."""
    check = Check("look", Text("Felsök på plats", "Examine on site"), 60, Doer.TECHNICIAN)
    causes = tuple(
        Cause(
            key=fault.code.lower().replace("-", "_"),
            title=fault.cause,
            rate=1.0,
            raises={fault.code: 0.9},
            shows={},
            recurs=0.3,
            advice=_ADVICE[fault.remedy],
            check="look",
            script=fault.action if _ADVICE[fault.remedy] is Advice.REMOTE else None,
        )
        for fault in profile.faults
    )
    return Knowledge(
        profile=profile,
        causes=causes,
        signs=tuple(Sign(f.code, f.title, _Never()) for f in profile.faults if f.derived),
        checks=(check,),
        acute=frozenset(fault.code for fault in profile.faults if fault.severity is Severity.CRITICAL),
    )


def with_rates(knowledge: Knowledge, rates: Mapping[str, float]) -> Knowledge:
    """The same knowledge with other rates for some causes."""
    return replace(knowledge, causes=tuple(replace(c, rate=rates.get(c.key, c.rate)) for c in knowledge.causes))
