"""The verdict that Grafana reckons in SQL is the verdict of fleet/idle.py, on every device of a random fleet."""

import random
from datetime import datetime, timedelta

import psycopg

from dashboards.build import all_dashboards
from dashboards.macros import ALL, expand
from dashboards.queries import query
from dashboards.trial import ask, context_of
from fleet.clock import STOCKHOLM
from fleet.idle import Evidence, Verdict, judge
from fleet.models import DeviceModel
from fleet.plumbing.store.register import NewDevice, NewLoan, enroll_devices
from fleet.profile import DeviceProfile
from fleet.registry import load_registry
from tests.fixtures.database import Database, MakePayer
from tests.integration.dashboards.month import utc_now

DEVICES = 1_500
ASKED = "SELECT device_id, verdict, step, since, days FROM judged"


def random_evidence(chance: random.Random, now: datetime) -> Evidence:
    """Anything that can be true of a device, near the limits more often than far from them."""

    def ago(longest: int) -> datetime:
        return now - timedelta(days=chance.randrange(longest), hours=chance.randrange(24), minutes=chance.randrange(60))

    heard = chance.random() < 0.9
    last = ago(chance.choice([2, 5, 60])) if heard else None
    first = None if last is None else last - timedelta(days=chance.randrange(300))
    used = (now - timedelta(days=chance.randrange(400))).date() if heard and chance.random() < 0.7 else None
    return Evidence(
        loan_started=ago(chance.choice([40, 400])) if chance.random() < 0.95 else None,
        can_report=chance.random() < 0.95,
        first_seen=first,
        last_seen=last,
        last_used_day=used,
    )


def store(
    connection: psycopg.Connection, payer: int, cases: list[tuple[DeviceProfile, DeviceModel, Evidence]], now: datetime
) -> list[str]:
    news = [
        NewDevice(
            device_class=profile.name,
            model_key=model.key,
            individual_number=f"i-{number}",
            loan=None
            if e.loan_started is None
            else NewLoan(payer_id=payer, legal_frame="SoL", started_at=e.loan_started),
        )
        for number, (profile, model, e) in enumerate(cases)
    ]
    enrolled = enroll_devices(connection, news, now)
    for device, (_, _, e) in zip(enrolled, cases, strict=True):
        if not e.can_report:
            connection.execute("UPDATE device SET enrolled_at = NULL WHERE device_no = %s", [device.device_no])
        connection.execute(
            "INSERT INTO device_state (device_no, first_seen_at, last_seen_at, last_used_day) VALUES (%s, %s, %s, %s)",
            [device.device_no, e.first_seen, e.last_seen, e.last_used_day],
        )
    return [device.device_id for device in enrolled]


def test_sql_and_python_judge_alike(database: Database, make_payer: MakePayer) -> None:
    chance, now, registry = random.Random(7), utc_now(), load_registry()
    models = list(registry.models())
    cases = [(*chance.choice(models), random_evidence(chance, now)) for _ in range(DEVICES)]
    with psycopg.connect(database.owner) as connection:
        identities = store(connection, make_payer().payer_id, cases, now)
    board = next(board for board in all_dashboards(registry) if board.uid == "fk-overview")
    context = context_of(board, now, {"payer": ALL, "device_class": ALL})
    statement = f"WITH {query('fleet/chosen_fleet')}, {query('fleet/judged')} {ASKED}"
    with psycopg.connect(database.grafana, autocommit=True) as connection:
        reckoned = {row[0]: row[1:] for row in ask(connection, expand(statement, context)).rows}
    today = now.astimezone(STOCKHOLM).date()
    wanted = {}
    for identity, (profile, model, evidence) in zip(identities, cases, strict=True):
        verdict = judge(evidence, profile.idle_policy(model), today)
        wanted[identity] = (str(verdict.verdict), str(verdict.step), verdict.since, verdict.days)
    assert reckoned == wanted
    assert {verdict for verdict, *_ in wanted.values()} == set(Verdict)
