"""Many cases at once, for what must stay quick with a region's 21,000."""

import psycopg

from tests.fixtures.database import Database


def many_cases(database: Database, payer_id: int, number: int) -> None:
    """That many devices on loan, each with a closed or open case; the proofs are not the matter here."""
    with psycopg.connect(database.owner) as connection:
        connection.execute("ALTER TABLE recall_case DISABLE TRIGGER recall_ground")
        connection.execute(
            "INSERT INTO prescriber (code, unit_name, payer_id, legal_frame) VALUES ('rehab-1', 'Rehab 1', %s, 'HSL')",
            [payer_id],
        )
        connection.execute(
            """
            WITH model AS (SELECT model_key, device_class FROM device_model ORDER BY model_key LIMIT 1), made AS (
                INSERT INTO device (device_id, individual_number, device_class, model_key)
                SELECT 'd-many-' || n, to_char(n, 'FM0000000'), device_class, model_key
                  FROM model, generate_series(1, %s) n RETURNING device_no, individual_number, device_class, model_key),
            lent AS (
                INSERT INTO loan (device_no, payer_id, legal_frame, prescriber_id, started_at)
                SELECT device_no, %s, 'HSL', (SELECT prescriber_id FROM prescriber WHERE code = 'rehab-1'),
                       now() - interval '90 days'
                  FROM made RETURNING loan_id, device_no, payer_id, legal_frame, prescriber_id)
            INSERT INTO recall_case (device_no, loan_id, payer_id, legal_frame, prescriber_id, individual_number,
                                     device_class, model_key, verdict, since, known_until, days, rent_sek, proposed_at,
                                     proposed_by, changed_at, changed_by, why)
            SELECT device_no, loan_id, payer_id, legal_frame, prescriber_id, individual_number, device_class, model_key,
                   'unused', current_date - 40, current_date, 40, 125, now(), 'x', now(), 'x', 'x'
              FROM made JOIN lent USING (device_no)
            """,
            [number, payer_id],
        )
        connection.execute("ALTER TABLE recall_case ENABLE TRIGGER recall_ground")
    with psycopg.connect(database.owner, autocommit=True) as connection:
        connection.execute("ANALYZE recall_case, recall_transition, device, loan")
