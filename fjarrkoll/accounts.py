"""`fjarrkoll accounts`: who may sign in to the console."""

import json
import secrets
import sys
from typing import Annotated, Final

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from fleet.plumbing.settings import load_settings
from fleet.plumbing.store.accounts import add_account, disable_account, list_accounts, set_password
from fleet.plumbing.store.register import LEGAL_FRAMES, ROLE_AUDIENCES

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Add, list and disable accounts of the console.")
_Login = Annotated[str, typer.Argument(help="Lower-case name, such as tekniker-07; no personal number.")]
_ROLES: Final = ", ".join(ROLE_AUDIENCES)


@app.command()
def add(  # noqa: PLR0913 - each is an option of the command
    login: _Login,
    *,
    role: Annotated[str, typer.Option(help=f"One of {_ROLES}.")],
    care_unit: Annotated[str, typer.Option(help="Unit that stands in the audit.")],
    payer: Annotated[list[str] | None, typer.Option(help="Code of a payer it may see; every payer without it.")] = None,
    frame: Annotated[list[str] | None, typer.Option(help="Legal frame it may see; all without it.")] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
) -> None:
    """Add an account and print its password, which is shown this once.

    Example: fjarrkoll accounts add tekniker-07 --role technician --care-unit "Hjälpmedelscentralen"
    """
    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(12)
    with psycopg.connect(load_settings().need("owner_database_url")) as connection:
        add_account(
            connection, login, password, role, care_unit=care_unit, payers=payer, frames=tuple(frame or LEGAL_FRAMES)
        )
    typer.echo(f"{login} may sign in." if password_stdin else f"{login} may sign in with the password {password}")


@app.command(name="list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Show every account; passwords are never shown."""
    with psycopg.connect(load_settings().need("owner_database_url")) as connection:
        rows = list_accounts(connection)
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    table = Table("login", "role", "care unit", "payers", "frames", "disabled")
    for row in rows:
        payers = "all" if row["payers"] is None else ", ".join(row["payers"])
        table.add_row(
            row["login"], row["role"], row["care_unit"], payers, ", ".join(row["frames"]), str(row["disabled_at"] or "")
        )
    Console().print(table)


@app.command()
def disable(login: _Login) -> None:
    """Shut an account and end its sessions at once."""
    with psycopg.connect(load_settings().need("owner_database_url")) as connection:
        disable_account(connection, login)
    typer.echo(f"{login} may not sign in any more; open sessions have ended.")


@app.command()
def password(login: _Login) -> None:
    """Give an account a new password, shown this once; its sessions end."""
    new = secrets.token_urlsafe(12)
    with psycopg.connect(load_settings().need("owner_database_url")) as connection:
        set_password(connection, login, new)
    typer.echo(f"{login} may sign in with the password {new}")
