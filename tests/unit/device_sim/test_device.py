"""A device is decided by its seed: same seed, same bytes, whatever else happens; its numbers never repeat or skip."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from device_sim.boots import Boots
from device_sim.device import Outgoing, SimulatedDevice
from device_sim.emission import Emission
from device_sim.ledger import Ledger, read_ledger
from device_sim.outbox import Outbox
from device_sim.packing import READINGS_PER_MESSAGE
from device_sim.persona import Habit
from fleet import codec
from fleet.clock import to_milliseconds
from fleet.faults import NativeCode
from fleet.messages import Birth, Occurrence, Presence, Reading, Receipt
from fleet.profile import DeviceProfile
from fleet.topics import Verb
from tests.unit.device_sim.support import NOW, REGISTRY, command, device, parts, without_numbers

DAYS = [date(2026, 5, 1) + timedelta(days=n) for n in range(20)]
every_class = pytest.mark.parametrize("declared", list(REGISTRY), ids=lambda declared: declared.name)


def live(simulated: SimulatedDevice, between: Callable[[SimulatedDevice], object] = lambda _: None) -> list[Outgoing]:
    """Twenty days, with something happening after each."""
    sent: list[Outgoing] = []
    for number, day in enumerate(DAYS):
        sent += simulated.live_through(day, number / len(DAYS))
        between(simulated)
    return sent


def bytes_of(messages: list[Outgoing]) -> list[tuple[Verb, bytes]]:
    return [(message.verb, message.payload) for message in messages]


def send_all_and_confirm_some(simulated: SimulatedDevice) -> None:
    simulated.outbox.start_over()
    for message in simulated.resend():
        assert message.entry is not None
        simulated.outbox.wrap(message.entry, ask=message.ask)
    simulated.receive(Verb.STORED, codec.encode(Receipt(boot=1, seq=10)), NOW)


@every_class
def test_same_seed_same_bytes(declared: DeviceProfile) -> None:
    assert bytes_of(live(device(declared))) == bytes_of(live(device(declared)))


@every_class
def test_another_seed_other_bytes(declared: DeviceProfile) -> None:
    assert bytes_of(live(device(declared))) != bytes_of(live(device(declared, seed="2/0")))


@every_class
def test_the_device_id_plays_no_part(declared: DeviceProfile) -> None:
    assert bytes_of(live(device(declared))) == bytes_of(live(device(declared, device_id="another-one")))


@every_class
def test_receipts_repeats_birth_and_state_change_no_byte(declared: DeviceProfile) -> None:
    def disturb(simulated: SimulatedDevice) -> None:
        simulated.birth(NOW)
        simulated.presence(NOW, online=True)
        send_all_and_confirm_some(simulated)
        simulated.outbox.start_over()

    assert bytes_of(live(device(declared), disturb)) == bytes_of(live(device(declared)))


@every_class
@pytest.mark.parametrize(
    "disturb",
    [
        lambda simulated: simulated.heartbeat(NOW),
        lambda simulated: simulated.receive(Verb.COMMAND, command(counter=simulated.outbox.given_up + 1), NOW),
        lambda simulated: simulated.raise_fault(NativeCode("x", "1"), NOW),
        lambda simulated: simulated.restart(),
    ],
    ids=["heartbeat", "command", "fault", "restart"],
)
def test_what_happens_in_between_changes_numbers_and_nothing_else(
    declared: DeviceProfile, disturb: Callable[[SimulatedDevice], object]
) -> None:
    assert without_numbers(live(device(declared), disturb)) == without_numbers(live(device(declared)))


def test_the_same_bytes_in_another_process_with_another_hash_seed() -> None:
    script = (
        "import hashlib; from tests.unit.device_sim.test_device import *;"
        "print(hashlib.sha256(b''.join(m.payload for d in REGISTRY for m in live(device(d)))).hexdigest())"
    )
    root = Path(__file__).resolve().parents[3]
    digests = {
        subprocess.run(
            [sys.executable, "-c", script], cwd=root, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


@every_class
def test_numbers_rise_by_one_over_all_verbs_and_begin_anew_with_a_boot(declared: DeviceProfile, tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        simulated = device(declared, ledger=ledger)
        live(simulated, lambda d: d.receive(Verb.COMMAND, command(counter=d.outbox.given_up + 1), NOW))
        first_boot = ledger.entries
        simulated.restart()
        live(simulated)
    noted = list(read_ledger(tmp_path / "ledger"))
    assert [(boot, seq) for _, boot, seq, _ in noted] == [
        *((1, seq) for seq in range(1, first_boot + 1)),
        *((2, seq) for seq in range(1, len(noted) - first_boot + 1)),
    ]
    assert {verb for _, _, _, verb in noted} >= {Verb.TELEMETRY, Verb.REPLY}


@every_class
def test_every_number_in_the_ledger_is_in_the_outbox(declared: DeviceProfile, tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        simulated = device(declared, ledger=ledger)
        live(simulated)
    kept = [(part.boot, part.seq) for entry in simulated.outbox._entries for part in entry.parts]
    assert kept == [(boot, seq) for _, boot, seq, _ in read_ledger(tmp_path / "ledger")]


def test_stored_up_readings_share_arrays_and_events_stand_between_them() -> None:
    simulated = device()
    readings = [Emission(NOW, values={"battery.level": 50})] * (READINGS_PER_MESSAGE + 1)
    sent = simulated.measure([*readings, Emission(NOW, event="paired"), readings[0]])
    assert [(message.verb, len(list(parts([message])))) for message in sent] == [
        (Verb.TELEMETRY, READINGS_PER_MESSAGE),
        (Verb.TELEMETRY, 1),
        (Verb.EVENT, 1),
        (Verb.TELEMETRY, 1),
    ]
    assert [part.seq for part in parts(sent)] == list(range(1, READINGS_PER_MESSAGE + 4))


def test_what_the_model_lacks_is_left_out_and_an_empty_reading_takes_no_number() -> None:
    simulated = device()  # its first model weighs and nothing more
    assert simulated.measure([Emission(NOW, values={"body.fat": 20.0})]) == []
    (message,) = simulated.measure([Emission(NOW, values={"body.fat": 20.0, "battery.level": 9})])
    assert [(part.seq, part.values) for part in parts([message]) if isinstance(part, Reading)] == [
        (1, {"battery.level": 9})
    ]


def test_native_values_go_as_they_are() -> None:
    (message,) = device().measure_native(NOW, {"weight_raw": 65535.0, "strange": None})
    (reading,) = parts([message])
    assert isinstance(reading, Reading)
    assert reading.values == {"weight_raw": 65535.0, "strange": None}


@pytest.mark.parametrize(
    ("offset", "told"),
    [
        (timedelta(hours=1), to_milliseconds(NOW) + 3_600_000),
        (timedelta(days=-100_000), 0),
        (timedelta(days=29_000), to_milliseconds(NOW + timedelta(days=29_000))),
    ],
)
def test_a_wrong_clock_dates_everything(offset: timedelta, told: int) -> None:
    simulated = device(clock_offset=offset)
    (reading,) = parts(simulated.heartbeat(NOW))
    (event,) = parts(simulated.notice("paired", NOW))
    (native,) = parts(simulated.measure_native(NOW, {"battery.level": 1.0}))
    birth = codec.decode(simulated.birth(NOW).payload, Birth)
    assert {reading.ts, event.ts, native.ts, birth.ts} == {told}


def test_birth_names_the_model_and_what_it_measures_and_what_was_given_up() -> None:
    simulated = device(outbox=Outbox(capacity=2))
    assert codec.decode(simulated.birth(NOW).payload, Birth).attributes == {}
    for _ in range(5):
        simulated.heartbeat(NOW)
    birth = codec.decode(simulated.birth(NOW).payload, Birth)
    assert (birth.device_class, birth.model, birth.boot) == ("scale", "and-uc352ble", 1)
    assert set(birth.metrics) == set(REGISTRY["scale"].metrics_by_key) - REGISTRY["scale"].models[0].missing
    assert birth.attributes == {"outbox.given_up": "3"}


def test_presence_and_birth_are_retained_and_take_no_number() -> None:
    simulated = device()
    presence = simulated.presence(NOW, online=False)
    assert (presence.verb, presence.retain, presence.entry) == (Verb.STATE, True, None)
    assert codec.decode(presence.payload, Presence).online is False
    assert simulated.birth(NOW).retain
    assert [part.seq for part in parts(simulated.heartbeat(NOW))] == [1]


def test_a_fault_is_told_when_it_comes_and_when_it_goes() -> None:
    simulated = device()
    native = NativeCode("wss", "1")
    told = simulated.raise_fault(native, NOW, module="hub") + simulated.clear_fault(native, NOW)
    events = [(part.event, part.data) for part in parts(told) if isinstance(part, Occurrence)]
    data = {"system": "wss", "code": "1", "module": "hub"}
    assert events == [("fault_raised", data), ("fault_cleared", data)]
    assert simulated.faults == {}


def test_a_silent_device_measures_nothing_and_uses_no_number() -> None:
    simulated = device(silent=True)
    sent = simulated.live_through(DAYS[0], 0) + simulated.heartbeat(NOW) + simulated.measure_native(NOW, {"x": 1.0})
    assert sent + simulated.resend() + simulated.receive(Verb.STORED, b"not even JSON", NOW) == []
    simulated.silent = False
    assert [part.seq for part in parts(simulated.heartbeat(NOW))] == [1]


def test_what_is_sent_again_is_what_was_sent() -> None:
    simulated = device(habit=Habit.NEVER_STARTED)
    sent = live(simulated)
    simulated.outbox.start_over()
    again = [message for window in iter(simulated.resend, []) for message in window]
    assert bytes_of(again) == bytes_of(sent)


def test_starts_are_counted_over_runs(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "boots"
    assert [Boots(file).next("a-device"), Boots(file).next("b-device"), Boots(file).next("a-device")] == [1, 1, 2]
    simulated = device(device_id="a-device", boots=Boots(file))
    simulated.restart()
    assert (simulated.boot, Boots(file).next("a-device")) == (4, 5)
