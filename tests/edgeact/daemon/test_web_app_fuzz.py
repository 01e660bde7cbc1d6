"""Whatever is sent to the pages, nothing crashes and nobody is let in."""

import contextlib
import itertools
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeact.daemon.event_store import EventStore
from edgeact.daemon.standing import Standing
from tests.edgeact.daemon.test_event_store import RECORD
from tests.edgeact.daemon.test_web_app import TOKEN, ask, served

# Of each connection another one: a client may not ask often. All of 127/8 is this machine.
CLIENTS = (f"127.0.{third}.{fourth}" for third in itertools.count(1) for fourth in range(1, 255))
IDENTITY = "01HZY3T2G4QX5N6M7P8R9S0V1W"
WORDS = ["/healthz", "/readyz", "alive", "ready", "graphs are not warm, or no camera gives frames"]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("state")
    (folder / "snapshots").mkdir()
    (folder / "snapshots" / f"{IDENTITY}.jpg").write_bytes(TOKEN.encode())
    store = EventStore(folder / "events.db")
    store.save(replace(RECORD, id=IDENTITY, snapshot=f"snapshots/{IDENTITY}.jpg"))
    with served(Standing(store, Path(folder)), TOKEN) as one:
        yield one
    store.close()


PIECES = st.one_of(
    st.sampled_from(["cameras", "events", "metrics", "healthz", "..", "%2e%2e", "%00", "", IDENTITY, "snapshot"]),
    st.text(max_size=8),
)
PATHS = st.lists(PIECES, max_size=5).map(lambda pieces: "/" + "/".join(pieces))
HEADERS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Host: localhost", "Host: [", "Content-Length: -1", "Content-Length: 99999999999999999999",
                "Transfer-Encoding: chunked", "Upgrade: websocket\r\nConnection: Upgrade", "Expect: 100-continue",
                "Authorization: Basic !", "Authorization: Bearer", f"Authorization: Digest {TOKEN}",
                f"Authorization: Bearer {TOKEN[:-1]}", "Range: bytes=0-", "X: " + "a" * 70_000,
            ]
        ),
        st.tuples(st.text(max_size=8), st.text(max_size=20)).map(": ".join),
    ),
    max_size=4,
)  # fmt: skip
METHODS = st.one_of(st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "PRI", "CONNECT"]), st.text(max_size=6))


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Something like a request."""
    lines = [f"{draw(METHODS)} {draw(PATHS)} HTTP/1.1", *draw(HEADERS), "Connection: close", "", ""]
    return "\r\n".join(lines).encode("utf-8", errors="replace") + draw(st.binary(max_size=40))


@settings(max_examples=60, deadline=None)
@given(content=st.one_of(st.binary(max_size=300), requests()))
def test_no_request_crashes_the_pages_or_is_let_in(port: int, content: bytes) -> None:
    answer = send(port, content)
    for status, rest in re.findall(rb"HTTP/1\.[01] (\d{3})(.*?)(?=HTTP/1\.|\Z)", answer, re.DOTALL):
        assert status != b"500"
        if status in (b"200", b"206", b"503"):  # the two that need no token
            assert rest.partition(b"\r\n\r\n")[2].decode().strip() in ("", *WORDS)
    assert TOKEN.encode() not in answer  # that of the file, too
    assert ask(port, "/healthz").status in (200, 429)


def test_what_is_let_in_is_let_in_here_too(port: int) -> None:
    """The property above can fail."""
    head = f"GET /events/{IDENTITY}/snapshot HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    head += f"Authorization: Bearer {TOKEN}\r\n\r\n"
    assert TOKEN.encode() in send(port, head.encode(), seconds=20.0)


def send(port: int, content: bytes, *, seconds: float = 0.5) -> bytes:
    """All that is answered until the connection ends, or until nothing has come for some seconds."""
    answer = b""
    client = (next(CLIENTS), 0)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20.0, source_address=client) as one,
        contextlib.suppress(OSError),  # it had heard enough, or waits for more
    ):
        one.sendall(content)
        one.settimeout(seconds)
        while piece := one.recv(2**16):
            answer += piece
    return answer
