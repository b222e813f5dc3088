"""Pushing to a Grafana: a small server speaks the few calls of its API that are used, as documented for version 13."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dashboards.build import all_dashboards
from dashboards.dashboard import Folder
from dashboards.push import PushError, connect, data_source, push
from fleet.errors import ConfigurationError
from fleet.registry import load_registry

TOKEN = "glsa_test"
DATABASE = "postgresql://fjarrkoll_grafana:s3cret@db.example:5433/fjarrkoll?sslmode=verify-full"
BOARDS = all_dashboards(load_registry())


class Grafana(ThreadingHTTPServer):
    """Keeps what it is sent; refuses wrong tokens and dashboards that it calls provisioned."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folders: dict[str, Any] = {}
        self.sources: dict[str, Any] = {}
        self.dashboards: dict[str, Any] = {}
        self.provisioned = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Grafana

    def do_GET(self) -> None:
        kind, _, uid = self.path.removeprefix("/api/").rpartition("/")
        known = {"folders": self.server.folders, "datasources/uid": self.server.sources}[kind]
        self._answer(200 if uid in known else 404, known.get(uid, {"message": "not found"}))

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/folders":
            self.server.folders[sent["uid"]] = sent
        elif self.path == "/api/datasources":
            self.server.sources[sent["uid"]] = sent
        elif self.server.provisioned:
            self._answer(400, {"message": "Cannot save provisioned dashboard"})
            return
        else:
            self.server.dashboards[sent["dashboard"]["uid"]] = sent
        self._answer(200, {"status": "success"})

    def _answer(self, status: int, body: Any) -> None:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            status, body = 401, {"message": "Invalid API key"}
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Says nothing: test output is for tests."""


@pytest.fixture
def server() -> Iterator[Grafana]:
    with Grafana() as grafana:
        thread = threading.Thread(target=grafana.serve_forever)
        thread.start()
        yield grafana
        grafana.shutdown()
        thread.join()


def test_folders_data_source_and_every_dashboard_arrive_once_and_again(server: Grafana) -> None:
    api = connect(server.url, TOKEN)
    first = push(api, BOARDS, data_source(DATABASE))
    assert server.folders.keys() == {folder.uid for folder in Folder}
    assert server.sources["fjarrkoll-timescaledb"]["jsonData"]["timescaledb"] is True
    assert server.dashboards.keys() == {board.uid for board in BOARDS}
    sent = server.dashboards["fk-overview"]
    assert (sent["folderUid"], sent["overwrite"]) == ("fk-hmc", True)
    assert sent["dashboard"]["panels"] == BOARDS[0].to_json()["panels"]
    again = push(api, BOARDS, None)
    assert len(first) == len(BOARDS) + len(Folder) + 1
    assert len(again) == len(BOARDS)
    api.client.s.close()


def test_the_data_source_is_grafanas_own_role_and_nobody_elses() -> None:
    source = data_source(DATABASE)
    assert (source["url"], source["user"]) == ("db.example:5433", "fjarrkoll_grafana")
    assert source["jsonData"]["sslmode"] == "verify-full"
    assert source["secureJsonData"] == {"password": "s3cret"}
    for wrong in ("postgresql://fjarrkoll_owner:x@h/fjarrkoll", "postgresql://fjarrkoll_grafana@h/fjarrkoll"):
        with pytest.raises(ConfigurationError, match="fjarrkoll_grafana"):
            data_source(wrong)


def test_a_missing_data_source_is_asked_for(server: Grafana) -> None:
    api = connect(server.url, TOKEN)
    with pytest.raises(PushError, match="FJARRKOLL_GRAFANA_DATABASE_URL"):
        push(api, BOARDS, None)
    api.client.s.close()


def test_a_wrong_token_is_explained(server: Grafana) -> None:
    api = connect(server.url, "wrong")
    with pytest.raises(PushError, match="service account"):
        push(api, BOARDS, None)
    assert server.dashboards == {}
    api.client.s.close()


def test_what_grafana_refuses_is_said_in_its_own_words(server: Grafana) -> None:
    server.provisioned = True
    api = connect(server.url, TOKEN)
    with pytest.raises(PushError, match="provisioned dashboard"):
        push(api, BOARDS, data_source(DATABASE))
    api.client.s.close()


def test_a_grafana_that_is_not_there_is_explained(server: Grafana) -> None:
    url = server.url
    server.server_close()
    api = connect(url, TOKEN)
    with pytest.raises(PushError, match="does not answer"):
        push(api, BOARDS, None)
    api.client.s.close()


@pytest.mark.parametrize("url", ["http://grafana.example/", "grafana.example", "ftp://grafana.example"])
def test_a_token_never_travels_unprotected(url: str) -> None:
    with pytest.raises(ConfigurationError, match="FJARRKOLL_GRAFANA_URL"):
        connect(url, TOKEN)
