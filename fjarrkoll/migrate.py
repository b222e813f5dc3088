"""`fjarrkoll migrate`: bring a database to this release and say what was done."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from psycopg.conninfo import conninfo_to_dict

from fleet.errors import ConfigurationError
from fleet.plumbing.settings import Settings, load_settings
from fleet.plumbing.store.bootstrap import Passwords, bootstrap
from fleet.plumbing.store.migrate import Migration, migrate
from fleet.registry import load_registry

app = typer.Typer(add_completion=False)

_ROLES = ("owner", "ingest", "worker", "api", "grafana")


@app.command()
def migrate_database(
    superuser_url: Annotated[
        str | None,
        typer.Option(
            envvar="FJARRKOLL_SUPERUSER_DATABASE_URL",
            help="Makes roles, database and extensions first; names and passwords come from FJARRKOLL_*_DATABASE_URL."
            " The variable keeps the password out of the process list.",
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of sentences.")] = False,
) -> None:
    """Bring a database to this release: roles (with --superuser-url), schema, profiles' tables and reference rows."""
    settings = load_settings()
    owner_url = settings.need("owner_database_url")
    if superuser_url is not None:
        bootstrap(superuser_url, database_of(owner_url), role_passwords(settings))
    done = migrate(owner_url, load_registry())
    typer.echo(json.dumps(asdict(done) | {"nothing": done.nothing}) if as_json else _sentences(done))


def role_passwords(settings: Settings) -> Passwords:
    """The roles' passwords, from the addresses in the settings.

    Raises:
        ConfigurationError: an address is missing, or names another role or no password.
    """
    found = {}
    for role in _ROLES:
        name = f"{role}_database_url"
        parts = conninfo_to_dict(settings.need(name))
        if parts.get("user") != f"fjarrkoll_{role}" or not parts.get("password"):
            raise ConfigurationError(f"FJARRKOLL_{name.upper()} must name the user fjarrkoll_{role} and a password")
        found[role] = str(parts["password"])
    return Passwords(**found)


def database_of(url: str) -> str:
    """The database that an address names.

    Raises:
        ConfigurationError: none.
    """
    database = conninfo_to_dict(url).get("dbname")
    if not database:
        raise ConfigurationError("FJARRKOLL_OWNER_DATABASE_URL names no database: end it with /fjarrkoll")
    return str(database)


def _sentences(done: Migration) -> str:
    if done.nothing:
        return f"Nothing to do: the database is at revision {done.revision_after}."
    lines = [f"Schema: from {done.revision_before or 'nothing'} to {done.revision_after}."]
    for change in done.tables:
        if change.made:
            lines.append(f"Table {change.table}: made.")
        elif change.columns_added:
            lines.append(f"Table {change.table}: columns added: {', '.join(change.columns_added)}.")
        if change.views_made:
            lines.append(f"Views made: {', '.join(change.views_made)}.")
    lines += [f"Reference table {table}: {times} rows changed." for table, times in done.reference_rows.items()]
    return "\n".join(lines)
