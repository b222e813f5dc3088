"""Enrolment, tokens, command counters and the made-up register."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from fleet.plumbing.store.demo_register import seed_register
from fleet.plumbing.store.migrate import migrate
from fleet.plumbing.store.register import (
    NewDevice,
    NewLoan,
    RegisterError,
    create_token,
    enroll_devices,
    new_device_id,
    token_hash,
)
from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience
from fleet.topics import is_device_id
from tests.fixtures.database import Database, MakeDevice, MakePayer, add_device, add_payer
from tests.integration.store.probe import CLASS, MODEL, PROBE, registry
from tests.integration.store.sight import set_scope

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(database: Database) -> Database:
    migrate(database.owner, registry(PROBE))
    return database


@pytest.fixture
def owner(store: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(store.owner, autocommit=True) as connection:
        yield connection


def _new(number: str, **more: object) -> NewDevice:
    values: dict[str, object] = {"device_class": CLASS, "model_key": MODEL, "individual_number": number, **more}
    return NewDevice(**values)  # type: ignore[arg-type]


def test_a_pseudonym_fits_the_topics_and_says_nothing() -> None:
    made = {new_device_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"d-[a-z2-7]{10}", name) and is_device_id(name) for name in made)


def test_many_are_registered_at_once_and_answered_in_order(owner: psycopg.Connection, store: Database) -> None:
    payer = add_payer(store).payer_id
    loan = NewLoan(payer_id=payer, legal_frame="SoL", started_at=NOW - timedelta(days=1))
    enrolled = enroll_devices(owner, [_new(str(n), loan=loan if n % 2 else None) for n in range(500)], NOW)
    assert [one.individual_number for one in enrolled] == [str(n) for n in range(500)]
    assert len({one.password for one in enrolled}) == 500
    assert all(len(one.password) >= 32 and one.password not in repr(one) for one in enrolled)
    rows = owner.execute(
        "SELECT device_no, device_id, individual_number, stock_state, payer_id, enrolled_at FROM device"
    ).fetchall()
    assert sorted(rows) == sorted(
        (
            one.device_no,
            one.device_id,
            one.individual_number,
            *(("on_loan", payer) if n % 2 else ("in_stock", None)),
            NOW,
        )
        for n, one in enumerate(enrolled)
    )


def test_all_or_none_are_registered(owner: psycopg.Connection) -> None:
    enroll_devices(owner, [_new("taken")], NOW)
    with pytest.raises(RegisterError, match="registered already"):
        enroll_devices(owner, [_new("free"), _new("taken")], NOW)
    assert owner.execute("SELECT count(*) FROM device").fetchone() == (1,)


def test_what_the_register_does_not_know_is_refused(owner: psycopg.Connection) -> None:
    loan = NewLoan(payer_id=999, legal_frame="HSL", started_at=NOW)
    for wrong in ({"device_class": "teapot"}, {"model_key": "no-such"}, {"loan": loan}, {"depot_id": 999}):
        with pytest.raises(RegisterError, match="unknown class, model, payer"):
            enroll_devices(owner, [_new("x", **wrong)], NOW)
    with pytest.raises(RegisterError, match="lower-case letters"):
        enroll_devices(owner, [_new("x", device_id="No/Good")], NOW)
    assert enroll_devices(owner, [], NOW) == []


def test_a_naive_time_is_refused(owner: psycopg.Connection) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="naive"):
        enroll_devices(owner, [_new("x")], naive)
    with pytest.raises(ValueError, match="naive"):
        enroll_devices(owner, [_new("x", loan=NewLoan(payer_id=1, legal_frame="HSL", started_at=naive))], NOW)


def test_factories_make_a_device_on_loan(database: Database, make_payer: MakePayer, make_device: MakeDevice) -> None:
    payer = make_payer()
    made = make_device("scale", loan=(payer, "HSL"))
    with psycopg.connect(database.owner) as connection:
        row = connection.execute("SELECT device_id, payer_id, legal_frame FROM device").fetchone()
    assert row == (made.device_id, payer.payer_id, "HSL")


def test_a_token_is_found_by_its_hash_only_and_while_it_is_valid(owner: psycopg.Connection, store: Database) -> None:
    token = create_token(owner, "anna", "carer", care_unit="Hemtjänst", payers=[1, 2], frames=["SoL"])
    old = create_token(owner, "old", "analyst", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    revoked = create_token(owner, "revoked", "technician")
    owner.execute("UPDATE api_token SET revoked_at = now() WHERE name = 'revoked'")
    assert re.fullmatch(r"fk_[A-Za-z0-9_-]{43}", token)
    with psycopg.connect(store.api) as api:
        query = "SELECT name, role, care_unit, payers, frames, audiences FROM find_token(%s)"
        assert api.execute(query, [token_hash(token)]).fetchall() == [
            ("anna", "carer", "Hemtjänst", [1, 2], ["SoL"], ["care"])
        ]
        for none in (old, revoked, f"{token}x"):
            assert api.execute(query, [token_hash(none)]).fetchall() == []
    kept = owner.execute("SELECT string_agg(t::text, '') FROM api_token t").fetchone()
    assert kept is not None
    assert token not in kept[0]


def test_a_token_needs_a_known_role_and_a_new_name(owner: psycopg.Connection) -> None:
    create_token(owner, "anna", "clinical")
    with pytest.raises(RegisterError, match="exists already"):
        create_token(owner, "anna", "clinical")
    with pytest.raises(RegisterError, match="choose one of technician"):
        create_token(owner, "eva", "king")
    assert owner.execute("SELECT audiences, payers FROM api_token").fetchall() == [(["care", "clinical"], None)]


def test_two_askers_of_one_device_get_two_counters(store: Database) -> None:
    payer = add_payer(store)
    device = add_device(store, CLASS, MODEL, loan=(payer, "HSL"))
    counters: list[int] = []

    def ask(key: str) -> None:
        with psycopg.connect(store.api) as connection:
            set_scope(connection, Scope.everything())
            row = connection.execute("SELECT next_command_counter(%s)", [device.device_no]).fetchone()
            assert row is not None
            counters.append(row[0])
            connection.execute("SELECT pg_sleep(0.05)")
            connection.execute(
                "INSERT INTO command (device_no, counter, name, level, requested_by, idempotency_key, expires_at)"
                " VALUES (%s, %s, 'read_faults', 'read', 'x', %s, now())",
                [device.device_no, row[0], key],
            )

    threads = [threading.Thread(target=ask, args=[str(n)]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counters) == [1, 2, 3, 4]


def test_an_id_that_is_taken_elsewhere_answers_like_a_free_one_would_fail(store: Database) -> None:
    """reliability.md S3: a command for a device of someone else fails the same way as one for a device that is not."""
    own, other = add_payer(store), add_payer(store)
    foreign = add_device(store, CLASS, MODEL, loan=(other, "HSL")).device_no
    answers = []
    for number in (foreign, 999_999):
        with psycopg.connect(store.api) as connection:
            set_scope(connection, Scope(payers=frozenset({own.payer_id}), frames=frozenset({"HSL"})))
            with pytest.raises(psycopg.errors.InsufficientPrivilege) as raised:
                connection.execute(
                    "INSERT INTO command (device_no, counter, name, level, requested_by, idempotency_key, expires_at)"
                    " VALUES (%s, 1, 'read_faults', 'read', 'x', 'x', now())",
                    [number],
                )
            answers.append(str(raised.value))
    assert answers[0] == answers[1]


def test_the_made_up_register_is_seeded_once(store: Database) -> None:
    with psycopg.connect(store.owner) as connection:
        first = seed_register(connection, date(2026, 5, 5))
        assert seed_register(connection, date(2026, 5, 5)) == first
        prices = connection.execute(
            "SELECT valid_from, rent_sek FROM model_price WHERE model_key = 'probe-one' ORDER BY valid_from"
        ).fetchall()
    assert [payer.code for payer in first.payers[:2]] == ["kommun-01", "kommun-02"]
    assert (len(first.payers), first.payers[-1].code, len(first.depots)) == (50, "region", 4)
    assert all(len(payer.prescribers["SoL"]) == 1 for payer in first.payers[:-1])
    assert len(first.payers[-1].prescribers["HSL"]) == 217
    assert prices == [(date(2000, 1, 1), Decimal("100.00")), (date(2026, 1, 1), Decimal("103.00"))]


def test_audiences_of_a_token_can_be_chosen(owner: psycopg.Connection) -> None:
    create_token(owner, "all", "administrator", audiences=list(Audience))
    assert owner.execute("SELECT audiences FROM api_token").fetchone() == (["technical", "care", "clinical"],)
