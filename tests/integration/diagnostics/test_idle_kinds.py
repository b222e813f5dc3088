"""Every verdict through the database and the API: reasons in both languages, numbers, since when, what changes it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import psycopg
import pytest

from fleet.clock import local_day
from fleet.idle import Verdict
from fleet.plumbing.store.register import NewDevice, NewLoan, enroll_devices
from tests.fixtures.database import Database, MakePayer
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store

TODAY: Final = local_day(NOW)
LENT_DAYS: Final = 300


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def between(oldest: int, newest: int = 0) -> list[date]:
    return [ago(days) for days in range(newest, oldest + 1)]


# A night carries the day on which it begins, at noon: before noon the latest is yesterday's.
NIGHTS = 39 - (TODAY - local_day(NOW, starts_at_hour=12)).days


@dataclass(frozen=True)
class Kind:
    """What happened to a device, and what must be said of it.

    Attributes:
        days: that it was heard on, and used on.
        since: days ago.
        said: what stands in the reason, Swedish and English.
        changes: what stands in what would change it.
    """

    verdict: Verdict
    step: str
    days: tuple[list[date], list[date]]
    since: int | None
    said: tuple[tuple[str, ...], tuple[str, ...]]
    changes: tuple[str, str]
    also: Callable[[Store, int], None] | None = None
    device_class: str = "wheelchair"
    model: str = "pg-vr2"
    counted: int | None = None


def lent(days: int) -> Callable[[Store, int], None]:
    def change(store: Store, number: int) -> None:
        store.execute("UPDATE loan SET started_at = %s WHERE device_no = %s", NOW - timedelta(days=days), number)

    return change


def away(store: Store, number: int) -> None:
    store.execute(
        "INSERT INTO absence (loan_id, device_no, from_day, kind, noted_by)"
        " SELECT loan_id, device_no, %s, 'hospital', 't' FROM loan WHERE device_no = %s",
        ago(20),
        number,
    )


def feed_stopped(store: Store, number: int) -> None:
    store.execute("INSERT INTO data_source (code, title, kind) VALUES ('feed', 'Tillverkarens flöde', 'maker_feed')")
    store.execute("INSERT INTO source_outage SELECT source_id, %s, NULL, 'r', 't' FROM data_source", ago(9))
    store.execute(
        "INSERT INTO loan_use (loan_id, device_no, source_id) SELECT loan_id, device_no, source_id"
        " FROM loan, data_source WHERE device_no = %s",
        number,
    )


def same_person(store: Store, number: int) -> None:
    store.execute(
        "INSERT INTO loan_use (loan_id, device_no, borrower_key) SELECT loan_id, device_no, 'p' FROM loan"
        " WHERE device_no = %s",
        number,
    )


def never_enrolled(store: Store, number: int) -> None:
    store.execute("UPDATE device SET enrolled_at = NULL WHERE device_no = %s", number)


def returned(store: Store, number: int) -> None:
    store.execute("UPDATE loan SET ended_at = %s WHERE device_no = %s", NOW - timedelta(days=1), number)


def knows_long_pauses(store: Store, number: int) -> None:
    """What would be learnt of a model whose users pause for months and come back."""
    fit = [1.5, 0.5, -4.0, -4.5, -9.0, *(0.0001 * np.eye(5)).ravel().tolist()]
    store.execute("INSERT INTO idle_fit VALUES ('scale', '', %s, 500, %s)", fit, NOW)
    store.execute("INSERT INTO idle_fit VALUES ('scale', %s, %s, 500, %s)", "and-uc352ble", fit, NOW)


AIRSENSE: Final = "resmed-airsense10"
KINDS: Final = {
    "used": Kind(
        Verdict.USED, "none", (between(100), between(100)), 0,
        ((f"Senast använt {TODAY}",), (f"Last used {TODAY}",)), ("Fler dagar utan användning", "More days without use"),
    ),
    "unused": Kind(
        Verdict.UNUSED, "propose", (between(100), between(100, 40)), 40,
        ((f"{ago(40)}: sedan dess 39 dagar", "Föreslå återlämning (gränser 7/14/30 dagar)"),
         (f"{ago(40)}: since then 39 days", "Propose a return (limits 7/14/30 days)")),
        ("En använd dag", "A used day"), counted=39,
    ),
    "silent": Kind(
        Verdict.SILENT, "none", (between(100, 20), between(100, 20)), 20,
        ((f"Inget hört sedan {ago(20)} (20 dagar)", "tystnad visar inte"),
         (f"Nothing heard since {ago(20)} (20 days)", "silence does not show")),
        ("Kontakt med hjälpmedlet", "Contact with the device"),
    ),
    "never_connected": Kind(
        Verdict.NEVER_CONNECTED, "none", ([], []), LENT_DAYS,
        ((f"Uthyrt sedan {ago(LENT_DAYS)}", "är okänt"), (f"On loan since {ago(LENT_DAYS)}", "is unknown")),
        ("Första meddelandet", "The first message"),
    ),
    "never_started": Kind(
        Verdict.NEVER_STARTED, "propose", (between(60), []), 60,
        ((f"Inte använt en enda dag sedan det först hördes {ago(60)}: 60 dagar",),
         (f"Not used on a single day since it was first heard {ago(60)}: 60 days",)),
        ("En använd dag", "A used day"), counted=60,
    ),
    "source_lost": Kind(
        Verdict.SOURCE_LOST, "none", (between(100, 9), between(100, 9)), 9,
        ((f"Data från Tillverkarens flöde har uteblivit sedan {ago(9)}", "är okänt"),
         (f"Data from Tillverkarens flöde has been missing since {ago(9)}", "is unknown")),
        ("Att källan sänder igen", "The source sending again"), feed_stopped,
    ),
    "absent": Kind(
        Verdict.ABSENT, "none", (between(100), between(100, 40)), 20,
        ((f"Frånvaro är registrerad sedan {ago(20)}",), (f"An absence is registered since {ago(20)}",)),
        ("Att frånvaron tar slut", "The end of the absence"), away,
    ),
    "too_early": Kind(
        Verdict.TOO_EARLY, "none", (between(10), []), 10,
        ((f"data sedan {ago(10)}", "7 dagar utan användning"), (f"data since {ago(10)}", "7 days without use")),
        ("Tid, eller en använd dag", "Time, or a used day"), lent(12),
    ),
    "replaced": Kind(
        Verdict.REPLACED, "contact", (between(100), between(100, 40)), 40,
        (("har tagit över", f"{NIGHTS} dagar",
          "2 dagar användes både detta och samma persons andra hjälpmedel K-other"),
         ("has taken over", "On 2 days both this one and the same person's other device K-other", f"{NIGHTS} days")),
        ("att det andra hjälpmedlet lämnas åter", "the return of the other device"),
        same_person, "apap", AIRSENSE, NIGHTS,
    ),
    "other": Kind(
        Verdict.USED, "none", (between(41), between(41)), 0, (("Senast använt",), ("Last used",)),
        ("Fler dagar", "More days"), same_person, "apap", AIRSENSE,
    ),
    "cannot_report": Kind(
        Verdict.CANNOT_REPORT, "none", ([], []), LENT_DAYS,
        (("kan inte rapportera",), ("cannot report",)), ("Att hjälpmedlet ansluts", "Enrolling the device"),
        never_enrolled,
    ),
    "in_stock": Kind(
        Verdict.IN_STOCK, "none", (between(100), between(100)), None,
        (("Ingen lånar",), ("Nobody borrows",)), ("En ny uthyrning", "A new loan"), returned,
    ),
    "held_back": Kind(
        Verdict.UNUSED, "contact", (between(150), between(150, 70)), 70,
        (("69 dagar", "Sannolikhet att det fortfarande används", "utesluter inte att det används: fråga först"),
         ("69 days", "Probability that it is still in use", "do not rule out that it is in use: ask first")),
        ("fler dagar utan användning", "more days without use"), knows_long_pauses, "scale", "and-uc352ble", 69,
    ),
}  # fmt: skip


@pytest.fixture
def told(store: Store, database: Database, make_payer: MakePayer) -> dict[str, str]:
    """One device of each kind, judged once; their ids."""
    loan = NewLoan(payer_id=make_payer().payer_id, legal_frame="HSL", started_at=NOW - timedelta(days=LENT_DAYS))
    news = [
        NewDevice(device_class=kind.device_class, model_key=kind.model, individual_number=f"K-{name}", loan=loan)
        for name, kind in KINDS.items()
    ]
    with psycopg.connect(database.owner) as connection:
        enrolled = enroll_devices(connection, news, NOW - timedelta(days=LENT_DAYS))
    for device, kind in zip(enrolled, KINDS.values(), strict=True):
        heard, used = kind.days
        store.days(device.device_no, kind.device_class, heard=heard, used=used)
        if heard:
            newest = NOW - timedelta(days=(TODAY - max(heard)).days)
            store.heard(device.device_no, at=newest, used=max(used, default=None))
        if kind.also is not None:
            kind.also(store, device.device_no)
    store.judge()
    return {name: device.device_id for name, device in zip(KINDS, enrolled, strict=True)}


async def test_each_verdict_says_why_since_when_and_what_would_change_it(
    told: dict[str, str], api: Api, make_token: MakeToken
) -> None:
    token = make_token("analyst")
    wrong: dict[str, Any] = {}
    for name, kind in KINDS.items():
        use = (await api.get(f"devices/{told[name]}", token)).json()["use"]
        since = None if kind.since is None else ago(kind.since).isoformat()
        spoken = all(
            all(words in use["reason"][language] for words in kind.said[place])
            and kind.changes[place] in use["would_change"][language]
            for place, language in enumerate(("sv", "en"))
        )
        if (use["verdict"], use["step"], use["since"]) != (kind.verdict, kind.step, since) or not spoken:
            wrong[name] = use
        if kind.counted is not None and use["days"] != kind.counted:
            wrong[name] = use
    assert not wrong
    assert {kind.verdict for kind in KINDS.values()} | {Verdict.NOT_JUDGED} == set(Verdict)


async def test_only_what_data_proves_is_in_the_list_and_unknown_is_counted_apart(
    told: dict[str, str], api: Api, make_token: MakeToken
) -> None:
    body = (await api.get("idle", make_token("analyst"))).json()
    assert {item["device_id"] for item in body["items"]} == {
        told[name] for name in ("unused", "never_started", "replaced", "held_back")
    }
    counted = {row["verdict"]: row["devices"] for row in body["summary"]["by_verdict"]}
    assert body["summary"]["unknown"] == sum(
        counted[verdict] for verdict in ("silent", "never_connected", "source_lost", "cannot_report")
    )


async def test_before_the_first_run_nothing_is_called_nought(
    api: Api, make_token: MakeToken, make_payer: MakePayer, database: Database
) -> None:
    loan = NewLoan(payer_id=make_payer().payer_id, legal_frame="HSL", started_at=NOW)
    new = NewDevice(device_class="wheelchair", model_key="pg-vr2", individual_number="K-1", loan=loan)
    with psycopg.connect(database.owner) as connection:
        enroll_devices(connection, [new], NOW)
    token = make_token("analyst")
    for answer in ((await api.get("idle", token)).json()["summary"], (await api.get("idle/money", token)).json()):
        assert answer["judged_at"] is None
        assert answer["meaning"]["sv"].startswith("Ännu inte bedömt")
        assert answer["meaning"]["en"].startswith("Not yet judged")
        assert not any(isinstance(value, int) for value in answer.values())
