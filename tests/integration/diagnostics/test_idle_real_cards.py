"""Golden: the two real APAP machines get the verdicts that a careful human gives on reading their nights."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

import pytest

from device_sim.replay.card import Card, read_card
from fleet.clock import STOCKHOLM
from tests.fixtures.database import MakeDevice, MakePayer
from tests.integration.diagnostics.conftest import Store

CARDS: Final = Path(__file__).resolve().parents[4] / "shared" / "data" / "apap"


def card(name: str) -> Card:
    if not (CARDS / name / "STR.edf").is_file():
        pytest.skip("the real cards are not here: ../shared/data/apap is absent")
    return read_card(CARDS / name)


def minutes(found: Card) -> dict[date, float]:
    readings = {night.date: night.readings["therapy.usage"].sample.value for night in found.nights}
    return {day: value for day, value in readings.items() if value is not None and value >= 0}


@pytest.fixture
def machine(store: Store, make_device: MakeDevice, make_payer: MakePayer) -> int:
    device = make_device("apap", loan=(make_payer(), "HSL"))
    return device.device_no


def judged(store: Store, device_no: int, nights: dict[date, float], after: int) -> tuple[str, str, date | None]:
    """The verdict so many days after the card's last night, had the machine reported each night with a row."""
    last = max(nights)
    now = datetime.combine(last + timedelta(days=1 + after), time(13), STOCKHOLM)
    store.execute("UPDATE loan SET started_at = %s", datetime.combine(min(nights), time(12), STOCKHOLM))
    for day, value in nights.items():
        store.execute("INSERT INTO usage_day VALUES (%s, %s, 'therapy_minutes', %s)", device_no, day, value)
    store.judge(now)
    [row] = store.all("SELECT verdict, step, since FROM idle_verdict WHERE device_no = %s", device_no)
    return row[0], row[1], row[2]


@pytest.mark.parametrize("name", ["airsense10", "airsense11"])
def test_a_machine_in_use_is_used_and_a_card_that_ends_is_silent(store: Store, machine: int, name: str) -> None:
    nights = minutes(card(name))
    assert judged(store, machine, nights, 0)[:2] == ("used", "none")
    last = max(nights)
    store.judge(datetime.combine(last + timedelta(days=30), time(13), STOCKHOLM))
    [row] = store.all("SELECT verdict, step FROM idle_verdict WHERE device_no = %s", machine)
    assert row == ("silent", "none")  # the card was taken out: that says nothing about the nights after it


@pytest.mark.parametrize("name", ["airsense10", "airsense11"])
def test_tiny_nights_after_a_card_s_end_are_no_use_and_propose_only_when_they_last(
    store: Store, machine: int, name: str
) -> None:
    nights = minutes(card(name))
    last = max(day for day, value in nights.items() if value >= 30)
    nights = {day: value for day, value in nights.items() if day <= last}
    tiny = [2.0, 13.0, 25.0]  # minutes, as on the real cards: a session is not use
    nights |= {last + timedelta(days=number): tiny[number % 3] for number in range(1, 60)}
    assert judged(store, machine, nights, 0) == ("unused", "propose", last)
