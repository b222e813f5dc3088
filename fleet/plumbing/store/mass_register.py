"""Registers whole fleets in one go: hundreds of thousands of devices, by COPY; as the schema's owner."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import psycopg

from fleet.clock import aware
from fleet.plumbing.store.register import NewLoan, RegisterError

# Row security refuses COPY into the tables themselves (PostgreSQL documentation, COPY): names go by COPY, the rest
# follows on the server.
_LIST: Final = "CREATE TEMPORARY TABLE enrolling (number integer, device_id text) ON COMMIT DROP"
_DEVICES: Final = """
    INSERT INTO device (device_id, individual_number, device_class, model_key, stock_state, enrolled_at,
                        payer_id, legal_frame, loan_started_at)
    SELECT device_id, upper(device_id), %(device_class)s, %(model_key)s, 'on_loan', %(now)s,
           %(payer_id)s, %(legal_frame)s, %(started_at)s
      FROM enrolling ORDER BY number
"""
_LOANS: Final = """
    INSERT INTO loan (device_no, payer_id, legal_frame, prescriber_id, started_at)
    SELECT device_no, %(payer_id)s, %(legal_frame)s, %(prescriber_id)s, %(started_at)s
      FROM device JOIN enrolling USING (device_id) ORDER BY device_no
"""
_NUMBERS: Final = "SELECT device_no FROM device JOIN enrolling USING (device_id) ORDER BY number"


def enroll_fleet(  # noqa: PLR0913, PLR0917 - what the devices of a fleet share, by name
    connection: psycopg.Connection,
    count: int,
    device_id: Callable[[int], str],
    device_class: str,
    model_key: str,
    loan: NewLoan,
    now: datetime,
    *,
    unchecked: bool = False,
) -> list[int]:
    """Registers `count` devices of one model on loan to one payer, all or none; their individual numbers are their ids.

    What the loan's trigger would write into each device's row is written with it; no other loan can be made meanwhile.

    Args:
        connection: of the schema's owner; of a superuser for `unchecked`.
        count: how many.
        device_id: of the n-th one, from 0; distinct, and fit for the contract.
        device_class: of all of them.
        model_key: likewise.
        loan: open, of each of them.
        now: aware; from here on they may report.
        unchecked: foreign keys are not looked at row by row; with that look a device costs 126 µs of CPU.

    Returns:
        Their device numbers, in order.

    Raises:
        RegisterError: a device id is taken, or a class, model or payer is unknown.
    """
    shared = {
        "device_class": device_class,
        "model_key": model_key,
        "now": aware(now),
        "payer_id": loan.payer_id,
        "legal_frame": loan.legal_frame,
        "prescriber_id": loan.prescriber_id,
        "started_at": aware(loan.started_at),
    }
    try:
        with connection.transaction():
            connection.execute(_LIST)
            with connection.cursor().copy("COPY enrolling FROM STDIN") as copy:
                for number in range(count):
                    copy.write_row((number, device_id(number)))
            if unchecked:
                connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute("ALTER TABLE loan DISABLE TRIGGER loan_changed")
            connection.execute(_DEVICES, shared)
            connection.execute(_LOANS, shared)
            numbers = [number for (number,) in connection.execute(_NUMBERS)]
            connection.execute("ALTER TABLE loan ENABLE TRIGGER loan_changed")
            connection.execute("DROP TABLE enrolling")
            connection.execute("ANALYZE device, loan")
    except psycopg.errors.IntegrityError as error:
        raise RegisterError(
            f"an id is registered already, or a class, model or payer is unknown ({error.diag.constraint_name})"
        ) from error
    return numbers
