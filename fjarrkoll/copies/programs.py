"""pg_dump and pg_restore: which ones, and run so that no password is seen in the list of processes."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from psycopg.conninfo import conninfo_to_dict

from fjarrkoll.copies.manifest import CopyError
from fjarrkoll.services import install

_VARIABLES: Final = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


def find_program(name: str, server_major: int) -> Path:
    """The machine's own program of at least the server's release, or else the fetched one.

    Raises:
        InstallError: neither is there.
    """
    own = shutil.which(name)
    if own is not None:
        told = subprocess.run([own, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - our own finding
        version = re.search(r"(\d+)\.", told)
        if version is not None and int(version[1]) >= server_major:
            return Path(own)
    binaries = install()
    return {"pg_dump": binaries.pg_dump, "pg_restore": binaries.pg_restore}[name]


def run_program(program: Path, arguments: Sequence[str], dsn: str, database: str) -> None:
    """Runs it against a database.

    Raises:
        CopyError: it failed; the message has the end of what it said.
    """
    parts = conninfo_to_dict(dsn)
    environment = {variable: str(parts[name]) for name, variable in _VARIABLES.items() if parts.get(name) is not None}
    done = subprocess.run(  # noqa: S603 - arguments are ours, no shell
        [str(program), *arguments, "--dbname", database],
        env={**os.environ, **environment, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CopyError(f"{program.name} failed: {done.stderr.strip()[-800:]}")
