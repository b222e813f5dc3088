"""What holds for every device class: completeness, honest signals, rules that can fire, usage that can be reached."""

import re
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from fleet.commands import COMMON_READ_COMMANDS, MOTION_WORDS, Level
from fleet.doses import Dose, Outcome, Standing
from fleet.faults import Fault, NativeCode, Remedy, Severity
from fleet.models import DeviceModel
from fleet.profile import DeviceProfile
from fleet.rules import (
    BatteryHours,
    Combined,
    Deviation,
    DoseUnknown,
    EventSeen,
    Expected,
    FaultActive,
    OtherSchedule,
    Repeated,
    RollUnverified,
    Rule,
    Sample,
    Silence,
    Snapshot,
    Threshold,
)
from fleet.signals import Audience, Basis, Kind, Metric
from fleet.usage import Gather
from tests.profiles.cases import PROFILES, each_model, each_profile
from tests.profiles.ucum import UCUM

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
FEWEST_FAULTS = 20
# What a technician never sees (domain 7): what describes the person, not the machine.
PERSONAL = re.compile(
    r"(body|bp|dose|doses|resp|tidal_volume|minute_vent|spo2|pulse|glucose)(\..*)?|.*\.ahi(_.*)?|.*occupied.*|pressure\.set_.*"
)


def test_the_four_main_classes_are_there() -> None:
    assert {"wheelchair", "apap", "dispenser", "scale"} <= {profile.name for profile in PROFILES}


@each_profile
def test_a_class_is_complete(profile: DeviceProfile) -> None:
    assert len(profile.faults) >= FEWEST_FAULTS
    assert profile.metrics
    assert profile.events
    assert profile.commands
    assert len(profile.models) >= 2
    assert all(fault.source for fault in profile.faults)
    assert all(metric.source for metric in profile.metrics)
    assert all(policy.source for policy in profile.idle_policies)


@each_profile
def test_assumptions_are_marked_and_verified_facts_say_where(profile: DeviceProfile) -> None:
    marked: list[Fault | Metric] = [*profile.faults, *profile.metrics]
    assert {entry.basis for entry in marked} == set(Basis), (
        "a class of facts alone, or of assumptions alone, is not honest"
    )
    for entry in marked:
        if entry.basis is Basis.VERIFIED:
            assert re.search(r"\d", entry.source), f"{entry.source!r} names no section, page or date"
            assert not entry.source.startswith("assumed"), entry.source


@each_profile
def test_fault_codes_are_of_one_family(profile: DeviceProfile) -> None:
    assert all(re.fullmatch(r"[A-Z]{3}-[A-Z]{2,3}-\d\d|WC-[A-Z]{2,3}-\d\d", fault.code) for fault in profile.faults)
    assert len({fault.code.split("-")[0] for fault in profile.faults}) == 1


@each_profile
def test_units_are_ucum(profile: DeviceProfile) -> None:
    stated = {metric.unit for metric in profile.metrics} | {measure.unit for measure in profile.usage.measures}
    stated |= {parameter.unit for command in profile.all_commands for parameter in command.parameters}
    assert stated <= UCUM


@each_profile
def test_kinds_and_ranges_agree(profile: DeviceProfile) -> None:
    for metric in profile.metrics:
        if metric.kind is Kind.FLAG:
            assert (metric.low, metric.high, metric.unit) == (0, 1, "1"), metric.key
        if metric.kind is Kind.COUNT:
            assert metric.low == round(metric.low), metric.key
            assert metric.high == round(metric.high) < 2**31, metric.key
        if metric.unit == "%":
            assert 0 <= metric.low < metric.high <= 100, metric.key
        if metric.unit == "Cel":
            assert metric.low >= -60, metric.key
        if metric.rising:
            assert metric.low == 0, metric.key


@each_profile
def test_columns_are_plain_names_of_the_database(profile: DeviceProfile) -> None:
    columns = [metric.column for metric in profile.metrics]
    fixed = {"device_no", "device_id", "ts", "received_at", "boot", "seq", "clock_corrected"}
    assert len(set(columns)) == len(columns)
    assert fixed.isdisjoint(columns)
    for name in [*columns, profile.name]:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert len(name.encode()) <= 50, "room for a table's or view's prefix within PostgreSQL's 63 bytes"


@each_profile
def test_personal_values_are_not_technical(profile: DeviceProfile) -> None:
    personal = [metric for metric in profile.metrics if PERSONAL.fullmatch(metric.key)]
    assert [metric.key for metric in personal if metric.audience is Audience.TECHNICAL] == []


