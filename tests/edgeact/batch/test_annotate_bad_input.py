"""Bad input gets a clear error and loses nothing.

That is: one line that names the file, an exit code of its own, and nothing half under a final name.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest

from edgeact import cli
from edgeact.batch.annotate import annotate
from edgeact.batch.messages import AnnotateOptions
from edgeact.batch.record import load_record
from edgeact.errors import ArgumentTypeError, EdgeactError
from tests.toy_video import crowd, decoded_times, nobody, write_sound, write_toy_video


def run_annotate(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["annotate", *(str(argument) for argument in arguments)])
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def truncated(path: Path) -> Path:
    """A video whose index stands at its end, cut in the middle: nothing can be decoded."""
    write_toy_video(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def broken_off(path: Path) -> Path:
    """A video whose header stands at its beginning, cut in the middle: its first part can be decoded."""
    write_toy_video(path, seconds=4.0, options={"preset": "ultrafast", "crf": "1", "g": "5"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def noise(path: Path) -> Path:
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    return path


def image(path: Path) -> Path:
    _, encoded = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))
    path.write_bytes(encoded.tobytes())
    return path


def folder_without_media(path: Path) -> Path:
    path.mkdir()
    (path / "notes.txt").write_text("nothing to see")
    return path


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path, 10),
        (folder_without_media, 10),
        (empty, 11),
        (truncated, 11),
        (write_sound, 11),
        (image, 11),
        (noise, 11),
    ],
    ids=["missing", "folder without media", "zero bytes", "truncated", "audio only", "image renamed", "noise"],
)
def test_input_that_cannot_be_used(
    make: Callable[[Path], Path], code: int, tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = make(tmp_path / "bad.mp4")
    out = tmp_path / "out"
    assert run_annotate(bad, "--out", out, "--bundle", tiny_bundle, "--quiet") == code
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert str(bad) in error
    assert list(out.iterdir()) == []

    good = write_toy_video(tmp_path / "good.mp4", seconds=0.2)
    assert run_annotate(bad, good, "--out", out, "--bundle", tiny_bundle) == 3
    captured = capsys.readouterr()
    assert str(bad) in captured.err
    assert "failed" in captured.out
    assert sorted(path.name for path in out.iterdir()) == [
        "good.events.csv",
        "good.frames.jsonl",
        "good.mp4",
        "good.run.json",
    ]


def test_a_video_that_broke_off_is_kept_with_a_warning_or_fails_when_strict(
    tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = broken_off(tmp_path / "clip.mkv")
    out = tmp_path / "out"
    assert run_annotate(source, "--out", out, "--bundle", tiny_bundle) == 0
    assert "broke off" in capsys.readouterr().err
    frames = len(decoded_times(out / "clip.mp4"))
    assert 10 < frames < 90
    # What is done stays done, and strict still says that it is not whole.
    assert run_annotate(source, "--out", out, "--bundle", tiny_bundle, "--strict", "--quiet") == 12
    error = capsys.readouterr().err
    assert str(source) in error
    assert error.count("\n") == 1
    assert len(decoded_times(out / "clip.mp4")) == frames


@pytest.mark.parametrize(
    ("name", "settings", "frames", "most"),
    [
        ("one frame", {"times": [0.0]}, 1, 1),
        (
            "one pixel",
            {"times": [0.0, 0.04], "size": (1, 1), "codec": "ffv1", "boxes": nobody, "options": {"level": "3"}},
            2,
            0,
        ),
        ("odd size", {"times": [0.0, 0.04], "size": (321, 241)}, 2, 1),
        ("no person", {"seconds": 0.4, "boxes": nobody}, 10, 0),
        ("forty persons", {"seconds": 0.4, "boxes": crowd}, 10, 40),
    ],
)
def test_unusual_input_is_done(
    name: str, settings: dict[str, object], frames: int, most: int, tmp_path: Path, tiny_bundle: Path
) -> None:
    source = write_toy_video(tmp_path / "clip.mkv", **settings)  # type: ignore[arg-type]
    out = tmp_path / "out"
    assert run_annotate(source, "--out", out, "--bundle", tiny_bundle, "--max-persons", 40) == 0
    record = load_record(out / "clip.run.json")
    assert record is not None
    assert record.summary is not None
    assert (record.summary.frames, record.summary.most_persons) == (frames, most)
    assert len(decoded_times(out / "clip.mp4")) == frames


def test_an_8k_frame_is_done_in_bounded_memory(tmp_path: Path, tiny_bundle: Path) -> None:
    source = write_toy_video(tmp_path / "clip.mp4", times=[0.0], size=(7680, 4320))
    before = psutil.Process().memory_info().rss
    assert run_annotate(source, "--out", tmp_path / "out", "--bundle", tiny_bundle) == 0
    assert psutil.Process().memory_info().rss - before < 2 * 2**30
    assert len(decoded_times(tmp_path / "out" / "clip.mp4")) == 1


def test_a_folder_for_results_that_cannot_be_made(
    tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    (tmp_path / "out").write_text("a file is in the way")
    assert run_annotate(source, "--out", tmp_path / "out", "--bundle", tiny_bundle) == 13
    error = capsys.readouterr().err
    assert f"{tmp_path / 'out'} cannot be written" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("limit", [0, 300, 20_000])
def test_a_full_disk_stops_the_batch_and_leaves_nothing_half(limit: int, tmp_path: Path, tiny_bundle: Path) -> None:
    """A limit on the size of files stands for the full disk: writing fails in the middle in the same way."""
    sources = [write_toy_video(tmp_path / name, seconds=3.0, boxes=crowd) for name in ("a.mp4", "b.mp4")]
    out = tmp_path / "out"
    program = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); import sys; "
        "sys.dont_write_bytecode = True\n"
        "from edgeact.cli import main; main()"
    )
    command = [
        sys.executable,
        "-c",
        program,
        "annotate",
        *map(str, sources),
        "--out",
        str(out),
        "--bundle",
        str(tiny_bundle),
        "--quiet",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 13, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert str(out) in errors[0]
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("graph", ["detector", "pose", "action", "explain"])
def test_a_tampered_bundle_is_refused(
    graph: str, tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(tiny_bundle, tmp_path / "bundle")
    content = bytearray((copy / f"{graph}.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / f"{graph}.onnx").write_bytes(content)
    source = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    assert run_annotate(source, "--out", tmp_path / "out", "--bundle", copy) == 15
    error = capsys.readouterr().err.splitlines()[-1]
    assert f"{graph}.onnx has sha256" in error
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"schema_version": 3}, 16, "schema version 3"),
        ({"schema_version": 0}, 16, "schema version 0"),
        ({"graphs": []}, 14, "no scene/frame graph that gives boxes"),
        ({"surprise": 1}, 14, "surprise"),
        (None, 14, "not JSON"),
    ],
    ids=["newer schema", "older schema", "no graphs", "unknown key", "corrupt"],
)
def test_a_bundle_whose_manifest_is_wrong_is_refused(
    change: dict[str, object] | None,
    code: int,
    words: str,
    tmp_path: Path,
    tiny_bundle: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = shutil.copytree(tiny_bundle, tmp_path / "bundle")
    manifest = copy / "manifest.json"
    manifest.write_text("{" if change is None else json.dumps({**json.loads(manifest.read_text()), **change}))
    source = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    assert run_annotate(source, "--out", tmp_path / "out", "--bundle", copy) == code
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(copy) in error
    assert words in error


def test_unknown_keys_in_a_configuration_are_refused(
    tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('max_person = 3\nthreads = 0\ndevice = "gpu"\n')
    source = write_toy_video(tmp_path / "clip.mp4", seconds=0.2)
    assert run_annotate(source, "--out", tmp_path / "out", "--bundle", tiny_bundle, "--config", settings) == 18
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(settings) in error
    assert "max_person:" in error
    assert "threads:" in error
    assert "device:" in error


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ("clip.mp4", r"inputs is 'clip\.mp4', not a list; give \['clip\.mp4'\]"),
        (".", r"inputs is '\.', not a list"),
        (b"clip.mp4", "not a list"),
        (Path("clip.mp4"), r"not a list; give \['clip\.mp4'\]"),
        (7, "inputs is of type int; give a list of strings"),
        ([Path("clip.mp4")], r"inputs holds .*'clip\.mp4'\) of type .*Path; give strings, such as str\(path\)"),
    ],
)
def test_from_python_what_is_no_list_of_strings_is_refused(inputs: Any, words: str, tmp_path: Path) -> None:
    """Every letter of a string would be an input, and "." the whole folder."""
    with pytest.raises(ArgumentTypeError, match=words) as caught:
        annotate(inputs, tmp_path / "out", AnnotateOptions())
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, EdgeactError)
    assert not (tmp_path / "out").exists()
