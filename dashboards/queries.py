"""The SQL of the panels: files in dashboards/sql, put together from named fragments; no query is spelled elsewhere."""

import re
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "sql"
_PLACE: Final = re.compile(r"<<([a-z_]+)>>")


def query(name: str, **values: str) -> str:
    """The SQL of `dashboards/sql/NAME.sql`, each `<<place>>` filled in, its comments left out.

    Args:
        name: path below dashboards/sql without the ending, such as `fleet/figures`.
        values: what stands in the places; a value may have places of its own. They come from profiles, whose names hold
            letters, digits and underscores only, or from other files here; never from outside.

    Raises:
        KeyError: a place has no value, or a value has no place; the message names it.
    """
    unused = set(values)

    def fill(match: re.Match[str]) -> str:
        place = match[1]
        if place not in values:
            raise KeyError(f"dashboards/sql/{name}.sql needs a value for <<{place}>>")
        unused.discard(place)
        return _PLACE.sub(fill, values[place])

    filled = _PLACE.sub(fill, _read(name))
    if unused:
        raise KeyError(f"dashboards/sql/{name}.sql has no place for {sorted(unused)}")
    return filled


@cache
def _read(name: str) -> str:
    lines = (FOLDER / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("--"))
