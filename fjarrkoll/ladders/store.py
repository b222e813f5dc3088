"""Writes a plan into the database and reads what is there, as the schema's owner, in one transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from fjarrkoll.ladders.file import Plan, Recipient, Use
from fleet.ladder import DEFAULT, INSTALLATION, Ladder, LadderError, Person
from fleet.ladder_document import read_ladder, read_windows, write_ladder
from fleet.rota import Finding, check

_PEOPLE: Final = """
    SELECT code, active AND EXISTS (SELECT FROM recipient_address a WHERE a.recipient_id = r.recipient_id), quiet
      FROM recipient r
"""


def people(connection: psycopg.Connection) -> dict[str, Person]:
    """Every recipient as the ladder sees it, the installation's own channels among them."""
    found = {
        code: Person(reachable=reachable, quiet=read_windows(quiet))
        for code, reachable, quiet in connection.execute(_PEOPLE).fetchall()
    }
    return {**found, INSTALLATION: Person()}


def ladders(connection: psycopg.Connection) -> list[Ladder]:
    """Every ladder; the one for where none is set comes last."""
    rows = connection.execute("SELECT document FROM ladder ORDER BY code").fetchall()
    return [*(read_ladder(document) for (document,) in rows), DEFAULT]


def uses(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Where each ladder is used."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT u.ladder, d.device_id, p.code AS payer, u.legal_frame, u.device_class, u.audience
              FROM ladder_use u LEFT JOIN device d USING (device_no) LEFT JOIN payer p ON p.payer_id = u.payer_id
             ORDER BY u.ladder, u.ladder_use_id
            """
        ).fetchall()


def findings(connection: psycopg.Connection, now: datetime) -> dict[str, list[Finding]]:
    """What is wrong with each ladder from now on."""
    known = people(connection)
    return {ladder.code: check(ladder, known, now) for ladder in ladders(connection)}


def apply(connection: psycopg.Connection, plan: Plan, by: str, now: datetime) -> dict[str, list[Finding]]:
    """Writes a plan: what it names becomes as it says, what it does not name stays.

    Returns:
        What is wrong with each ladder of the plan but not refused.

    Raises:
        LadderError: a ladder could leave an alarm with nobody, or a use names what does not exist; nothing is kept.
    """
    with connection.transaction():
        for recipient in plan.recipients:
            _write_recipient(connection, recipient)
        for ladder in plan.ladders:
            connection.execute(
                """
                INSERT INTO ladder (code, document, set_by) VALUES (%s, %s, %s)
                ON CONFLICT (code) DO UPDATE SET document = excluded.document, version = ladder.version + 1,
                    set_at = clock_timestamp(), set_by = excluded.set_by
                """,
                [ladder.code, Jsonb(write_ladder(ladder)), by],
            )
        _write_uses(connection, plan.uses)
        found = findings(connection, now)
        _refuse(found)
    return found


def _write_recipient(connection: psycopg.Connection, recipient: Recipient) -> None:
    row = connection.execute(
        """
        INSERT INTO recipient (code, role, language, active, canary, quiet) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (code) DO UPDATE SET role = excluded.role, language = excluded.language, active = excluded.active,
            canary = excluded.canary, quiet = excluded.quiet
        RETURNING recipient_id
        """,
        [
            recipient.code,
            recipient.role,
            recipient.language,
            recipient.active,
            recipient.canary,
            Jsonb(list(recipient.quiet)),
        ],
    ).fetchone()
    [recipient_id] = row or [None]
    connection.execute("DELETE FROM recipient_address WHERE recipient_id = %s", [recipient_id])
    for place, (channel, address) in enumerate(recipient.addresses.items()):
        connection.execute(
            "INSERT INTO recipient_address (recipient_id, channel, address, place) VALUES (%s, %s, %s, %s)",
            [recipient_id, channel, address, place],
        )


def _write_uses(connection: psycopg.Connection, wanted: Iterable[Use]) -> None:
    for use in wanted:
        device_no = _looked_up(connection, "SELECT device_no FROM device WHERE device_id = %s", use.device_id)
        payer_id = _looked_up(connection, "SELECT payer_id FROM payer WHERE code = %s", use.payer)
        try:
            connection.execute(
                """
                INSERT INTO ladder_use (ladder, device_no, payer_id, legal_frame, device_class, audience)
                VALUES (%s, %s, %s, %s, %s, %s)
                ON CONFLICT (device_no, payer_id, legal_frame, device_class, audience)
                    DO UPDATE SET ladder = excluded.ladder, since = excluded.since
                """,
                [use.ladder, device_no, payer_id, use.legal_frame, use.device_class, use.audience],
            )
        except psycopg.errors.ForeignKeyViolation:
            raise LadderError("a use names a ladder that does not exist") from None


def _looked_up(connection: psycopg.Connection, query: str, value: str | None) -> int | None:
    if value is None:
        return None
    row = connection.execute(query.encode(), [value]).fetchone()
    if row is None:
        raise LadderError("a use names a device or a payer that is not in the register")
    return int(row[0])


def _refuse(found: Mapping[str, list[Finding]]) -> None:
    wrong = [(code, flaw) for code, flaws in found.items() for flaw in flaws if flaw.refused]
    if wrong:
        code, flaw = wrong[0]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise LadderError(f"ladder {code}: {said(flaw)}{more}; nothing was changed")


def said(flaw: Finding) -> str:
    """A flaw in a sentence."""
    when = (
        ""
        if flaw.begins is None or flaw.ends is None
        else f" from {flaw.begins:%Y-%m-%d %H:%M} to {flaw.ends:%H:%M} UTC"
    )
    return f"{flaw.flaw.replace('_', ' ')} {flaw.where}{when}"
