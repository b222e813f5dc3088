"""`fjarrkoll certify`: listen to a real device, command it where wanted, and say which of the contract it keeps."""

import asyncio
import json
from typing import Annotated, Final

import typer
from rich.console import Console

from device_sim.conformance.judge import Certificate, judge
from device_sim.conformance.listen import Session, listen
from device_sim.conformance.verdict import Outcome
from device_sim.line import Line
from fleet.errors import ConfigurationError
from fleet.plumbing.settings import load_settings
from fleet.registry import load_registry
from fleet.topics import is_device_id

app = typer.Typer(help="Prove that a device speaks the contract.")
console = Console(stderr=True)
_MARKS: Final = {Outcome.PASSED: "passed  ", Outcome.FAILED: "FAILED  ", Outcome.NOT_SEEN: "not seen"}


@app.command()
def certify(  # noqa: PLR0913 - every option is a choice of the person who certifies
    device_id: Annotated[str, typer.Option(help="The device; it must be connected, or about to be.")],
    *,
    seconds: Annotated[float, typer.Option(min=5, help="How long to listen.")] = 60.0,
    counter: Annotated[
        int | None,
        typer.Option(min=1, help="Send commands, the first with this counter; 1 for a device that never had one."),
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Have it restart its gateway; needs --counter.")] = False,
    unsafe: Annotated[
        bool,
        typer.Option("--unsafe", help="It is kept driving, in therapy or dosing: it must refuse; needs --counter."),
    ] = False,
    confirm: Annotated[
        bool,
        typer.Option("--confirm", help="No ingest runs at this broker: send receipts in its place, late at first."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Listen to a device and judge it. Example: fjarrkoll certify --device-id x7 --counter 1 --restart --confirm.

    Accounts come from FJARRKOLL_OBSERVER_PASSWORD, for --counter FJARRKOLL_DIAGNOSTICS_PASSWORD, and for --confirm
    FJARRKOLL_INGEST_PASSWORD. Counters that are used here are used up: certify a device on the bench, before the
    platform commands it, or with a counter above the platform's, which then has to go on above it.
    """
    if not is_device_id(device_id):
        raise ConfigurationError("--device-id: 3-40 lower-case letters, digits and hyphens")
    if restart and counter is None:
        raise ConfigurationError("--restart is a command: give --counter, too")
    if unsafe and counter is None:
        raise ConfigurationError("--unsafe sends a command: give --counter, too")
    settings = load_settings()
    session = Session(
        line=Line(settings.mqtt_host, settings.mqtt_port, settings.mqtt_tls_ca),
        device_id=device_id,
        seconds=seconds,
        observer_password=settings.need("observer_password"),
        diagnostics_password=settings.need("diagnostics_password") if counter else None,
        counter=counter,
        ingest_password=settings.need("ingest_password") if confirm else None,
        restart=restart,
        unsafe=unsafe,
    )
    certificate = judge(asyncio.run(listen(session, console.print)), load_registry())
    typer.echo(json.dumps(certificate.as_json(), ensure_ascii=False) if as_json else shown(certificate))
    if not certificate.good:
        raise typer.Exit(1)


def shown(certificate: Certificate) -> str:
    """The certificate for a person."""
    if not certificate.heard:
        return f"nothing was heard of {certificate.device_id}: is it switched on, and connected to this broker?"
    width = max(len(verdict.name) for verdict in certificate.verdicts)
    lines = [f"{_MARKS[v.outcome]}  {v.name:<{width}}  {v.sentence}" for v in certificate.verdicts]
    counts = {outcome: sum(v.outcome is outcome for v in certificate.verdicts) for outcome in Outcome}
    total = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    return "\n".join([*lines, "", f"{certificate.device_id}: {total}"])
