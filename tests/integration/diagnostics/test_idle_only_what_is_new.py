"""Runs that judge only what is new say what a run over every device says, whatever happens in between."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import psycopg
import pytest

from diagnostics.idle import run
from diagnostics.idle.days import take_days
from diagnostics.idle.figures import correct
from fleet.clock import local_day
from fleet.plumbing.store.register import NewDevice, NewLoan, enroll_devices
from fleet.registry import load_registry
from tests.fixtures.database import Database, MakePayer, Payer, lend_device, return_device
from tests.integration.diagnostics.conftest import NOW, Store

START: Final = datetime.combine(NOW.date(), time(5), UTC)
MODELS: Final = (("wheelchair", "pg-vr2"), ("apap", None), ("dispenser", None), ("scale", None))
STEPS: Final = 9
_ROWS: Final = "SELECT device_no, loan_started_at, content, verdict, step, since FROM idle_verdict ORDER BY 1"
_ASTRAY: Final = """
    SELECT device_no FROM idle_verdict v JOIN device d USING (device_no, loan_started_at)
     WHERE (v.payer_id, v.device_class) IS DISTINCT FROM (d.payer_id, d.device_class)
"""
_FIGURES: Final = "SELECT * FROM idle_figure ORDER BY 1, 2, 3, 4, 5, 6, 7"


class Town:
    """Some devices, and everything that may happen to one of them between two runs."""

    def __init__(self, database: Database, store: Store, payers: list[Payer], seed: int) -> None:
        self.database, self.store, self.payers = database, store, payers
        self.chance = random.Random(seed)
        self.now = START
        self.classes: dict[int, str] = {}
        self.astray: list[Any] = []
        for number in range(12):
            self.enroll(number, lent=self.chance.choice([300, 60, 12, 3]))
        for device in self.classes:
            self.history(device)
        store.execute("INSERT INTO data_source (code, title, kind) VALUES ('feed', 'Feed', 'maker_feed')")

    def enroll(self, number: int, lent: int) -> None:
        device_class, model = self.chance.choice(MODELS)
        loan = NewLoan(payer_id=self.payers[0].payer_id, legal_frame="HSL", started_at=self.now - timedelta(days=lent))
        key = model or load_registry()[device_class].models[0].key
        new = NewDevice(device_class=device_class, model_key=key, individual_number=f"R-{number:03}", loan=loan)
        with psycopg.connect(self.database.owner) as connection:
            [device] = enroll_devices(connection, [new], self.now)
        self.classes[device.device_no] = device_class

    def history(self, device: int) -> None:
        stopped, silent = self.chance.choice([0, 0, 2, 13, 29, 45, 70]), self.chance.choice([0, 0, 0, 2, 4, 12])
        use = self.chance.choice([0.3, 1.0, 1.0])
        heard = [self.day(days) for days in range(silent, 90)]
        used = [day for day in heard if day <= self.day(stopped) and self.chance.random() < use]
        self.store.days(device, self.classes[device], heard=heard, used=used)

    def day(self, ago: int) -> date:
        return local_day(self.now) - timedelta(days=ago)

    def passes(self) -> None:
        """Some hours or days, on which most devices go on as they did."""
        self.now += timedelta(hours=self.chance.choice([1, 1, 7, 7, 24, 24, 48, 100]))
        for device, device_class in self.classes.items():
            fate = self.chance.random()
            if fate < 0.8:
                used = [self.day(0)] if fate < 0.45 else []
                self.store.days(device, device_class, heard=[self.day(0)], used=used)

    def happens(self) -> str:
        """One thing, to one device."""
        device = self.chance.choice(list(self.classes))
        event = self.chance.choice(EVENTS)
        event(self, device)
        return f"{event.__name__} {device}"

    def comes_late(self, device: int) -> None:
        ago = self.chance.randrange(1, 40)
        self.store.days(device, self.classes[device], heard=[], used=[self.day(ago)])
        moment = self.now - timedelta(days=ago)
        self.store.reading(device, self.classes[device], moment, {}, delay=timedelta(days=ago) - timedelta(seconds=2))

    def sends_its_state(self, device: int) -> None:
        self.store.heard(device, at=self.now - timedelta(days=self.chance.choice([0, 1, 5])))

    def goes_away(self, device: int) -> None:
        start = self.day(self.chance.randrange(-3, 30))
        until = self.chance.choice([None, start + timedelta(days=self.chance.choice([2, 9, 33]))])
        self.store.execute(
            "INSERT INTO absence (loan_id, device_no, from_day, until_day, kind, noted_by) SELECT loan_id, device_no,"
            " %s, %s, 'travel', 't' FROM loan WHERE device_no = %s AND ended_at IS NULL",
            start,
            until,
            device,
        )

    def comes_back(self, device: int) -> None:
        self.store.execute(
            "UPDATE absence SET until_day = greatest(from_day, %s) WHERE device_no = %s", self.day(1), device
        )

    def was_not_away(self, device: int) -> None:
        self.store.execute("UPDATE absence SET withdrawn_at = %s WHERE device_no = %s", self.now, device)

    def is_returned(self, device: int) -> None:
        return_device(self.database, device, self.now - timedelta(minutes=5))

    def is_lent(self, device: int) -> None:
        return_device(self.database, device, self.now - timedelta(minutes=5))
        lend_device(self.database, device, self.chance.choice(self.payers), "HSL", self.now - timedelta(minutes=4))

    def gets_another_payer(self, device: int) -> None:
        payer = self.chance.choice(self.payers).payer_id
        for table in ("loan", "device"):
            self.store.execute(
                f"UPDATE {table} SET payer_id = %s WHERE device_no = %s AND payer_id IS NOT NULL",  # noqa: S608 - ours
                payer,
                device,
            )

    def gets_an_interval(self, device: int) -> None:
        self.loan_fact(device, "prescribed_interval_days", self.chance.choice([7, 30]))

    def gets_a_source(self, device: int) -> None:
        self.loan_fact(device, "source_id", 1)

    def is_one_of_two(self, device: int) -> None:
        self.loan_fact(device, "borrower_key", self.chance.choice(["p1", "p2"]))

    def loan_fact(self, device: int, name: str, value: Any) -> None:
        self.store.execute(
            "INSERT INTO loan_use (loan_id, device_no) SELECT loan_id, device_no FROM loan"
            " WHERE device_no = %s AND ended_at IS NULL ON CONFLICT DO NOTHING",
            device,
        )
        self.store.execute(f"UPDATE loan_use SET {name} = %s WHERE device_no = %s", value, device)  # noqa: S608 - ours

    def is_replaced(self, device: int) -> None:
        other = self.chance.choice([number for number in self.classes if number != device])
        self.store.execute(
            "INSERT INTO device_replacement (loan_id, device_no, replaced_by, from_day, noted_by) SELECT loan_id,"
            " device_no, %s, %s, 't' FROM loan WHERE device_no = %s AND ended_at IS NULL ON CONFLICT DO NOTHING",
            other,
            self.day(self.chance.randrange(20)),
            device,
        )

    def is_not_replaced(self, device: int) -> None:
        self.store.execute("DELETE FROM device_replacement WHERE device_no = %s", device)

    def feed_stops(self, _: int) -> None:
        self.store.execute(
            "INSERT INTO source_outage (source_id, from_day, reason, noted_by) VALUES (1, %s, 'r', 't')"
            " ON CONFLICT DO NOTHING",
            self.day(2),
        )

    def feed_works(self, _: int) -> None:
        self.store.execute("UPDATE source_outage SET until_day = greatest(from_day, %s)", self.day(0))

    def is_scrapped(self, device: int) -> None:
        return_device(self.database, device, self.now - timedelta(minutes=5))
        self.store.execute("UPDATE device SET stock_state = 'scrapped' WHERE device_no = %s", device)

    def is_bought(self, _: int) -> None:
        self.enroll(len(self.classes), lent=self.chance.choice([1, 40]))

    def has_a_new_price(self, device: int) -> None:
        self.store.execute(
            "INSERT INTO model_price SELECT model_key, %s, 99 FROM device WHERE device_no = %s ON CONFLICT DO NOTHING",
            self.day(self.chance.randrange(-3, 20)),
            device,
        )


EVENTS: Final[tuple[Callable[[Town, int], None], ...]] = (
    *(Town.comes_late, Town.comes_late, Town.sends_its_state, Town.goes_away, Town.goes_away, Town.comes_back),
    *(Town.was_not_away, Town.is_returned, Town.is_lent, Town.gets_an_interval, Town.gets_a_source),
    *(Town.is_one_of_two, Town.is_one_of_two, Town.is_replaced, Town.is_not_replaced, Town.feed_stops, Town.feed_works),
    *(Town.is_scrapped, Town.is_bought, Town.has_a_new_price, Town.gets_another_payer, Town.gets_another_payer),
)


def judged(town: Town, *, every: bool = False) -> tuple[run.Ran, list[Any], list[Any]]:
    with psycopg.connect(town.database.worker) as connection:
        ran = run.refresh(connection, load_registry(), town.now, every=every)
    town.astray += town.store.all(_ASTRAY)
    return ran, town.store.all(_ROWS), town.store.all(_FIGURES)


def story(town: Town, steps: int, *, heard: bool = True) -> list[tuple[list[str], Any, Any]]:
    """What happened before each run, what the run left, and what a run over every device says at the same moment."""
    judged(town)
    told = []
    for _ in range(steps):
        if heard:
            town.passes()
        town.now += timedelta(minutes=5)
        events = [town.happens() for _ in range(town.chance.randrange(4))]
        told.append((events, judged(town), judged(town, every=True)))
    return told


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_runs_over_what_is_new_say_what_a_run_over_all_says(
    database: Database, store: Store, make_payer: MakePayer, seed: int
) -> None:
    town = Town(database, store, [make_payer(), make_payer()], seed)
    spared = 0
    for events, (ran, rows, figures), (_, every_row, every_figure) in story(town, STEPS):
        assert rows == every_row, (seed, events, set(rows) ^ set(every_row))
        assert figures == every_figure, (seed, events)
        spared += ran.devices - ran.judged
    assert spared > STEPS, "some devices have nothing new"
    assert town.astray == [], "a list of a payer or of a class would leave them out"


def test_figures_are_corrected_where_no_fact_was_written_and_a_correction_left_out_is_found(
    database: Database, store: Store, make_payer: MakePayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that met only new days counts what it changed; the figures are those of a count over every device."""
    town = Town(database, store, [make_payer(), make_payer()], 4)
    corrected: list[int] = []

    def counted(connection: psycopg.Connection, change: Any) -> None:
        corrected.append(len(change))
        correct(connection, change)

    monkeypatch.setattr(run, "correct", counted)
    for figures, every_figure in days_pass(town):
        assert figures == every_figure
    assert sum(corrected), "some verdicts became others"
    monkeypatch.setattr(run, "correct", lambda *_: None)
    assert any(figures != every_figure for figures, every_figure in days_pass(town))


