"""Passwords of addresses are seen nowhere: not in the status, the log, errors, names of files, nor what is in them."""

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings

from edgeact.cli import main
from tests.edgeact.capture.test_address import PASSWORDS, pieces
from tests.media import numbered_picture
from tests.servers.http_streams import HttpStreams


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpStreams]:
    pictures = [numbered_picture(number) for number in range(10)]
    with HttpStreams(tmp_path_factory.mktemp("streams"), pictures, user="viewer", password="-") as served:  # noqa: S106
        yield served


@contextlib.contextmanager
def everything_said() -> Iterator[io.StringIO]:
    """What is printed and logged meanwhile, at every level."""
    said = io.StringIO()
    handler, root = logging.StreamHandler(said), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            yield said
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


@settings(deadline=None, max_examples=4, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(password=PASSWORDS)
@example(password="QX@ZZ/XQ#QQ%40:ZX")  # noqa: S106 - of the test's own server
def test_a_password_is_seen_nowhere(
    streams: HttpStreams, tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory, password: str
) -> None:
    out = tmp_path_factory.mktemp("out")
    streams.expect("viewer", password)
    good = streams.address("/mjpeg")
    wrong = good.replace(quote(password, safe=""), quote(password + "Q", safe=""))
    as_it_is = good.replace(quote(password, safe=""), password)  # is read, or refused because it has two readings
    sources = [good, streams.address("/404"), wrong, as_it_is, f"ftp://viewer:{password}@127.0.0.1/a"]
    options = ["--out", str(out), "--json", "-", "--bundle", str(tiny_bundle), "--seconds", "0.5"]
    with everything_said() as said, pytest.raises(SystemExit):
        main(["watch", *sources, *options])
    files = sorted(out.iterdir())
    assert "refuses user name or password" in said.getvalue()
    assert any("mjpeg" in path.name for path in files)
    texts = [said.getvalue(), *(path.name for path in files), *(path.read_text(encoding="utf-8") for path in files)]
    for text in texts:
        assert not [piece for piece in pieces(password) if piece in text], text
