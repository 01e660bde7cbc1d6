import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeact.daemon.config import DaemonConfig
from edgeact.daemon.read_config import ConfigFaultsError, read_config
from edgeact.errors import ConfigError

SMALLEST = 'schema = 1\nstate = "state"\n[cameras.gate]\nurl = "rtsp://192.0.2.7/stream"\n'
SECRET = "hunter2"  # noqa: S105 - of no account


def read(folder: Path, text: str, **variables: str) -> DaemonConfig:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(path, variables)


def faults(folder: Path, text: str, **variables: str) -> dict[str, str]:
    with pytest.raises(ConfigFaultsError) as caught:
        read(folder, text, **variables)
    assert SECRET not in str(caught.value)
    return {fault.key: fault.problem for fault in caught.value.faults}


def test_the_smallest_file_has_defaults_and_absolute_paths(tmp_path: Path) -> None:
    config = read(tmp_path, SMALLEST)
    assert config.state == tmp_path / "state"
    assert config.cameras["gate"].timeout == 4.0
    assert config.outputs == ()
    assert config.outputs_of(None) == ()


def test_every_fault_is_told_at_once_with_the_path_of_its_key(tmp_path: Path) -> None:
    text = """
        schema = 1
        colour = "red"
        [cameras.Gate]
        url = "rtsp://192.0.2.7/a"
        [cameras.yard]
        fps = 0
        trun = 90
        turn = 45
        [cameras.door]
        url = "ftp://192.0.2.7/a"
        [events]
        then = ["mqtt"]
        [pipeline]
        detect_every = "often"
    """
    found = faults(tmp_path, text)
    assert set(found) == {
        "colour",
        "state",
        "cameras.Gate",
        "cameras.yard.url",
        "cameras.yard.fps",
        "cameras.yard.trun",
        "cameras.yard.turn",
        "cameras.door.url",
        "events.then.0",
        "pipeline.detect_every",
    }
    assert found["cameras.yard.trun"] == "there is no such key"
    assert found["cameras.yard.url"] == "is missing"
    assert found["events.then.0"] == "'mqtt' is no output; there is no output"
    assert "ftp://… is of no kind that is read" in found["cameras.door.url"]


def test_a_syntax_error_is_told_with_its_line(tmp_path: Path) -> None:
    assert "line 3" in faults(tmp_path, 'schema = 1\nstate = "state"\ncameras = [\x01]\n')[""]


@pytest.mark.parametrize(("line", "word"), [("", "is missing"), ("schema = 2\n", "is 2"), ('schema = "1"\n', "is '1'")])
def test_another_schema_is_refused_by_name_and_nothing_else_is_told(tmp_path: Path, line: str, word: str) -> None:
    found = faults(tmp_path, line + 'anything = "new"\n')
    assert list(found) == ["schema"]
    assert found["schema"] == f"{word}; this edgeact reads schema = 1"


def test_secrets_come_from_variables_and_files_and_are_never_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{SECRET}\n", encoding="utf-8")
    text = SMALLEST.replace("192.0.2.7", "${LOGIN}:${file:password}@192.0.2.7")
    config = read(tmp_path, text, LOGIN="viewer")
    assert config.cameras["gate"].url.get_secret_value() == f"rtsp://viewer:{SECRET}@192.0.2.7/stream"
    assert config.cameras["gate"].shown_url == "rtsp://***@192.0.2.7/stream"
    assert SECRET not in repr(config) + str(config.model_dump()) + config.model_dump_json()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("${NOWHERE}", "there is no environment variable NOWHERE; set it"),
        ("${file:missing}", "missing cannot be read (No such file or directory)"),
        ("${file:empty}", "empty is empty"),
        ("${file:binary}", "binary is not UTF-8"),
        ("${file:large}", "large is larger than 65536 bytes"),
        ("${A-B}", "${A-B} is neither ${NAME} of a variable nor ${file:PATH}"),
    ],
)
def test_a_secret_that_is_not_there_is_a_fault_of_its_key(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "empty").write_bytes(b" \n")
    (tmp_path / "binary").write_bytes(b"\xff")
    (tmp_path / "large").write_bytes(b"a" * 70_000)
    found = faults(tmp_path, SMALLEST.replace("192.0.2.7", f"{text}@192.0.2.7"))
    assert found["cameras.gate.url"].endswith(problem)


def test_an_address_with_two_readings_is_refused_without_showing_it(tmp_path: Path) -> None:
    text = SMALLEST.replace("192.0.2.7", "${LOGIN}@192.0.2.7")
    assert "can be read in two ways" in faults(tmp_path, text, LOGIN=f"viewer:{SECRET}@x/y")["cameras.gate.url"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path / "missing.toml", {})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.text(max_size=200), st.text(max_size=80).map(lambda text: SMALLEST + text), st.binary(max_size=200))
)
def test_no_text_crashes_the_reader(tmp_path: Path, text: Any) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", errors="replace"))
    with contextlib.suppress(ConfigFaultsError):
        read_config(path, {})


KEYS = ("state", "bundle", "cameras", "cameras.gate", "cameras.gate.url", "cameras.gate.size", "events.then", "jsonl")
VALUES = ("1", "-1.5", "true", '""', '"\\u0000"', "[]", "[[1]]", "{}", '{"" = 1}', "1979-05-27", '["jsonl", 1]')


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(KEYS), value=st.sampled_from(VALUES))
def test_a_value_of_another_type_is_a_fault_and_no_crash(tmp_path: Path, key: str, value: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"schema = 1\n{key} = {value}\n", encoding="utf-8")
    with pytest.raises(ConfigFaultsError):
        read_config(path, {})
