"""`fjarrkoll hold`: hold a device after an incident, export its evidence, verify a package, lift the hold by two."""

import hashlib
import zipfile
from pathlib import Path
from typing import Annotated, Final

import typer

from fjarrkoll.api import words
from fjarrkoll.api.client import ApiError, Json, open_client
from fjarrkoll.api.output import (
    JsonOption,
    LanguageOption,
    LimitOption,
    local_time,
    print_json,
    print_line,
    print_table,
)
from fleet.evidence import MANIFEST, problems
from fleet.text import Text

app: Final = typer.Typer(no_args_is_help=True, help="Hold a device after an incident, export and verify its evidence.")

HoldId = Annotated[int, typer.Argument(help="The hold's number, as `place` and `show` give it")]
_CHUNK: Final = 1024 * 1024
_WHOLE: Final = Text("Paketet är som det förseglades.", "The package is as it was sealed.")
_ALONE: Final = Text(
    "Paketet stämmer med sig självt; jämför med förseglingen i `fjarrkoll hold show` genom --seal.",
    "The package agrees with itself; compare it with the seal in `fjarrkoll hold show` by --seal.",
)
_NO_ZIP: Final = Text("Filen är inget läsbart bevispaket.", "The file is no evidence package that can be read.")


@app.command("place")
def place(
    device: Annotated[str, typer.Argument(help="Individual number, or device id")],
    reason: Annotated[str, typer.Option(help="What happened, without anyone's name")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Hold a device: nothing is deleted, nothing above reading is asked. Example: ... place 1234567 --reason "..."."""
    with open_client(language) as client:
        answer = client.send("POST", f"devices/{client.device_id(device)}/holds", {"reason": reason})
    _show(answer, language, as_json=as_json)


@app.command("show")
def show(
    hold_id: Annotated[int | None, typer.Argument(help="The hold's number; all open ones without")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that were lifted, too")] = False,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Show one hold with the seals of its packages, or list the holds."""
    with open_client(language) as client:
        if hold_id is not None:
            _show(client.get(f"holds/{hold_id}"), language, as_json=as_json)
            return
        answer = client.list("holds", limit, open_only=str(not every).lower())
    if as_json:
        print_json(answer)
        return
    titles = (words.NUMBER, words.TIME, Text("Skäl", "Reason"), Text("Hävd", "Lifted"))
    rows = [
        (str(hold["hold_id"]), hold["individual_number"], local_time(hold["placed_at"]), hold["reason"],
         local_time(hold["lifted_at"]))
        for hold in answer["items"]
    ]  # fmt: skip
    print_table("", ["", *(title.to(language) for title in titles)], rows)


@app.command("export")
def export(
    hold_id: HoldId,
    file: Annotated[Path, typer.Option(help="Where to write the package (ZIP); it must not exist")],
    *,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Write the evidence as one sealed package. Example: fjarrkoll hold export 7 --file evidence-7.zip."""
    try:
        with open_client(language) as client, file.open("xb") as target:
            headers = client.pour(f"holds/{hold_id}/export", target)
    except FileExistsError as error:
        raise ApiError(f"{file}: it exists already, and evidence is never written over") from error
    except ApiError:
        file.unlink(missing_ok=True)
        raise
    told = {"file": str(file), "bytes": file.stat().st_size, "seal": headers["x-evidence-seal"]}
    if as_json:
        print_json(told)
    else:
        print_line(f"{file}  {told['bytes']} B  SHA-256 {told['seal']}")


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="A package written by `export`", exists=True, dir_okay=False)],
    *,
    seal: Annotated[str | None, typer.Option(help="The seal kept elsewhere, as `show` gives it")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Tell whether a package is as it was sealed; needs neither network nor token. Ends with 1 where it is not."""
    try:
        with zipfile.ZipFile(file) as archive:
            wrong = _wrong(archive, seal)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise ApiError(_NO_ZIP.to(language)) from error
    if as_json:
        print_json({"whole": not wrong, "compared_with_seal": seal is not None, "problems": wrong})
    if wrong:
        raise ApiError("; ".join(wrong))
    if not as_json:
        print_line((_ALONE if seal is None else _WHOLE).to(language))


@app.command("lift")
def lift(
    hold_id: HoldId,
    *,
    reason: Annotated[str | None, typer.Option(help="As the first of two persons: why it may be lifted")] = None,
    as_json: JsonOption = False,
    language: LanguageOption = "sv",
) -> None:
    """Lift a hold: the first person gives a --reason, the second, with another role, runs it without."""
    with open_client(language) as client:
        if reason is not None:
            answer = client.send("POST", f"holds/{hold_id}/ask-lift", {"reason": reason})
        else:
            answer = client.post(f"holds/{hold_id}/lift")
    _show(answer, language, as_json=as_json)


def _wrong(archive: zipfile.ZipFile, seal: str | None) -> list[str]:
    names = archive.namelist()
    twice = [f"{name}: it stands there twice" for name in sorted({name for name in names if names.count(name) > 1})]
    found = {name: _digest(archive, name) for name in names if name != MANIFEST}
    return twice + problems(archive.read(MANIFEST), found, seal)


def _digest(archive: zipfile.ZipFile, name: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def _show(hold: Json, language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(hold)
        return
    if hold["open"]:
        print_line(words.HELD.to(language))
    print_line(f"{hold['hold_id']}  {hold['individual_number']}  {local_time(hold['placed_at'])}  {hold['placed_by']}")
    print_line(hold["reason"])
    for made in hold["exports"]:
        print_line(f"{local_time(made['made_at'])}  {made['made_by']}  {made['bytes']} B  {made['manifest_sha256']}")
