"""`fjarrkoll contract`: write the documents of the wire contract and the catalogue, or check that they are current."""

from pathlib import Path
from typing import Annotated, Final

import typer

from fleet.contract import documents
from fleet.errors import ConfigurationError
from fleet.registry import load_registry

app = typer.Typer(help="Write docs/contract and docs/metrics.md from the code, or check them.")
DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
_SCHEMAS: Final = "contract/schemas"


@app.command()
def contract(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail where a document is not current.")
    ] = False,
    into: Annotated[Path, typer.Option(help="Folder of the documents.")] = DOCS,
) -> None:
    """Write the generated documents. Example: fjarrkoll contract --check."""
    differing = stale(into)
    if check and differing:
        raise ConfigurationError(f"not current: {', '.join(differing)}: run scripts/generate and commit what it writes")
    generated = documents(load_registry())
    for name in differing:
        path = into / name
        if name in generated:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(generated[name], encoding="utf-8")
        else:
            path.unlink()
        typer.echo(f"{'wrote' if name in generated else 'removed'} {name}")
    typer.echo(f"{len(generated)} documents are current")


def stale(folder: Path) -> list[str]:
    """Paths below `folder` whose text differs from what the code says; also what is missing, and schemas left over."""
    generated = documents(load_registry())
    differing = [name for name, text in generated.items() if _read(folder / name) != text]
    left_over = sorted(path.relative_to(folder).as_posix() for path in (folder / _SCHEMAS).glob("*.json"))
    return differing + [name for name in left_over if name not in generated]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
