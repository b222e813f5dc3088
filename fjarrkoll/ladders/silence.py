"""`fjarrkoll silence add|list|end`: quiet on purpose, always with an end, never for a safety cause."""

import getpass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import psycopg
import typer
from psycopg.rows import dict_row

from fjarrkoll.api.output import NOTHING, JsonOption, local_time, print_json, print_line, print_table
from fleet.errors import ConfigurationError
from fleet.plumbing.settings import load_settings

app: Final = typer.Typer(no_args_is_help=True, help="Keep calm causes quiet for a while; safety causes always call.")
LONGEST: Final = timedelta(days=31)


@app.command()
def add(  # noqa: PLR0913 - a silence's columns, by name
    *,
    hours: Annotated[float, typer.Option(min=0.1, max=LONGEST / timedelta(hours=1), help="It ends after so long.")],
    reason: Annotated[str, typer.Option(help="Why; no names.")],
    device: Annotated[str | None, typer.Option(help="Device id.")] = None,
    payer: Annotated[str | None, typer.Option(help="Payer's code.")] = None,
    device_class: Annotated[str | None, typer.Option("--class", help="Device class.")] = None,
    rule: Annotated[str | None, typer.Option(help="Alarm rule.")] = None,
) -> None:
    """Hold calls about what can wait. When it ends, what is still open is called about."""
    if (device or payer or device_class or rule) is None:
        raise ConfigurationError("say what is silenced: --device, --payer, --class or --rule")
    with _database() as connection:
        row = connection.execute(
            """
            INSERT INTO silence (device_no, payer_id, device_class, rule, starts_at, ends_at, reason, set_by)
            SELECT (SELECT device_no FROM device WHERE device_id = %(device)s),
                   (SELECT payer_id FROM payer WHERE code = %(payer)s), %(class)s, %(rule)s, now(), now() + %(length)s,
                   %(reason)s, %(by)s
             WHERE (%(device)s::text IS NULL OR EXISTS (SELECT FROM device WHERE device_id = %(device)s))
               AND (%(payer)s::text IS NULL OR EXISTS (SELECT FROM payer WHERE code = %(payer)s))
            RETURNING silence_id, ends_at
            """,
            {
                "device": device,
                "payer": payer,
                "class": device_class,
                "rule": rule,
                "length": timedelta(hours=hours),
                "reason": reason,
                "by": getpass.getuser(),
            },
        ).fetchone()
    if row is None:
        raise ConfigurationError("there is no such device or payer in the register")
    print_line(f"silence {row[0]} until {local_time(row[1].isoformat())}; safety causes call as ever")


@app.command("list")
def list_silences(*, as_json: JsonOption = False) -> None:
    """Silences that hold now or will."""
    with _database() as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT s.silence_id, d.device_id, p.code AS payer, s.device_class, s.rule, s.starts_at, s.ends_at, s.reason,
                   s.set_by
              FROM silence s LEFT JOIN device d USING (device_no) LEFT JOIN payer p ON p.payer_id = s.payer_id
             WHERE s.ends_at > now() ORDER BY s.ends_at
            """
        ).fetchall()
    plain = [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        for row in rows
    ]
    if as_json:
        print_json(plain)
        return
    print_table(
        "Silences",
        ["number", "of", "until", "reason", "set by"],
        [
            [
                str(row["silence_id"]),
                " ".join(str(row[name]) for name in ("device_id", "payer", "device_class", "rule") if row[name])
                or NOTHING,
                local_time(row["ends_at"]),
                row["reason"],
                row["set_by"],
            ]
            for row in plain
        ],
    )


@app.command()
def end(silence_id: Annotated[int, typer.Argument(help="Its number.")]) -> None:
    """End a silence now: what it held is called about at once."""
    now = datetime.now(UTC)
    with _database() as connection:
        ended = connection.execute(
            "UPDATE silence SET ends_at = greatest(starts_at + interval '1 microsecond', %s)"
            " WHERE silence_id = %s AND ends_at > %s",
            [now, silence_id, now],
        ).rowcount
        # The ladders it held look again now instead of at its former end.
        connection.execute(
            "UPDATE escalation e SET due_at = %s, wait = interval '0' FROM alarm a"
            " WHERE a.alarm_id = e.alarm_id AND NOT a.safety AND e.ended_at IS NULL AND e.calls = 0 AND e.due_at > %s",
            [now, now],
        )
    if not ended:
        raise ConfigurationError(f"silence {silence_id} does not hold now")
    print_line(f"silence {silence_id} has ended")


def _database() -> psycopg.Connection:
    return psycopg.connect(load_settings().need("owner_database_url"))
