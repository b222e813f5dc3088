"""`fjarrkoll doctor`: asks every part of a running system whether it is well, and says what to do where it is not."""

import json
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import httpx
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from fleet.errors import ConfigurationError
from fleet.health import MEANINGS, Concern, Condition
from fleet.plumbing.settings import Settings, load_settings

app = typer.Typer(add_completion=False)

_SECONDS: Final = 5.0
# Ingest writes its watermark every few seconds, also when nothing arrives.
_WATERMARK_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one part answered.

    Attributes:
        well: None where it could not be asked, which is not the same as well.
        advice: what to do; empty when well.
    """

    part: str
    well: bool | None
    said: str
    advice: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Asks broker, database, ingest, pipeline, quarantine and API in turn; none is left out because another is ill."""
    parts: list[tuple[str, Callable[[Settings], Finding]]] = [
        ("broker", _broker),
        ("database", _database),
        ("ingest", _ingest),
        ("pipeline", _pipeline),
        ("quarantine", _quarantine),
        ("api", _api),
    ]
    return [_asked(part, question, settings) for part, question in parts]


def _asked(part: str, question: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return question(settings)
    except ConfigurationError as error:
        return Finding(part, None, "not asked", str(error))
    except (OSError, psycopg.Error, httpx.HTTPError) as error:
        return Finding(part, well=False, said=type(error).__name__, advice=f"does not answer: is it running? ({error})")


def _broker(settings: Settings) -> Finding:
    place = f"{settings.mqtt_host}:{settings.mqtt_port}"
    with socket.create_connection((settings.mqtt_host, settings.mqtt_port), timeout=_SECONDS):
        return Finding("broker", well=True, said=f"listens on {place}")


def _database(settings: Settings) -> Finding:
    with psycopg.connect(settings.need("owner_database_url"), connect_timeout=int(_SECONDS)) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        return Finding("database", well=False, said="has no schema", advice="run `fjarrkoll migrate`")
    return Finding("database", well=True, said=f"answers, schema {row[0]}")


def _ingest(settings: Settings) -> Finding:
    with psycopg.connect(settings.need("owner_database_url"), connect_timeout=int(_SECONDS)) as connection:
        rows = connection.execute(
            "SELECT shard, extract(epoch FROM now() - at)::float8 FROM ingest_watermark ORDER BY at"
        ).fetchall()
    if not rows:
        return Finding("ingest", well=False, said="has never stored", advice="start `fjarrkoll ingest run`")
    shard, age = rows[0]
    if age > _WATERMARK_SECONDS:
        advice = "it is stopped or stuck: see its log; devices keep their readings meanwhile"
        return Finding("ingest", well=False, said=f"{shard} is {age:.0f} s behind", advice=advice)
    return Finding("ingest", well=True, said=f"stored everything until {age:.0f} s ago")


def _pipeline(settings: Settings) -> Finding:
    """What is lost or late now, where, since when; refused messages and silence are told by others."""
    with psycopg.connect(settings.need("owner_database_url"), connect_timeout=int(_SECONDS)) as connection:
        rows = connection.execute(
            "SELECT shard, concern, state, to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), amount::float8"
            " FROM pipeline_health WHERE concern NOT IN ('silent', 'refused') ORDER BY state, since"
        ).fetchall()
    if not rows:
        return Finding("pipeline", None, "no ingest has ever told", "start `fjarrkoll ingest run`")
    wrong = [row for row in rows if row[2] in {Condition.NOW, Condition.UNKNOWN}]
    if not wrong:
        return Finding("pipeline", well=True, said="nothing lost or late in the last five minutes")
    shard, concern, state, since, amount = wrong[0]
    meaning = MEANINGS[Concern(concern)]
    if state == Condition.UNKNOWN:
        return Finding("pipeline", None, f"not known of {shard}: {meaning.title.en.lower()}?", meaning.advice.en)
    told = f"{meaning.title.en} ({shard}) since {since} UTC: {amount:g} {meaning.unit.en}"
    return Finding("pipeline", well=False, said=told, advice=meaning.advice.en)


def _quarantine(settings: Settings) -> Finding:
    with psycopg.connect(settings.need("owner_database_url"), connect_timeout=int(_SECONDS)) as connection:
        row = connection.execute(
            "SELECT count(*), coalesce(mode() WITHIN GROUP (ORDER BY reason), '') FROM quarantine"
            " WHERE last_at > now() - interval '1 hour'"
        ).fetchone()
    count, reason = row or (0, "")
    if count:
        advice = "see /api/v1/quarantine: each says what is wrong with it"
        return Finding(
            "quarantine", well=False, said=f"{count} refused in the last hour, mostly {reason}", advice=advice
        )
    return Finding("quarantine", well=True, said="nothing refused in the last hour")


def _api(settings: Settings) -> Finding:
    answer = httpx.get(f"{settings.api_url}/readyz", timeout=_SECONDS, trust_env=False)
    if answer.is_success:
        return Finding("api", well=True, said=f"ready at {settings.api_url}")
    return Finding("api", well=False, said=f"status {answer.status_code}", advice="see its log; it needs the database")


@app.command()
def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="A JSON array, one object per part.")] = False
) -> None:
    """Check a running system; exit code 1 when a part is ill or could not be asked."""
    findings = examine(load_settings())
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        _show(findings)
    raise typer.Exit(0 if all(finding.well for finding in findings) else 1)


def _show(findings: list[Finding]) -> None:
    table = Table("part", "", "said", "what to do")
    words = {True: "well", False: "ILL", None: "unknown"}
    for finding in findings:
        table.add_row(finding.part, words[finding.well], finding.said, finding.advice)
    Console().print(table)