@each_profile
def test_a_technician_still_sees_whether_the_device_works(profile: DeviceProfile) -> None:
    assert any(metric.audience is Audience.TECHNICAL for metric in profile.metrics)
    assert any(fault.audience is Audience.TECHNICAL for fault in profile.faults)


@each_profile
def test_a_native_code_leads_to_its_fault_and_an_unknown_one_to_none(profile: DeviceProfile) -> None:
    for fault in profile.faults:
        for native in fault.native:
            assert profile.faults_by_native[native] is fault
            assert NativeCode(native.system, f"{native.code}-no-such") not in profile.faults_by_native
            assert NativeCode("no-such-system", native.code) not in profile.faults_by_native


@each_profile
def test_every_control_system_is_spoken_by_a_model_and_understood(profile: DeviceProfile) -> None:
    spoken = {system for model in profile.models for system in model.native_systems}
    assert spoken == {native.system for native in profile.faults_by_native}


@each_profile
def test_only_what_our_own_box_or_the_user_could_end_is_cleared_from_afar(profile: DeviceProfile) -> None:
    for fault in profile.faults:
        if fault.clearable:
            assert fault.severity is not Severity.CRITICAL, fault.code
            assert fault.remedy is not Remedy.WORKSHOP, fault.code


@each_profile
def test_a_critical_fault_rings(profile: DeviceProfile) -> None:
    rung = {code for rule in profile.rules for code in rule.fault_codes()}
    assert {fault.code for fault in profile.faults if fault.severity is Severity.CRITICAL} <= rung


@each_profile
def test_rules_name_real_signals_and_do_not_fire_on_nothing(profile: DeviceProfile) -> None:
    assert profile.rules
    for rule in profile.rules:
        assert rule.metrics() <= set(profile.metrics_by_key)
        assert rule.event_names() <= {event.name for event in profile.all_events}
        assert rule.fault_codes() <= set(profile.faults_by_code)
        assert rule.evaluate(Snapshot(watermark=NOW), NOW, firing=False) is None
        assert rule.evaluate(Snapshot(watermark=NOW), NOW, firing=True) is None


def ringing(profile: DeviceProfile, rule: object) -> Snapshot:
    """A state in which the rule must fire."""
    if isinstance(rule, Threshold):
        metric = profile.metrics_by_key[rule.metric]
        return Snapshot(
            values={rule.metric: Sample(metric.high if rule.above is not None else metric.low, NOW)}, watermark=NOW
        )
    if isinstance(rule, FaultActive):
        return Snapshot(active_faults={rule.faults[-1]: NOW}, watermark=NOW)
    if isinstance(rule, EventSeen):
        return Snapshot(events={rule.event: NOW}, watermark=NOW)
    if isinstance(rule, Silence):
        return Snapshot(last_seen=NOW - timedelta(seconds=rule.after_seconds + 1), watermark=NOW)
    if isinstance(rule, Combined):
        return ringing(profile, rule.parts[-1])
    return _ringing_by_more(rule)


def _ringing_by_more(rule: object) -> Snapshot:  # noqa: PLR0911 - one answer per kind
    match rule:
        case Expected():
            return Snapshot(since=NOW - timedelta(seconds=rule.within_seconds + 1), last_seen=NOW, watermark=NOW)
        case Deviation():
            days = [(NOW.date() - timedelta(days=back), 10.0) for back in range(30, 0, -1)]
            return Snapshot(days={rule.metric: [*days, (NOW.date(), 10.0 + 2 * rule.at_least)]}, watermark=NOW)
        case Repeated():
            return Snapshot(occurrences={rule.event: [NOW] * rule.times}, watermark=NOW)
        case BatteryHours():
            values = {rule.level: Sample(1.0, NOW), rule.mains: Sample(value=False, at=NOW)}
            return Snapshot(values=values, watermark=NOW)
        case DoseUnknown():
            dose = Dose(sequence=2026050401, due_at=NOW - timedelta(hours=2), outcome=Outcome.UNKNOWN, since=NOW)
            return Snapshot(doses=[dose], watermark=NOW)
        case RollUnverified():
            return Snapshot(standing=(Standing.UNVERIFIED, NOW), watermark=NOW)
        case OtherSchedule():
            told = {rule.metric: Sample(2, NOW)}
            return Snapshot(values=told, schedule=(3, NOW - timedelta(days=1)), watermark=NOW)
    assert isinstance(rule, Rule), "a new rule kind: say here when it must fire"
    pytest.fail(f"{type(rule).__name__}: say here when it must fire")


@each_profile
def test_every_rule_can_fire_within_the_ranges_of_its_metrics(profile: DeviceProfile) -> None:
    for rule in profile.rules:
        finding = rule.evaluate(ringing(profile, rule), NOW, firing=False)
        assert finding is not None, f"{rule.name} can never fire"
        assert finding.reason.sv != finding.reason.en


