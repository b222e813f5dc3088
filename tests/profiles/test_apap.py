"""What is particular to APAP units: units and sentinels of real models, nights, and who may see what."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fleet.clock import local_day
from fleet.errors import RejectedMessageError, RejectionReason
from fleet.faults import NativeCode, Severity
from fleet.models import DeviceModel
from fleet.normalise import Normaliser
from fleet.profiles.apap import PROFILE, THERAPY_MODES
from fleet.rules import Rule, Sample, Snapshot
from fleet.signals import Audience
from fleet.usage import Gather

NOW = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
RESMED = ("resmed-airsense10", "resmed-airsense11", "resmed-aircurve10-vauto")


def model(key: str) -> DeviceModel:
    found = PROFILE.model(key)
    assert found is not None
    return found


def stored(key: str, **values: float) -> dict[str, float | bool]:
    """What is stored of native values; metric keys spelled with __ for the dot."""
    native = {name.replace("__", "."): value for name, value in values.items()}
    return Normaliser(PROFILE, model(key)).normalise(native, {}).values


def rule(name: str) -> Rule:
    return next(found for found in PROFILE.rules if found.name == name)


def seen(metric: str, value: float) -> Snapshot:
    return Snapshot(values={metric: Sample(value, NOW)}, last_seen=NOW, watermark=NOW)


# --- units and sentinels: literals read off the headers of the real cards (domain 3.6, S31, S32) ---


@pytest.mark.parametrize("key", RESMED)
def test_leak_of_0_40_litres_per_second_is_24_per_minute(key: str) -> None:
    assert stored(key, leak__p50=0.0, leak__p95=0.40, leak__max=0.88) == {
        "leak.p50": 0.0,
        "leak.p95": 24.0,
        "leak.max": pytest.approx(52.8),
    }


SENTINELS_OF_EVERY_MODEL = {
    "therapy.usage": -1.0,
    "therapy.ahi": -0.1,
    "therapy.ahi_obstructive": -0.1,
    "therapy.ahi_central": -0.1,
    "therapy.ahi_unclassified": -0.1,
    "leak.p50": -0.02,
    "leak.p95": -0.02,
    "leak.max": -0.02,
    "pressure.p50": -0.02,
    "pressure.p95": -0.02,
    "pressure.max": -0.02,
    "resp.rate_p50": -0.2,
    "tidal_volume.p50": -0.02,
    "minute_vent.p50": -0.125,
    "humidifier.temp": -0.1,
    "tube.temp": -0.1,
    "spo2.p50": -1.0,
}
SENTINELS_THAT_DIFFER = {
    "resmed-airsense10": {"humidifier.power": -1.0, "tube.power": -1.0, "ambient.humidity_abs": -1.0},
    "resmed-airsense11": {"humidifier.power": -0.1, "tube.power": -0.1, "ambient.humidity_abs": -0.1},
    "resmed-aircurve10-vauto": {"humidifier.power": -1.0, "tube.power": -1.0, "ambient.humidity_abs": -1.0},
}


@pytest.mark.parametrize("key", RESMED)
def test_no_sentinel_becomes_a_value(key: str) -> None:
    normaliser = Normaliser(PROFILE, model(key))
    assert normaliser.normalise(SENTINELS_OF_EVERY_MODEL | SENTINELS_THAT_DIFFER[key], {}).values == {}


@pytest.mark.parametrize(("key", "other"), [(RESMED[0], RESMED[1]), (RESMED[1], RESMED[0])])
def test_the_sentinel_of_the_other_generation_is_refused(key: str, other: str) -> None:
    for metric, sentinel in SENTINELS_THAT_DIFFER[other].items():
        with pytest.raises(RejectedMessageError) as refused:
            Normaliser(PROFILE, model(key)).normalise({metric: sentinel}, {})
        assert refused.value.reason is RejectionReason.OUT_OF_RANGE


@pytest.mark.parametrize("key", RESMED)
def test_what_a_machine_has_and_can_leave_out_has_a_sentinel(key: str) -> None:
    described = model(key)
    sent = set(described.conversions)
    assert all(described.conversions[metric].sentinels for metric in sent)
    assert sent.isdisjoint(described.missing)
    # Sessions are counted and the mode is translated by whoever reads the card; no channel holds them as they are.
    assert set(PROFILE.metrics_by_key) - sent - described.missing == {"therapy.sessions", "mode"}


def test_a_true_zero_is_a_value() -> None:
    assert stored(RESMED[1], leak__p95=0.0, therapy__ahi=0.0, therapy__usage=0.0) == {
        "leak.p95": 0.0,
        "therapy.ahi": 0.0,
        "therapy.usage": 0.0,
    }


def test_an_unused_night_goes_back_to_the_machines_own_spelling() -> None:
    native = Normaliser(PROFILE, model(RESMED[1])).to_native(
        {"leak.p95": 24.0, "therapy.ahi": None, "tube.power": None}
    )
    assert native == {"leak.p95": 0.4, "therapy.ahi": -0.1, "tube.power": -0.1}


def test_airsense_11_has_neither_hours_nor_faults() -> None:
    described = model("resmed-airsense11")
    assert {"device.lifetime_hours", "therapy.flowgen_time"} <= described.missing
    assert "resmed" not in described.native_systems
    assert "resmed" in model("resmed-airsense10").native_systems


def test_a_bilevel_machine_has_no_apap_set_pressures() -> None:
    assert {"pressure.set_min", "pressure.set_max"} <= model("resmed-aircurve10-vauto").missing


def test_pressure_and_leak_claim_no_standard_code_until_one_is_pinned() -> None:
    disputed = [key for key in PROFILE.metrics_by_key if key.startswith(("pressure.", "leak."))]
    assert len(disputed) == 8
    assert [key for key in disputed if PROFILE.metrics_by_key[key].code] == []
    assert PROFILE.metrics_by_key["therapy.usage"].code == "MDC 8410712"


def test_modes_have_one_list_for_all_models() -> None:
    metric = PROFILE.metrics_by_key["mode"]
    assert (metric.low, metric.high) == (0, len(THERAPY_MODES) - 1)
    assert THERAPY_MODES[1] == "APAP"


# --- used and idle ---


@pytest.mark.parametrize(
    ("minutes", "used"), [(0, False), (2, False), (13, False), (25, False), (29.9, False), (30, True), (480, True)]
)
def test_a_night_is_used_from_30_minutes_on(minutes: float, *, used: bool) -> None:
    assert PROFILE.usage.is_used({"therapy_minutes": minutes}) is used


def test_a_summary_sent_again_does_not_add_up() -> None:
    (measure,) = PROFILE.usage.measures
    assert (measure.metric, measure.gather) == ("therapy.usage", Gather.MAXIMUM)


def test_a_night_keeps_the_date_of_its_evening() -> None:
    hour = PROFILE.usage.day_starts_at_hour
    assert local_day(datetime(2026, 3, 9, 22, 0, tzinfo=UTC), hour) == date(2026, 3, 9)
    assert local_day(datetime(2026, 3, 10, 10, 59, tzinfo=UTC), hour) == date(2026, 3, 9)  # 11:59 in Sweden
    assert local_day(datetime(2026, 3, 10, 11, 0, tzinfo=UTC), hour) == date(2026, 3, 10)


def test_idle_steps_and_the_patience_with_late_uploads() -> None:
    policy = PROFILE.idle_policy(model(RESMED[0]))
    assert (policy.note_days, policy.contact_days, policy.propose_days) == (7, 14, 45)
    assert (policy.training_days, policy.silent_after_days) == (30, 7)


# --- who sees what (domain 7) ---


def test_the_technician_sees_mask_and_machine_and_nothing_of_the_person() -> None:
    technical = {key for key, metric in PROFILE.metrics_by_key.items() if metric.audience is Audience.TECHNICAL}
    assert technical == {
        "therapy.usage",
        "therapy.flowgen_time",
        "device.lifetime_hours",
        "leak.p50",
        "leak.p95",
        "leak.max",
        "pressure.max",
        "humidifier.power",
        "tube.power",
        "humidifier.temp",
        "tube.temp",
        "ambient.humidity_abs",
    }


def test_no_rule_shows_a_figure_to_somebody_who_may_not_see_it() -> None:
    for found in PROFILE.rules:
        for key in found.metrics():
            assert found.audience is PROFILE.metrics_by_key[key].audience, found.name


def test_bedtimes_are_no_business_of_the_technician() -> None:
    audiences = {event.name: event.audience for event in PROFILE.all_events}
    assert audiences["mask_on"] is audiences["mask_off"] is Audience.CLINICAL
    assert audiences["night_summary"] is Audience.TECHNICAL


# --- rules ---


@pytest.mark.parametrize(
    ("leak", "firing", "rings"), [(24.0, False, False), (24.1, False, True), (20.5, True, True), (20.0, True, False)]
)
def test_high_leak_rings_above_24_and_rests_at_20(leak: float, *, firing: bool, rings: bool) -> None:
    finding = rule("high_leak").evaluate(seen("leak.p95", leak), NOW, firing=firing)
    assert (finding is not None) is rings


def test_a_leak_that_was_not_measured_neither_rings_nor_reassures() -> None:
    unknown = Snapshot(values={}, last_seen=NOW, watermark=NOW)
    assert rule("high_leak").evaluate(unknown, NOW, firing=False) is None
    assert not rule("high_leak").touched_by(stored(RESMED[1], leak__p95=-0.02))


def test_a_dangerous_pressure_is_stored_and_rings_instead_of_being_refused() -> None:
    values = stored(RESMED[1], pressure__max=31.0)
    assert rule("measured_pressure_too_high").evaluate(
        seen("pressure.max", float(values["pressure.max"])), NOW, firing=False
    )
    with pytest.raises(RejectedMessageError):
        stored(RESMED[1], pressure__max=40.1)


def test_what_may_hurt_is_a_safety_rule() -> None:
    safety = {found.name for found in PROFILE.rules if found.safety}
    assert safety == {"device_stopped", "pressure_too_high", "measured_pressure_too_high", "no_pressure"}
    critical = {fault.code for fault in PROFILE.faults if fault.severity is Severity.CRITICAL}
    assert critical == {"PAP-SYS-01", "PAP-PRS-01"}
    assert critical <= {code for found in PROFILE.rules if found.safety for code in found.fault_codes()}


def test_no_upload_counts_from_48_hours_and_a_machine_never_heard_is_not_silent() -> None:
    silence = rule("no_upload")
    exactly = Snapshot(last_seen=NOW - timedelta(hours=48), watermark=NOW)
    longer = Snapshot(last_seen=NOW - timedelta(hours=48, seconds=1), watermark=NOW)
    assert silence.evaluate(exactly, NOW, firing=False) is None
    assert silence.evaluate(longer, NOW, firing=False) is not None
    assert silence.evaluate(Snapshot(last_seen=None, watermark=NOW), NOW, firing=False) is None


def test_residual_ahi_is_for_the_clinic_alone() -> None:
    assert rule("residual_ahi").audience is Audience.CLINICAL
    assert PROFILE.faults_by_code["PAP-CLN-01"].audience is Audience.CLINICAL


# --- faults and commands ---


def test_one_code_in_two_systems_is_two_faults() -> None:
    by_system = {name: PROFILE.faults_by_native[NativeCode(name, "E-4")].code for name in ("philips", "remstar")}
    assert by_system == {"philips": "PAP-SYS-03", "remstar": "PAP-SYS-02"}


def test_every_system_that_codes_come_from_is_spoken_by_a_model() -> None:
    spoken = {system for found in PROFILE.models for system in found.native_systems}
    assert {code.system for code in PROFILE.faults_by_native} == spoken


def test_everything_but_reading_is_refused_while_the_blower_runs() -> None:
    for command in PROFILE.commands:
        assert {"therapy", "mask_off_running"} <= set(command.refused_while), command.name


def test_no_command_reaches_the_prescription() -> None:
    spelled = [
        f"{command.name} {parameter.name}" for command in PROFILE.all_commands for parameter in command.parameters
    ]
    assert spelled
    assert [text for text in spelled if "pressure" in text or "mode" in text] == []


def test_settings_keep_to_the_cards_own_ranges() -> None:
    bounds = {
        command.name: (parameter.low, parameter.high)
        for command in PROFILE.commands
        for parameter in command.parameters
    }
    assert bounds == {
        "set_ramp_minutes": (5, 45),
        "set_humidifier_level": (1, 8),
        "set_tube_temperature": (16, 30),
    }
