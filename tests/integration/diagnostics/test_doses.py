"""Doses end to end over a real database: entered through the API, judged by the worker, corrected by late data."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.alarms.judging import Judge
from diagnostics.metrics import WorkerMetrics
from fleet.clock import STOCKHOLM
from fleet.doses import due_at, sequence_of
from fleet.plumbing.database import database_pool
from fleet.registry import load_registry
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import Api, MakeToken, Store, Town

ALL = ("technical", "care", "clinical")


@pytest.fixture
async def judge(database: Database) -> AsyncIterator[Judge]:
    async with database_pool(database.worker, "test-worker", largest=2) as pool:
        yield Judge(pool, load_registry(), ["webhook"], WorkerMetrics())


class Machine:
    """A dispenser whose only dose of the day was due so long ago, and what it says."""

    def __init__(self, store: Store, town: Town, ago: timedelta) -> None:
        self.store, self.number = store, town.dispenser.device_no
        now = datetime.now(UTC)
        local = (now - ago).astimezone(STOCKHOLM).replace(second=0, microsecond=0)
        self.due = due_at(local.date(), local.time())
        self.sequence = sequence_of(local.date(), 1)
        store.execute(
            "INSERT INTO dose_schedule (device_no, version, times, weekdays, late_minutes, unknown_minutes, valid_from,"
            " entered_by) VALUES (%s, 1, %s::time[], '{0,1,2,3,4,5,6}', 5, 10, %s, 'test')",
            self.number,
            [local.time()],
            self.due - timedelta(hours=1),
        )

    def heard(self, at: datetime, **events: datetime) -> None:
        self.store.heard(self.number, at=at, events=events)
        self.store.watermark(datetime.now(UTC) + timedelta(minutes=1))

    def says(self, event: str, at: datetime, *, sequence: int | None = None) -> None:
        data = {"sequence": self.sequence if sequence is None else sequence}
        self.store.event(self.number, event, at, Audience.CARE, data)
        self.heard(datetime.now(UTC), **{event: at})
        self.store.due(self.number)

    def alarms(self) -> list[tuple[str, bool, bool]]:
        rows = self.store.all(
            "SELECT rule, cleared_at IS NULL, late FROM alarm WHERE rule LIKE 'dose%%' ORDER BY alarm_id"
        )
        return [(rule, is_open, late) for rule, is_open, late in rows]

    def dose(self) -> list[tuple[str, bool, str]]:
        rows = self.store.all("SELECT outcome, told, first_outcome FROM dose ORDER BY sequence")
        return [(outcome, told, first) for outcome, told, first in rows]


async def test_a_dose_nobody_told_of_is_missed_when_the_machine_is_in_contact(
    judge: Judge, store: Store, town: Town
) -> None:
    machine = Machine(store, town, timedelta(minutes=7))
    machine.heard(datetime.now(UTC))
    await judge.sweep()
    assert machine.alarms() == [("dose_missed", True, False)]
    assert machine.dose() == [("missed", False, "missed")]
    happened = store.all("SELECT happened_at FROM alarm")[0][0]
    assert happened == machine.due + timedelta(minutes=6)  # five minutes' window and one for the machine to tell


async def test_before_its_time_is_over_nothing_rings_and_the_timer_waits_for_it(
    judge: Judge, store: Store, town: Town
) -> None:
    machine = Machine(store, town, timedelta(minutes=3))
    machine.heard(datetime.now(UTC))
    await judge.sweep()
    assert (machine.alarms(), machine.dose()) == ([], [])
    assert store.all("SELECT due_at FROM alarm_timer") == [(machine.due + timedelta(minutes=6),)]
    store.execute("UPDATE dose_schedule SET valid_from = valid_from - interval '1 day'")


async def test_out_of_reach_across_its_time_it_is_unknown_and_late_word_closes_the_alarm(
    judge: Judge, store: Store, town: Town
) -> None:
    machine = Machine(store, town, timedelta(minutes=20))
    machine.heard(machine.due - timedelta(minutes=10))
    await judge.sweep()
    assert machine.alarms() == [("dose_unknown", True, False)]
    machine.says("dose_taken", machine.due + timedelta(minutes=2))
    await judge.round()
    assert machine.alarms() == [("dose_unknown", False, False)]
    assert machine.dose() == [("taken", True, "unknown")]


async def test_a_miss_told_hours_late_never_rings_as_new_and_keeps_the_unknown_open(
    judge: Judge, store: Store, town: Town
) -> None:
    machine = Machine(store, town, timedelta(hours=6))
    machine.heard(machine.due - timedelta(minutes=10))
    store.execute(
        "INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en,"
        " happened_at, raised_at) VALUES (%s, 'dose_unknown', 'high', true, 'care', 'x', 'x', 'x', 'x', %s, %s)",
        machine.number,
        machine.due + timedelta(minutes=16),
        machine.due + timedelta(minutes=16),
    )
    await judge.sweep()
    machine.says("dose_missed", machine.due + timedelta(minutes=5))
    store.execute("UPDATE device_event SET received_at = now()")
    await judge.round()
    rows = machine.alarms()
    assert ("dose_unknown", True, True) in rows  # corrected by the late word, and says so
    assert ("dose_missed", False, True) in rows  # on record, closed and never told
    assert store.all(
        "SELECT count(*) FROM notification n JOIN alarm a USING (alarm_id) WHERE a.rule = 'dose_missed'"
    ) == [(0,)]


async def test_our_own_lag_is_no_missed_dose(judge: Judge, store: Store, town: Town) -> None:
    machine = Machine(store, town, timedelta(minutes=40))
    machine.heard(datetime.now(UTC))
    store.watermark(machine.due)
    store.execute("UPDATE ingest_watermark SET at = %s", machine.due)
    await judge.sweep()
    assert machine.alarms() == []


async def test_absence_rests_doses_and_demands_a_verified_roll(
    api: Api, make_token: MakeToken, judge: Judge, store: Store, town: Town
) -> None:
    carer = make_token("carer", payers=[town.payer], name="hemtjanst")
    address = f"devices/{town.dispenser.device_id}/doses"
    machine = Machine(store, town, timedelta(minutes=7))
    machine.heard(datetime.now(UTC))
    store.execute(
        "INSERT INTO dose_absence (device_no, reason, started_at, started_by) VALUES (%s, 'hospital', %s, 'hemtjanst')",
        machine.number,
        machine.due - timedelta(minutes=1),
    )
    await judge.round()
    assert (machine.alarms(), machine.dose()) == ([], [("paused", False, "paused")])
    assert (await api.get(address, carer)).json()["standing"] == "away"
    assert (await api.post(f"{address}/absence/end", carer, {})).json()["standing"] == "unverified"
    await judge.round()
    assert store.all("SELECT rule FROM alarm WHERE cleared_at IS NULL") == [("roll_unverified",)]
    assert (await api.post(f"{address}/roll-verified", carer, {})).json()["standing"] == "present"
    await judge.round()
    assert store.all("SELECT rule FROM alarm WHERE cleared_at IS NULL") == []


async def test_who_may_enter_what_and_that_no_other_name_travels(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    nurse = make_token("clinical", payers=[town.payer], audiences=ALL, name="sjukskoterska")
    address = f"devices/{town.dispenser.device_id}/doses"
    body = {"version": 1, "times": ["08:00", "20:00"]}
    assert (await api.post(f"{address}/schedule", make_token("carer"), body)).status_code == 403
    assert (await api.post(f"{address}/schedule", make_token("technician"), body)).status_code == 403
    unsupervised = (await api.get("doses/unsupervised", nurse)).json()["items"]
    assert [item["device_id"] for item in unsupervised] == [town.dispenser.device_id]
    entered = await api.post(f"{address}/schedule", nurse, body)
    assert entered.status_code == 201
    assert entered.json()["supervised"] is True
    assert entered.json()["schedules"][0]["times"] == ["08:00", "20:00"]
    assert (await api.post(f"{address}/schedule", nurse, body)).json()["code"] == "version_used"
    wrong = [
        {**body, "times": ["20:00", "08:00"]},
        {**body, "times": ["08:00", "08:00"]},
        {**body, "times": ["8"]},
        {**body, "times": []},
        {**body, "late_minutes": 4},
        {**body, "valid_from": "2020-01-01T00:00:00Z"},
        {**body, "medicine": "x"},
    ]
    for refused in wrong:
        assert (await api.post(f"{address}/schedule", nurse, {**refused, "version": 9})).status_code == 422, refused
    other = make_token("clinical", payers=[town.other], audiences=ALL)
    assert (await api.get(address, other)).status_code == 404
    technician = make_token("technician", payers=[town.payer])
    assert (await api.get(address, technician)).json()["schedules"] == []  # the care view is not theirs
    assert [action for name, action, _ in store.audit() if name == "sjukskoterska"] == [
        "doses.unsupervised",
        "doses.schedule",
    ]


async def test_a_miss_that_a_machine_reports_as_a_fault_is_that_dose_and_rings_once(
    judge: Judge, store: Store, town: Town
) -> None:
    machine = Machine(store, town, timedelta(minutes=6, seconds=30))
    store.fault(machine.number, "dispenser-gateway", "MISSED", "MED-DOS-01", raised=machine.due + timedelta(minutes=5))
    machine.heard(datetime.now(UTC))
    store.due(machine.number)
    await judge.round()
    assert machine.alarms() == [("dose_missed", True, False)]
    machine.says("dose_missed", machine.due + timedelta(minutes=5))
    await judge.round()
    await judge.sweep()
    assert machine.alarms() == [("dose_missed", True, False)], "told twice, one alarm"
    [(told, outcome)] = store.all("SELECT told, outcome FROM dose WHERE sequence = %s", machine.sequence)
    assert (told, outcome) == (True, "missed")
    machine.says("staff_override", datetime.now(UTC))
    await judge.round()
    assert machine.alarms() == [("dose_missed", False, False)]


async def test_without_a_schedule_the_fault_rings_by_itself(judge: Judge, store: Store, town: Town) -> None:
    """The control of the one above."""
    number = town.dispenser.device_no
    store.fault(number, "dispenser-gateway", "MISSED", "MED-DOS-01", raised=datetime.now(UTC))
    store.heard(number, at=datetime.now(UTC))
    store.due(number)
    await judge.round()
    assert store.all("SELECT rule FROM alarm WHERE rule LIKE 'dose%%'") == [("dose_missed_reported",)]