@each_profile
def test_silence_is_noticed(profile: DeviceProfile) -> None:
    assert any(isinstance(rule, Silence) for rule in profile.rules)


@each_profile
def test_a_care_alarm_is_not_shown_to_the_technician_only(profile: DeviceProfile) -> None:
    for rule in profile.rules:
        audiences = {profile.faults_by_code[code].audience for code in rule.fault_codes()}
        audiences |= {profile.metrics_by_key[key].audience for key in rule.metrics()}
        if audiences and Audience.TECHNICAL not in audiences:
            assert rule.audience is not Audience.TECHNICAL, rule.name


@each_profile
def test_no_motion_command_and_all_reading_commands(profile: DeviceProfile) -> None:
    assert {command.name for command in COMMON_READ_COMMANDS} <= set(profile.commands_by_name)
    for command in profile.all_commands:
        assert MOTION_WORDS.isdisjoint(command.name.split("_"))
        assert command.level is not Level.SETTING or command.parameters, f"{command.name} sets nothing"
        assert command.level is Level.READ or command.refused_while, command.name


# What a technician must be able to ask of any class, and at which level.
AT_LEAST = {
    **dict.fromkeys(("read_faults", "read_fault_log", "read_live", "read_versions", "read_parameters"), Level.READ),
    "fetch_log": Level.READ,
    **dict.fromkeys(("self_test", "restart_gateway", "sync_clock", "clear_fault", "stage_update"), Level.REVERSIBLE),
}


@each_profile
def test_every_class_can_be_asked_what_a_technician_needs(profile: DeviceProfile) -> None:
    levels = {command.name: command.level for command in profile.all_commands}
    assert {name: levels.get(name) for name in AT_LEAST} == AT_LEAST
    assert any(name.startswith("locate_") and level is Level.REVERSIBLE for name, level in levels.items())
    bounded = [known for known in profile.all_commands if known.level is Level.SETTING]
    assert bounded
    assert all(parameter.low < parameter.high for known in bounded for parameter in known.parameters)


@each_profile
def test_a_command_is_possible_at_rest(profile: DeviceProfile) -> None:
    rest = profile.operating_states[0]
    assert not [command.name for command in profile.all_commands if rest in command.refused_while]


@each_profile
def test_a_day_without_anything_is_not_used_and_each_clause_can_make_it_used(profile: DeviceProfile) -> None:
    assert not profile.usage.is_used({})
    for clause in profile.usage.used_when:
        assert profile.usage.is_used({clause.measure: clause.amount})
        assert not profile.usage.is_used({clause.measure: clause.amount * 0.999})
        measure = next(measure for measure in profile.usage.measures if measure.name == clause.measure)
        if measure.metric is not None and measure.gather is Gather.MAXIMUM:
            assert profile.metrics_by_key[measure.metric].high >= clause.amount, "no single reading can reach it"


@each_model
def test_every_model_can_prove_that_it_is_used(profile: DeviceProfile, model: DeviceModel) -> None:
    gathered = {measure.name: measure.metric for measure in profile.usage.measures}
    provable = [clause for clause in profile.usage.used_when if gathered[clause.measure] not in model.missing]
    assert provable, f"{model.key} lacks every metric that shows use: it would look idle for ever"


@each_profile
def test_idle_policies_are_patient_and_silence_comes_first(profile: DeviceProfile) -> None:
    for policy in profile.idle_policies:
        assert policy.note_days >= 3
        assert policy.silent_after_days <= policy.note_days
        assert policy.training_days >= 7
        assert policy.quiet_months <= set(range(1, 13))
        assert (policy.quiet_propose_days or 999) > policy.propose_days


@each_profile
def test_models_differ_in_something_that_matters(profile: DeviceProfile) -> None:
    def differences(model: DeviceModel) -> tuple[object, ...]:
        return (model.missing, model.native_systems, tuple(model.conversions.items()), tuple(model.renamed.items()))

    assert len({differences(model) for model in profile.models}) >= 2
    assert all(model.rent_sek > 0 for model in profile.models)
    assert all(re.fullmatch(r"|\d\d \d\d \d\d", model.iso9999) for model in profile.models)


@each_profile
def test_descriptions_of_one_model_do_not_overlap(profile: DeviceProfile) -> None:
    for one, other in combinations(profile.models, 2):
        if one.key == other.key:
            for firmware in (
                "",
                "0.1",
                one.firmware_from,
                one.firmware_below,
                other.firmware_from,
                other.firmware_below,
                "99",
            ):
                assert not (one.covers(firmware) and other.covers(firmware)), (one.key, firmware)
