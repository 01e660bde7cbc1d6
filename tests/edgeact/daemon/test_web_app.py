"""The pages of the daemon, asked for over a real server on loopback."""

import base64
import hashlib
import http.client
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edgeact.daemon import request_limit as request_limit_module
from edgeact.daemon import standing as standing_module
from edgeact.daemon.event_store import EventStore
from edgeact.daemon.request_limit import BURST
from edgeact.daemon.standing import Standing
from edgeact.daemon.web_app import make_app
from edgeact.daemon.web_server import WebServer, bind
from tests.edgeact.daemon.test_event_store import RECORD

TOKEN = "0123456789abcdef-secret"  # noqa: S105 - of the test's own server


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


def ask(port: int, path: str, *, method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, answer.read().decode("utf-8"))
    finally:
        connection.close()


@contextmanager
def served(standing: Standing, token: str | None = None) -> Iterator[int]:
    listening = bind("127.0.0.1", 0)
    port = listening.getsockname()[1]
    server = WebServer(make_app(standing, token), listening)
    server.start()
    try:
        yield port
    finally:
        server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


@pytest.fixture
def standing(store: EventStore, tmp_path: Path) -> Standing:
    return Standing(store, tmp_path)


def test_a_token_is_needed_for_all_but_health_and_may_come_from_a_browser(standing: Standing) -> None:
    def basic(password: str) -> str:
        return "Basic " + base64.b64encode(f"edgeact:{password}".encode()).decode()

    with served(standing, TOKEN) as port:
        for path in ("/", "/metrics", "/nowhere"):
            refused = ask(port, path)
            assert refused.status == 401
            assert refused.headers["www-authenticate"].startswith("Basic")
        wrong = ("Bearer", "Bearer wrong", f"Bearer {TOKEN}x", f"Digest {TOKEN}", "Basic !", basic(""), "Bearer \xe9")
        assert [ask(port, "/metrics", Authorization=one).status for one in wrong] == [401] * len(wrong)
        right = (f"Bearer {TOKEN}", f"bearer {TOKEN}", basic(TOKEN))
        assert [ask(port, "/metrics", Authorization=one).status for one in right] == [200] * len(right)
        assert ask(port, "/healthz", Host="edge.example").status == 200
        page = ask(port, "/", Authorization=f"Bearer {TOKEN}", Host="edge.example")
        assert page.status == 200
        assert TOKEN not in page.text


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8750", 200),
        ("[::1]:8750", 200),
        ("rebound.example", 421),
        ("a_b.rebound.example", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_without_a_token_a_name_of_the_web_is_refused(standing: Standing, host: str, status: int) -> None:
    with served(standing) as port:
        assert ask(port, "/", Host=host).status == status


def test_no_text_of_a_request_becomes_a_path(standing: Standing) -> None:
    with served(standing) as port:
        for path in ("/events.db", "/../events.db", "/%2e%2e/events.db", "//etc/passwd", "/metrics/../../events.db"):
            assert ask(port, path).status == 404
        assert ask(port, "/metrics", method="POST").status == 405


def test_a_client_that_asks_too_often_is_told_to_wait(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limit_module, "RATE", 0.0)  # how busy the machine is must not matter
    with served(standing, TOKEN) as port:
        answers = [ask(port, "/", Authorization="Bearer guess") for _ in range(int(BURST) + 2)]
    assert {answer.status for answer in answers} == {401, 429}
    assert answers[-1].status == 429
    assert answers[-1].headers["retry-after"] == "1"


def test_health_is_that_of_the_main_loop(standing: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(standing) as port:
        assert (ask(port, "/healthz").status, ask(port, "/readyz").status) == (200, 503)
        standing.look([])
        assert ask(port, "/healthz").text == "alive\n"
        monkeypatch.setattr(standing_module, "ALIVE_SECONDS", 0.0)
        assert (ask(port, "/healthz").status, ask(port, "/healthz").text) == (503, "the main loop hangs\n")


def test_texts_of_the_page_are_escaped_and_its_script_is_the_only_one_that_runs(
    standing: Standing, store: EventStore
) -> None:
    store.save(replace(RECORD, label="<script>alert(1)</script>", zone="<b>"))
    with served(standing) as port:
        page = ask(port, "/")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<b>" not in page.text
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert "server" not in page.headers


def test_a_page_without_its_events_says_why(standing: Standing, store: EventStore) -> None:
    store.close()
    with served(standing) as port:
        page = ask(port, "/")
        assert ask(port, "/metrics").status == 200
    assert page.status == 200
    assert "check the disk" in page.text
