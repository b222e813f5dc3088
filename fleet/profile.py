"""A device class in one value: everything that wire, store, simulator, console and dashboards follow."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from fleet.commands import COMMON_READ_COMMANDS, SELF_TEST, Command, Level, Parameter
from fleet.doing import StateTold
from fleet.errors import ProfileError
from fleet.faults import Fault, NativeCode
from fleet.models import DeviceModel
from fleet.rules.base import Rule
from fleet.self_test import Subsystem, area_of
from fleet.signals import COMMON_EVENTS, NAME_PATTERN, Event, Metric
from fleet.text import Text
from fleet.usage import IdlePolicy, UsageDefinition


@dataclass(frozen=True, kw_only=True)
class DeviceProfile:
    """One device class (hjälpmedelstyp).

    Attributes:
        name: short name used in tables and addresses, such as `wheelchair`.
        operating_states: what the device may be doing, in which a command can be refused; the first is rest.
        states_told: which of them can be heard of from afar, and by which events; only advice hangs on it.
        models: the models of the class; the first is the simulator's default.
        faults: at least 20, keyed by native system and code.
        subsystems: what a self-test grades; together they cover the area of every fault.

    Raises:
        ProfileError: it contradicts itself; the message names the entry and the mend.
    """

    name: str
    title: Text
    metrics: tuple[Metric, ...]
    events: tuple[Event, ...]
    faults: tuple[Fault, ...]
    commands: tuple[Command, ...]
    rules: tuple[Rule, ...]
    usage: UsageDefinition
    idle_policies: tuple[IdlePolicy, ...]
    models: tuple[DeviceModel, ...]
    operating_states: tuple[str, ...]
    subsystems: tuple[Subsystem, ...] = ()
    states_told: tuple[StateTold, ...] = ()

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name):
            raise ProfileError(f"profile {self.name!r}: use lower-case words joined by _")
        for problem in self._problems():
            raise ProfileError(f"profile {self.name}: {problem}")

    def _problems(self) -> Iterable[str]:
        yield from _repeated("metric column", (metric.column for metric in self.metrics))
        yield from _repeated("event", (event.name for event in self.all_events))
        yield from _repeated("fault", (fault.code for fault in self.faults))
        yield from _repeated("command", (command.name for command in self.all_commands))
        yield from _repeated("rule", (rule.name for rule in self.rules))
        yield from _repeated("native code", (native for fault in self.faults for native in fault.native))
        yield from _repeated("idle policy", (policy.name for policy in self.idle_policies))
        yield from _repeated("subsystem", (subsystem.name for subsystem in self.subsystems))
        yield from _repeated("area", (area for subsystem in self.subsystems for area in subsystem.areas))
        yield from self._dangling()
        yield from self._model_problems()
        yield from self._untested()

    def _dangling(self) -> Iterable[str]:
        metrics, events, faults = set(self.metrics_by_key), {e.name for e in self.all_events}, set(self.faults_by_code)
        for rule in self.rules:
            for unknown in (rule.metrics() - metrics) | (rule.event_names() - events) | (rule.fault_codes() - faults):
                yield f"rule {rule.name} names {unknown!r}, which is not declared"
        for measure in self.usage.measures:
            if (measure.metric or measure.event) not in metrics | events:
                yield f"measure {measure.name} gathers {measure.metric or measure.event!r}, which is not declared"
        for command in self.all_commands:
            for state in set(command.refused_while) - set(self.operating_states):
                yield f"command {command.name} is refused while {state!r}, which is no operating state"
        for told in self.states_told:
            for unknown in ({told.state} - set(self.operating_states)) | ({*told.begins, *told.ends} - events):
                yield f"state {told.state} is told by {unknown!r}, which is not declared"

    def _untested(self) -> Iterable[str]:
        if SELF_TEST not in self.commands_by_name:
            return
        covered = {area for subsystem in self.subsystems for area in subsystem.areas}
        for fault in self.faults:
            if area_of(fault.code) not in covered:
                yield f"fault {fault.code} belongs to no subsystem, so a self-test could not grade it"
        for subsystem in self.subsystems:
            for unknown in set(subsystem.metrics) - set(self.metrics_by_key):
                yield f"subsystem {subsystem.name} names metric {unknown!r}, which is not declared"

    def _model_problems(self) -> Iterable[str]:
        if not self.models or not self.operating_states:
            yield "at least one model and one operating state are needed"
        policies = {policy.name for policy in self.idle_policies}
        for model in self.models:
            named = model.missing | set(model.conversions) | set(model.renamed.values())
            for unknown in named - set(self.metrics_by_key):
                yield f"model {model.key} names metric {unknown!r}, which is not declared"
            if model.idle_policy not in policies:
                yield f"model {model.key} follows idle policy {model.idle_policy!r}, which is not declared"

    @cached_property
    def all_events(self) -> tuple[Event, ...]:
        """The class's own events and those every class has."""
        return (*self.events, *COMMON_EVENTS)

    @cached_property
    def all_commands(self) -> tuple[Command, ...]:
        """The class's own commands and the reading commands every class has."""
        return (*COMMON_READ_COMMANDS, *self.commands)

    @cached_property
    def metrics_by_key(self) -> dict[str, Metric]:
        """Metric key to metric, in declared order."""
        return {metric.key: metric for metric in self.metrics}

    @cached_property
    def faults_by_code(self) -> dict[str, Fault]:
        """Normalised code to fault."""
        return {fault.code: fault for fault in self.faults}

    @cached_property
    def faults_by_native(self) -> dict[NativeCode, Fault]:
        """Native system and code to fault."""
        return {native: fault for fault in self.faults for native in fault.native}

    @cached_property
    def commands_by_name(self) -> dict[str, Command]:
        """Command name to command."""
        return {command.name: command for command in self.all_commands}

    @cached_property
    def settings(self) -> dict[str, tuple[Command, Parameter]]:
        """Every bounded parameter that may be set, under the key with which `read_parameters` tells its value."""
        return {
            command.setting_key(parameter): (command, parameter)
            for command in self.all_commands
            if command.level is Level.SETTING
            for parameter in command.parameters
        }

    def subsystem_of(self, fault_code: str) -> Subsystem | None:
        """The subsystem a fault of this class belongs to, or None where none covers its area."""
        area = area_of(fault_code)
        return next((subsystem for subsystem in self.subsystems if area in subsystem.areas), None)

    def idle_policy(self, model: DeviceModel) -> IdlePolicy:
        """The idle policy a model follows."""
        return next(policy for policy in self.idle_policies if policy.name == model.idle_policy)

    def model(self, key: str, firmware: str = "") -> DeviceModel | None:
        """The description of a model at a firmware version, or None where no description fits."""
        return next((model for model in self.models if model.key == key and model.covers(firmware)), None)


def _repeated(what: str, entries: Iterable[object]) -> Iterable[str]:
    for entry, times in Counter(entries).items():
        if times > 1:
            yield f"{what} {entry} is declared {times} times"
