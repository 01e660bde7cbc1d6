"""Every command line of the documents is run, with small files and networks, or the table says why it cannot be."""

import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer

from edgeact.cli.app import app
from tests.documents.command_lines import PAGES, REPOSITORY, commands_in_sentences, run_line
from tests.documents.made import VIEWER, Place
from tests.documents.ways import WAYS, Runs, StaysOut
from tests.servers.http_streams import HttpStreams
from tests.servers.rtsp import RtspServer, write_loop
from tests.tiny_bundle import tiny_picture
from tests.toy_video import one_walker

PICTURES = [tiny_picture(160, 120, one_walker(index / 20)) for index in range(20)]


def cases() -> list[object]:
    """Lines with the marks of what they need."""
    found = []
    for line, way in WAYS.items():
        if isinstance(way, StaysOut):
            continue
        marks = [pytest.mark.slow] if way.slow else []
        if "192.0.2.7" in line or "/etc/edgeact" in line:
            marks.append(pytest.mark.rtsp)
        found.append(pytest.param(line, way, marks=marks, id=line))
    return found


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address and path of an RTSP server that asks for the login of the documents."""
    loop = write_loop(tmp_path_factory.mktemp("rtsp") / "loop", PICTURES)
    user, _, password = VIEWER.partition(":")
    with RtspServer(loop, auth="digest", user=user, password=password) as server:
        yield f"127.0.0.1:{server.port}/stream"


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an HTTP server with ``/mjpeg``."""
    server = HttpStreams(tmp_path_factory.mktemp("http"), PICTURES)
    yield server.address("").removeprefix("http://")
    server.close()


def test_the_tests_that_hold_what_is_not_run_are_there() -> None:
    for way in WAYS.values():
        if isinstance(way, StaysOut):
            named = [word.rstrip(";,") for word in way.why.split() if word.startswith("tests/")]
            assert named, way.why
            assert [name for name in named if not (REPOSITORY / name).exists()] == []


@pytest.mark.parametrize("command", commands_in_sentences())
def test_verbs_and_options_within_sentences_are_those_of_the_program(command: str) -> None:
    verb: Any = typer.main.get_command(app)
    for word in command.split()[1:]:
        group = hasattr(verb, "get_command")
        if word.startswith("--"):
            taken = [verb, *verb.commands.values()] if group else [verb]
            options = {
                option
                for one in taken
                for parameter in one.params
                for option in (*parameter.opts, *parameter.secondary_opts)
            }
            assert word in {*options, "--help"}
        elif group and word.islower():  # a word in capitals is to be filled in
            found = verb.get_command(None, word)
            assert found is not None, f"there is no verb {word!r}"
            verb = found


def test_the_measurements_that_the_documents_name_are_there() -> None:
    modules = {
        name
        for pattern in PAGES
        for path in REPOSITORY.glob(pattern)
        for name in re.findall(r"python -m ((?:tests|deploy|trainer)[\w.]+)", path.read_text(encoding="utf-8"))
    }
    assert {"tests.bench.live", "tests.bench.package_graph"} <= modules
    assert [name for name in sorted(modules) if find_spec(name) is None] == []


@pytest.mark.parametrize(("line", "way"), cases())
def test_a_line_runs(
    line: str,
    way: Runs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    example_bundle: Callable[[str], Path],
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for make in way.needs:
        make(Place(tmp_path, monkeypatch, example_bundle))
    named = "".join(way.stands_for.values())
    servers = {name: request.getfixturevalue(name) for name in ("camera", "streams") if f"{{{name}}}" in named}
    config = tmp_path / "config.toml"
    if "/etc/edgeact" in line:
        text = config.read_text(encoding="utf-8")
        assert "192.0.2.7/stream1" in text
        config.write_text(text.replace("192.0.2.7/stream1", request.getfixturevalue("camera")), encoding="utf-8")
    before = {path for pattern in way.makes for path in tmp_path.glob(pattern)}
    capfd.readouterr()
    stands_for = {text: value.format(folder=tmp_path, **servers) for text, value in way.stands_for.items()}
    code = run_line(line, stands_for, way.added)
    captured = capfd.readouterr()
    assert code == 0, captured.err
    for pattern in way.makes:
        assert set(tmp_path.glob(pattern)) - before, f"{pattern} was not made"
        assert all(path.stat().st_size for path in tmp_path.glob(pattern)), pattern
    assert way.says in captured.out + captured.err