@pytest.mark.parametrize("wrong", ["a depot is noted during the run", "a group is below zero"])
def test_figures_that_a_correction_cannot_be_sure_of_are_counted_anew(
    database: Database, store: Store, make_payer: MakePayer, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """A fact that is committed after the run took what was due, and a negative that was planted, are in no figure."""
    town = Town(database, store, [make_payer(), make_payer()], 4)
    judged(town)
    [(depot,)] = store.all("INSERT INTO depot (code, name) VALUES ('norr', 'Norr') RETURNING depot_id")

    def meanwhile(*arguments: Any, **named: Any) -> Any:
        store.execute("UPDATE device SET depot_id = CASE WHEN depot_id IS NULL THEN %s::integer END", depot)
        return take_days(*arguments, **named)

    def figures() -> tuple[list[Any], list[Any]]:
        judged(town, every=True)
        town.passes()
        town.now += timedelta(days=1)
        with monkeypatch.context() as patch:
            if wrong == "a group is below zero":
                store.execute("UPDATE idle_figure SET devices = -devices")
            else:
                patch.setattr(run, "take_days", meanwhile)
            partly = judged(town)[2]
        return partly, judged(town, every=True)[2]

    for partly, every in [figures() for _ in range(3)]:
        assert partly == every
        assert all(row[7] > 0 for row in partly)
    monkeypatch.setattr(run, "in_doubt", lambda _: False)
    assert any(partly != every for partly, every in [figures() for _ in range(3)]), "control"


def days_pass(town: Town) -> list[tuple[list[Any], list[Any]]]:
    """The figures after runs that met nothing but days, and those of a run over every device at the same moment."""
    judged(town, every=True)
    told = []
    for _ in range(STEPS):
        town.passes()
        town.now += timedelta(days=1)
        told.append((judged(town)[2], judged(town, every=True)[2]))
    return told


@pytest.mark.parametrize(("left_out", "heard"), [("chosen", True), ("devices_due", False)])
def test_a_run_that_forgets_whom_to_judge_is_found_out(  # noqa: PLR0917 - fixtures
    database: Database,
    store: Store,
    make_payer: MakePayer,
    monkeypatch: pytest.MonkeyPatch,
    left_out: str,
    heard: bool,
) -> None:
    """Also one that knows of no fact that was written, while no data comes that would make it look."""
    town = Town(database, store, [make_payer(), make_payer()], 1)
    judged(town)
    monkeypatch.setattr(run, left_out, lambda *_: [])
    assert any(partly[1] != whole[1] for _, partly, whole in story(town, STEPS, heard=heard))
    assert bool(town.astray) == (left_out == "devices_due"), "nobody told of another payer"
