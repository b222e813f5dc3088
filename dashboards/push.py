"""Sends the dashboards to a running Grafana through its API, for those who do not provision by files."""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from dashboards.dashboard import Dashboard, Folder
from dashboards.panels import DATASOURCE, Json
from fleet.errors import ConfigurationError, FjarrkollError

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SECONDS: Final = 20.0


class PushError(FjarrkollError):
    """Grafana did not take what was sent; the message says what to do."""


def connect(url: str, token: str) -> Any:  # noqa: ANN401 - the client library is untyped
    """A client of the Grafana at `url`.

    Raises:
        ConfigurationError: the client library is missing, or the token would travel unprotected.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(f"FJARRKOLL_GRAFANA_URL is {url!r}: write it as https://grafana.example/")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError("FJARRKOLL_GRAFANA_URL is not https: the token would travel readable for everyone")
    try:
        library = importlib.import_module("grafana_client")
    except ImportError as error:
        raise ConfigurationError("grafana-client is missing: pip install 'fjarrkoll[grafana]'") from error
    return library.GrafanaApi.from_url(url.rstrip("/") + "/", credential=token, timeout=_SECONDS)


def data_source(database_url: str) -> Json:
    """The data source as Grafana's API takes it, password included.

    Args:
        database_url: of the role fjarrkoll_grafana, with the address under which Grafana reaches the database.

    Raises:
        ConfigurationError: it names another role, or no password; Grafana must not see more than its role may.
    """
    parts = conninfo_to_dict(database_url)
    if parts.get("user") != "fjarrkoll_grafana" or not parts.get("password") or not parts.get("dbname"):
        raise ConfigurationError(
            "FJARRKOLL_GRAFANA_DATABASE_URL must name the user fjarrkoll_grafana, password and database"
        )
    return {
        "name": "Fjärrkoll",
        **DATASOURCE,
        "access": "proxy",
        "url": f"{parts['host']}:{parts.get('port') or 5432}",
        "user": parts["user"],
        "jsonData": {
            "database": parts["dbname"],
            "sslmode": parts.get("sslmode") or "disable",
            "postgresVersion": 1700,
            "timescaledb": True,
        },
        "secureJsonData": {"password": parts["password"]},
    }


def push(api: Any, boards: Sequence[Dashboard], source: Json | None) -> list[str]:  # noqa: ANN401 - untyped library
    """Makes folders, the data source where it is missing, and every dashboard new; returns what was done.

    Args:
        api: from `connect`.
        boards: what to send; dashboards of the same uid are replaced.
        source: from `data_source`; None if Grafana has it already.

    Raises:
        PushError: Grafana refused something, or does not answer.
    """
    done: list[str] = []
    with _explained():
        if _missing(lambda: api.datasource.get_datasource_by_uid(DATASOURCE["uid"])):
            if source is None:
                raise PushError(
                    f"Grafana has no data source {DATASOURCE['uid']}: set FJARRKOLL_GRAFANA_DATABASE_URL and push again"
                )
            api.datasource.create_datasource(source)
            done.append(f"data source {DATASOURCE['uid']}: made")
        for folder in dict.fromkeys(board.folder for board in boards):
            done += _folder(api, folder)
        for board in boards:
            api.dashboard.update_dashboard(
                {"dashboard": board.to_json() | {"id": None}, "folderUid": board.folder.uid, "overwrite": True}
            )
            done.append(f"dashboard {board.uid}: sent")
    return done


def _folder(api: Any, folder: Folder) -> list[str]:  # noqa: ANN401 - untyped library
    if _missing(lambda: api.folder.get_folder(folder.uid)):
        api.folder.create_folder(folder.title, uid=folder.uid)
        return [f"folder {folder.uid}: made"]
    return []


def _missing(ask: Any) -> bool:  # noqa: ANN401 - a call into the untyped library
    """Whether Grafana says 404; whatever else it says is an error."""
    try:
        ask()
    except Exception as error:
        if getattr(error, "status_code", None) == 404:
            return True
        raise
    return False


@contextmanager
def _explained() -> Iterator[None]:
    """Turns the library's errors into ours."""
    try:
        yield
    except FjarrkollError:
        raise
    except Exception as error:
        status = getattr(error, "status_code", None)
        raise PushError(_ADVICE.get(status, f"Grafana did not take it: {error}")) from error


_ADVICE: Final[dict[int | None, str]] = {
    None: "Grafana does not answer: is FJARRKOLL_GRAFANA_URL right, and is it running?",
    0: "Grafana does not answer in time: is FJARRKOLL_GRAFANA_URL right, and is it running?",
    401: "Grafana refused the token: make a service account with the role Admin and set FJARRKOLL_GRAFANA_TOKEN",
    403: "the token may not do this: its service account needs the role Admin",
}
