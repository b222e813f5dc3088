"""What is particular to medication dispensers: alarms a person's dose hangs on, and that no medicine is ever named."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fleet.errors import RejectedMessageError, RejectionReason
from fleet.faults import Severity
from fleet.models import DeviceModel
from fleet.normalise import Normaliser
from fleet.profiles.dispenser import PROFILE
from fleet.rules import Rule, Sample, Snapshot
from fleet.signals import Audience

NOW = datetime(2026, 3, 10, 8, 15, tzinfo=UTC)
FRAMES = Path(__file__).parents[1] / "fixtures" / "frames" / "dispenser"


def rule(name: str) -> Rule:
    return next(found for found in PROFILE.rules if found.name == name)


def model(key: str, firmware: str = "") -> DeviceModel:
    found = PROFILE.model(key, firmware)
    assert found is not None
    return found


def snapshot(**events: timedelta) -> Snapshot:
    """A device whose events happened so long ago."""
    return Snapshot(events={name: NOW - ago for name, ago in events.items()}, last_seen=NOW, watermark=NOW)


def rings(name: str, state: Snapshot, *, firing: bool = False) -> bool:
    return rule(name).evaluate(state, NOW, firing=firing) is not None


# --- the missed dose ---


@pytest.mark.parametrize(
    ("ago", "new"),
    [
        (timedelta(0), True),
        (timedelta(minutes=5), True),
        (timedelta(hours=4), True),
        (timedelta(hours=4, seconds=1), False),
    ],
)
def test_a_missed_dose_rings_as_new_for_four_hours(ago: timedelta, *, new: bool) -> None:
    assert rings("dose_missed", snapshot(dose_missed=ago)) is new


def test_an_alarm_nobody_took_goes_on_however_old_it_grows() -> None:
    assert rings("dose_missed", snapshot(dose_missed=timedelta(hours=30)), firing=True)


@pytest.mark.parametrize("settled_by", ["dose_taken", "staff_override", "absence_started"])
def test_what_settles_a_missed_dose_must_come_after_it(settled_by: str) -> None:
    later = snapshot(dose_missed=timedelta(minutes=20), **{settled_by: timedelta(minutes=5)})
    earlier = snapshot(dose_missed=timedelta(minutes=20), **{settled_by: timedelta(hours=12)})
    assert not rings("dose_missed", later, firing=True)
    assert rings("dose_missed", earlier)


def test_a_reminder_settles_nothing() -> None:
    assert rings("dose_missed", snapshot(dose_missed=timedelta(minutes=9), dose_due=timedelta(minutes=1)))


# --- what may hurt ---


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("MED-MEC-01", "jam"),
        ("MED-MEC-02", "out_of_step"),
        ("MED-RD-02", "wrong_roll"),
        ("MED-INV-02", "empty"),
        ("MED-CFG-01", "schedule_or_clock_lost"),
        ("MED-CFG-02", "schedule_or_clock_lost"),
        ("MED-USR-01", "help_wanted"),
        ("MED-PWR-02", "power_ending"),
        ("MED-SYS-01", "dose_not_delivered"),
        ("MED-NET-03", "link_lost"),
    ],
)
def test_faults_that_cost_a_dose_ring_at_once_and_in_the_care_view(fault: str, name: str) -> None:
    active = Snapshot(active_faults={fault: NOW - timedelta(days=2)}, last_seen=NOW, watermark=NOW)
    found = rule(name)
    assert found.safety
    assert found.hold_seconds == 0
    assert found.audience is Audience.CARE
    assert found.evaluate(active, NOW, firing=False) is not None
    assert found.evaluate(Snapshot(last_seen=NOW, watermark=NOW), NOW, firing=False) is None


def test_every_critical_fault_is_under_a_safety_rule_and_keeps_its_evidence() -> None:
    critical = {fault.code for fault in PROFILE.faults if fault.severity is Severity.CRITICAL}
    guarded = {code for found in PROFILE.rules if found.safety for code in found.fault_codes()}
    assert critical == {"MED-USR-01", "MED-MEC-01", "MED-MEC-02", "MED-RD-02", "MED-INV-02", "MED-CFG-01"}
    assert critical <= guarded
    assert [code for code in guarded if PROFILE.faults_by_code[code].clearable] == []


def test_a_lost_plug_is_a_warning_until_the_battery_itself_is_low() -> None:
    assert rule("mains_lost").severity is Severity.WARNING
    assert not rule("mains_lost").safety
    assert rule("power_ending").safety


@pytest.mark.parametrize(
    ("level", "firing", "low"), [(20.0, False, False), (19.9, False, True), (29.9, True, True), (30.0, True, False)]
)
def test_battery_low_rings_below_20_and_rests_at_30(level: float, *, firing: bool, low: bool) -> None:
    state = Snapshot(values={"battery.level": Sample(level, NOW)}, last_seen=NOW, watermark=NOW)
    assert rings("battery_low", state, firing=firing) is low


def test_three_missed_heartbeats_are_an_alarm() -> None:
    assert PROFILE.metrics_by_key["network.rssi"].cadence_seconds == 60
    assert not rings("silent", Snapshot(last_seen=NOW - timedelta(seconds=180), watermark=NOW))
    assert rings("silent", Snapshot(last_seen=NOW - timedelta(seconds=181), watermark=NOW))
    assert rule("silent").safety


def test_our_own_lag_is_not_a_silent_machine() -> None:
    lagging = Snapshot(last_seen=NOW - timedelta(minutes=10), watermark=NOW - timedelta(minutes=9))
    assert not rings("silent", lagging)


def test_every_model_can_send_the_heartbeat() -> None:
    assert [found.key for found in PROFILE.models if "network.rssi" in found.missing] == []


# --- no medicine is ever named ---

NAMING_WORDS = {
    "atc",
    "brand",
    "capsule",
    "content",
    "drug",
    "ingredient",
    "label",
    "medication",
    "medicine",
    "name",
    "pill",
    "preparation",
    "prescription",
    "product",
    "strength",
    "substance",
    "tablet",
}
NAMING_TEXT = re.compile(
    r"\b\d+([.,]\d+)?\s?(mg|µg|mikrogram|ml|IE)\b"  # a strength
    r"|\b[A-Z]\d{2}[A-Z]{2}\d{2}\b"  # an ATC code
    r"|\b(preparat|substans|tablett|kapsel|läkemedelsnamn|varunr)"
    r"|\b(alvedon|paracetamol|waran|warfarin|eliquis|metformin|insulin|furix|levaxin|metoprolol|madopark|digoxin|omeprazol)\b",
    re.IGNORECASE,
)


def names_of_everything() -> Iterator[str]:
    yield from PROFILE.metrics_by_key
    yield from (event.name for event in PROFILE.all_events)
    yield from (found.name for found in PROFILE.rules)
    yield from (measure.name for measure in PROFILE.usage.measures)
    for command in PROFILE.all_commands:
        yield command.name
        yield from (parameter.name for parameter in command.parameters)
    for found in PROFILE.models:
        yield from found.renamed


def texts_of_everything() -> Iterator[str]:
    texts = [metric.title for metric in PROFILE.metrics]
    texts += [event.title for event in PROFILE.all_events]
    texts += [command.title for command in PROFILE.all_commands]
    texts += [found.title for found in PROFILE.rules]
    texts += [measure.title for measure in PROFILE.usage.measures]
    texts += [text for fault in PROFILE.faults for text in (fault.title, fault.cause, fault.action)]
    texts += [parameter.title for command in PROFILE.all_commands for parameter in command.parameters]
    for text in texts:
        yield text.sv
        yield text.en


def test_no_key_or_name_has_room_for_a_medicine() -> None:
    words = {word for name in names_of_everything() for word in re.split(r"[._]", name)}
    assert "dose" in words
    assert words & NAMING_WORDS == set()


def test_no_text_names_a_medicine() -> None:
    assert [text for text in texts_of_everything() if NAMING_TEXT.search(text)] == []


@pytest.mark.parametrize("text", ["Waran inte taget", "Ta 2,5 mg nu", "B01AA03", "Tabletten fastnade"])
def test_the_search_itself_would_find_one(text: str) -> None:
    assert NAMING_TEXT.search(text)


def test_a_metric_can_carry_no_text_at_all() -> None:
    assert {metric.kind.column_type for metric in PROFILE.metrics} == {"real", "integer", "boolean"}


def test_no_golden_frame_that_is_stored_names_a_medicine() -> None:
    frames = [json.loads(path.read_text()) for path in FRAMES.rglob("*.json")]
    accepted = [frame["payload_text"] for frame in frames if "rejected" not in frame]
    assert len(accepted) > 10
    assert [payload for payload in accepted if NAMING_TEXT.search(payload)] == []


def test_doses_are_for_care_and_the_machine_for_the_technician() -> None:
    technical = {key for key, metric in PROFILE.metrics_by_key.items() if metric.audience is Audience.TECHNICAL}
    assert technical == {
        "battery.level",
        "mains.present",
        "lid.open_time",
        "network.rssi",
        "network.uptime",
        "schedule.version",
    }
    assert {event.audience for event in PROFILE.events if event.name.startswith("dose_")} == {Audience.CARE}


# --- models ---


@pytest.mark.parametrize(("volts", "per_cent"), [(3.2, 0), (4.0, 20), (6.0, 70), (7.2, 100)])
def test_a_tray_machine_tells_its_battery_in_volts(volts: float, per_cent: float) -> None:
    normaliser = Normaliser(PROFILE, model("pivotell-advance-gsm"))
    assert normaliser.normalise({"battery.level": volts}, {}).values["battery.level"] == pytest.approx(
        per_cent, abs=1e-9
    )


def test_per_cent_from_a_machine_that_tells_volts_is_refused() -> None:
    with pytest.raises(RejectedMessageError) as refused:
        Normaliser(PROFILE, model("pivotell-advance-gsm")).normalise({"battery.level": 97.0}, {})
    assert refused.value.reason is RejectionReason.OUT_OF_RANGE
    assert Normaliser(PROFILE, model("roll-dispenser-r2")).normalise({"battery.level": 97.0}, {}).values


def test_a_tray_on_batteries_has_no_mains_and_does_not_count() -> None:
    assert {"mains.present", "magazine.doses_left", "magazine.days_left"} <= model("pivotell-advance-gsm").missing


@pytest.mark.parametrize("firmware", ["", "1.0.0", "1.9.9"])
def test_the_old_firmware_spells_four_metrics_its_own_way(firmware: str) -> None:
    normaliser = Normaliser(PROFILE, model("roll-dispenser-r1", firmware))
    native = {"pouches_left": 26.0, "bin_count": 2.0, "power_ok": True, "delay_s": 18_000.0}
    taken = normaliser.normalise(native, {})
    assert taken.unknown == {}
    assert taken.values == {
        "magazine.doses_left": 26,
        "missed_bin.count": 2,
        "mains.present": True,
        "dose.delay": pytest.approx(300.0),
    }
    assert normaliser.to_native({"dose.delay": 6.5}) == {"delay_s": pytest.approx(390.0)}


@pytest.mark.parametrize("firmware", ["2.0", "2.0.0", "10.1"])
def test_the_new_firmware_speaks_the_contract(firmware: str) -> None:
    taken = Normaliser(PROFILE, model("roll-dispenser-r1", firmware)).normalise(
        {"pouches_left": 26.0, "dose.delay": 6.5}, {}
    )
    assert taken.values == {"dose.delay": 6.5}
    assert taken.unknown == {"pouches_left": 26.0}


def test_every_system_that_codes_come_from_is_spoken_by_a_model() -> None:
    spoken = {system for found in PROFILE.models for system in found.native_systems}
    assert {code.system for code in PROFILE.faults_by_native} == spoken


def test_a_day_of_twelve_doses_is_rare_and_not_refused() -> None:
    taken = Normaliser(PROFILE, None).normalise({"doses.scheduled": 12.0, "doses.taken": 12.0}, {})
    assert taken.values == {"doses.scheduled": 12, "doses.taken": 12}


# --- used, idle, commands ---


def test_one_dose_is_a_used_day_and_a_refill_is_not() -> None:
    assert PROFILE.usage.is_used({"doses_taken": 1})
    assert not PROFILE.usage.is_used({"doses_taken": 0, "refills": 1})


def test_three_days_without_a_dose_are_a_matter_of_care() -> None:
    policy = PROFILE.idle_policy(PROFILE.models[0])
    assert (policy.note_days, policy.contact_days, policy.propose_days) == (3, 3, 14)
    assert policy.silent_after_days == 1


def test_nothing_but_reading_touches_a_machine_at_dose_time() -> None:
    for command in PROFILE.commands:
        assert {"dosing", "refilling"} <= set(command.refused_while), command.name


def test_a_reminder_cannot_be_muted_from_afar() -> None:
    (parameter,) = PROFILE.commands_by_name["set_reminder_volume"].parameters
    assert (parameter.low, parameter.high) == (1, 4)
